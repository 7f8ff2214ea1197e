-- one row per participant, local day and exercise that a sensor session of that day speaks about
create table day_fact (
    participant varchar not null,
    local_date date not null,
    exercise varchar not null,
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
