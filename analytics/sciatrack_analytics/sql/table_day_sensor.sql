-- one row per participant and local day with a sensor session
create table day_sensor (
    participant varchar not null,
    local_date date not null,
    placement_mask utinyint not null, -- bits as in exercise.sees_left_mask
    blocks integer not null,
    -- bit pair_no modulo 64 of each pair that a session of the day speaks about: who has up to 64 exercises, numbered
    -- in one go, has a bit for each; that two share one is allowed for where it is read
    pair_bits ubigint not null
);
