-- one row per line of tolerances.csv; the last line of a participant stands
create table tolerance (
    line integer not null,
    participant varchar not null,
    nrs integer not null,
    recorded_utc timestamp not null,
    author varchar not null,
    reason varchar not null
);
