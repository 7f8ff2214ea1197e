-- one row per pair of participant and exercise and local day of which a sensor session speaks; day_fact has the names
create table pair_day (
    pair_no integer not null,
    local_date date not null,
    placement_mask integer not null, -- of all sensors of the day, as in day_sensor
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
    -- could the sensor see that leg? null: no block says anything about it
    seen_left boolean,
    seen_right boolean,
    seen_both boolean,
    holds_seen boolean not null
);
