-- one row per block of a session: a stretch of one exercise, or one line that says why there is none
create table block (
    block_no integer not null, -- in this index, in the order of coming in; a rebuild gives it anew
    pair_no integer not null, -- of participant and exercise, in person_exercise
    session_id varchar not null,
    recording varchar not null,
    block integer not null,
    participant varchar not null,
    local_date date not null,
    exercise varchar not null,
    placement varchar not null,
    side varchar not null,
    observability varchar not null,
    note varchar not null,
    block_start_s double not null,
    block_end_s double not null,
    sampling_rate_hz double,
    duration_s double,
    gaps_s double,
    algorithm varchar not null,
    count integer not null,
    count_low integer not null,
    count_high integer not null,
    -- what the block counts towards its day: complete reps that were seen themselves, not inferred from the other
    -- leg's; none of a leg of which another sensor of the session saw more
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
    reps_inferred integer not null
);
