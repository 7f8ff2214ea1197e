-- one row per rep
create table rep (
    block_no integer, -- the rep's row in block; null where the manifest names no such block
    session_id varchar not null,
    recording varchar not null,
    block integer not null,
    rep integer not null,
    participant varchar not null,
    local_date date not null,
    exercise varchar not null,
    placement varchar not null,
    "set" integer not null,
    side varchar not null,
    start_s double not null,
    hold_start_s double,
    hold_end_s double,
    end_s double not null,
    hold_s double,
    hold_longest_s double,
    hold_s_low double,
    hold_s_high double,
    rom_deg double,
    complete boolean not null,
    inferred boolean not null,
    counted boolean not null, -- complete and not inferred: what a dose is made of
    confidence double not null,
    flags varchar not null
);
