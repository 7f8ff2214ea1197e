-- one row per fact about this index itself
create table meta (
    key varchar primary key,
    value varchar not null
);
