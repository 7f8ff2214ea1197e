-- one row per exercise of the catalogue and of the study's own file
create table exercise (
    exercise varchar primary key,
    name varchar not null,
    position integer not null,
    -- placements that show a leg with certainty, as bits: hip 1, left_thigh 2, right_thigh 4, thigh 8
    sees_left_mask integer not null,
    sees_right_mask integer not null,
    sees_both_mask integer not null
);
