-- one row per line of clearances.csv: a clinician has seen the person
create table clearance (
    line integer not null,
    participant varchar not null,
    cleared_utc timestamp not null,
    rule varchar not null,
    clinician varchar not null,
    note varchar
);
