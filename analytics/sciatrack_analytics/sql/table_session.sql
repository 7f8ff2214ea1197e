-- one row per session folder
create table session (
    session_id varchar primary key,
    participant varchar not null,
    start_utc timestamp not null,
    start_local timestamp not null,
    tz varchar not null,
    local_date date not null,
    duration_s double not null,
    origin varchar not null,
    device varchar not null,
    software varchar not null,
    findings varchar not null, -- what the last analysis noticed of the recordings, joined by spaces
    clock_offset_s double, -- the largest of its sensors; null where none sends a time of its own
    manifest_sha256 varchar not null
);
