-- one row per check-in; an answer that was not given is null
create table checkin (
    session_id varchar, -- null for an entry of checkins.csv
    participant varchar not null,
    at_utc timestamp not null,
    at_local timestamp not null,
    tz varchar not null,
    local_date date not null,
    phase varchar not null,
    leg_nrs integer,
    back_nrs integer,
    distal_site varchar,
    red_flags varchar,
    other_symptoms varchar,
    note varchar
);
