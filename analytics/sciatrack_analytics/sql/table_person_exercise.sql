-- one row per pair of participant and exercise that a prescription or a block names; its number stands for both in
-- tables that are large, and is given anew by a rebuild
create table person_exercise (
    pair_no integer not null,
    participant varchar not null,
    exercise varchar not null
);
