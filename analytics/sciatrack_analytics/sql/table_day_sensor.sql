-- one row per participant and local day with a sensor session
create table day_sensor (
    participant varchar not null,
    local_date date not null,
    placement_mask utinyint not null, -- bits as in exercise.sees_left_mask
    blocks integer not null,
    -- bit pair_no modulo 32 of each pair that a session of the day speaks about: 31 pairs of a participant have a bit of
    -- their own, and any others share the last
    pair_bits uinteger not null
);
