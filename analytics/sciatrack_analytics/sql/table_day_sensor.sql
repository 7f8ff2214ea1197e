-- one row per participant and local day with a sensor session
create table day_sensor (
    participant varchar not null,
    local_date date not null,
    placement_mask utinyint not null -- bits as in exercise.sees_left_mask
);
