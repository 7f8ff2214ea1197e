-- one row per line of participants.csv; the last line of a participant stands
create table participant (
    line integer not null,
    participant varchar not null,
    arm varchar,
    start_date date,
    end_date date,
    note varchar
);
