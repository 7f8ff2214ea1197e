-- one row per pair of participant and prescribed exercise and local day of which excused.csv or selfreports.csv say something
create table said_day (
    pair_no integer not null,
    local_date date not null,
    standing integer not null, -- of a day without reps, as in known_day
    selfreport_done boolean,
    selfreport_reps integer
);
