-- one row per pair of participant and exercise and local day of which a sensor session speaks; day_fact has the names
create table pair_day (
    pair_no integer not null,
    local_date date not null,
    placement_mask utinyint not null, -- of all sensors of the day, as in day_sensor
    sessions_done integer not null,
    reps_left integer not null,
    reps_right integer not null,
    reps_both integer not null,
    reps_unknown integer not null,
    hold_s_left double not null,
    hold_s_right double not null,
    hold_s_both double not null,
    hold_s_unknown double not null,
    holds integer not null,
    reps_partial integer not null,
    reps_inferred integer not null,
    -- what the day's blocks say, as bits that day_fact spells out: left leg seen 1, not seen 2; right leg 4, 8;
    -- legs not told apart 16, 32; holds seen with certainty 64
    seen utinyint not null
);
