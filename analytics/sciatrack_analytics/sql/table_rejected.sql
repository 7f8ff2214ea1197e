-- one row per session folder that could not be read when the index was built
create table rejected (
    folder varchar not null,
    participant varchar, -- from the folder's name; null where it tells nobody
    reason varchar not null
);
