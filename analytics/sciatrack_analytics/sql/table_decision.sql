-- one row per decision of a session: a safety rule that applied, or a check of how the sensor sat
create table decision (
    session_id varchar not null,
    participant varchar not null,
    local_date date not null,
    at_utc timestamp, -- null where the manifest does not say
    phase varchar, -- of the check-in that led to it
    rule varchar not null,
    action varchar,
    rule_set varchar,
    answers varchar, -- JSON: what was said
    details varchar -- JSON: what the rule found in it, or everything that a fit check said
);
