-- one row per participant, exercise and version, as it was written down and never changed
create table prescription (
    participant varchar not null,
    exercise varchar not null,
    version integer not null,
    valid_from date not null,
    days_per_week integer not null,
    sessions_per_day integer not null,
    "sets" integer not null,
    reps integer not null,
    hold_s double not null,
    side varchar not null,
    rom_target_deg double,
    author varchar not null,
    reason varchar not null,
    recorded_utc timestamp not null,
    unique (participant, exercise, version)
);
