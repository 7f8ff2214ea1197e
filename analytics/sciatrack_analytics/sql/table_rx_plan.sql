-- one row per participant, exercise and prescription version: when it is in force, and what one of its days asks of which leg
create table rx_plan (
    rx_no bigint not null,
    pair_no integer not null,
    participant varchar not null,
    exercise varchar not null,
    version integer not null,
    valid_from date not null,
    valid_to date, -- first day on which it is no longer in force
    enrolled_date date not null, -- from participants.csv, else the first day of the participant's first prescription
    end_date date,
    days_per_week integer not null,
    hold_s double not null,
    -- a version asks of the left leg, the right or each, or of both where they are not told apart: of at most two, the first
    -- being the left leg or both
    reps_first_rx integer not null,
    reps_second_rx integer not null,
    n_both integer not null,
    first_bit integer not null,
    own_bit uinteger not null, -- the pair's bit in day_sensor.pair_bits, and 0 where it shares one
    sees_first_mask integer,
    sees_left_mask integer,
    sees_right_mask integer
);
