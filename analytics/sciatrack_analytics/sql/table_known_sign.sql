-- one row per line of known_signs.csv; the last line of a participant and sign stands
create table known_sign (
    line integer not null,
    participant varchar not null,
    sign varchar not null,
    state varchar not null, -- known, withdrawn
    recorded_utc timestamp not null,
    author varchar not null,
    note varchar
);
