-- one row per line of selfreports.csv; the last line of a participant, day and exercise stands
create table selfreport (
    line integer not null,
    participant varchar not null,
    local_date date not null,
    exercise varchar, -- null: every exercise
    done boolean not null,
    reps integer,
    note varchar
);
