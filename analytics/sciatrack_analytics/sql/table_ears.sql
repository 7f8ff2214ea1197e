-- one row per line of ears.csv; the last line of a participant and day stands
create table ears (
    line integer not null,
    participant varchar not null,
    local_date date not null,
    total integer not null,
    -- as scored: 0 to 4, more is more adherence
    item1 integer,
    item2 integer,
    item3 integer,
    item4 integer,
    item5 integer,
    item6 integer,
    note varchar
);
