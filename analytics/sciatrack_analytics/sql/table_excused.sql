-- one row per line of excused.csv; the last line of a participant, day and exercise stands
create table excused (
    line integer not null,
    participant varchar not null,
    local_date date not null,
    kind varchar not null,
    exercise varchar, -- null: every exercise
    reason varchar,
    author varchar
);
