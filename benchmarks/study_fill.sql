-- A study of n_participants people over 26 weeks, put directly into the tables of an index. All of it is simulated:
-- four exercises of 15 reps on 56 of 100 days each, in participant order, as the store keeps them.
create temp table person_day as
select
    printf('P%05d', person) as participant,
    person, day,
    date '2026-01-05' + cast(day as integer) as local_date,
    printf(
        'P%05d-%sT170000Z-%08x', person, strftime(date '2026-01-05' + cast(day as integer), '%Y%m%d'),
        cast(hash(person, day) % 4294967296 as bigint)
    ) as session_id
from
    range(1, cast(getvariable('n_participants') as bigint) + 1) as who (person),
    range(182) as calendar (day)
where hash(person, day, 'session') % 100 < 56
order by person, day;

create temp table task as
select * from (values
    (0, 'glute_bridge', 'both', 5.0),
    (1, 'clamshell', 'right', 3.0),
    (2, 'bird_dog', 'left', 5.0),
    (3, 'knee_to_chest', 'left', 20.0)
) as task (block, exercise, side, hold_s);

insert into participant
select
    row_number() over (order by person), printf('P%05d', person), if(person % 2 = 0, 'A', 'B'), date '2026-01-05',
    null, null
from range(1, cast(getvariable('n_participants') as bigint) + 1) as who (person);

-- a second version from the middle of a week on
insert into prescription
select
    printf('P%05d', person), exercise, version, if(version = 1, date '2026-01-05', date '2026-04-08'),
    if(version = 1, 4, 5), 1, 1, if(version = 1, 15, 12), hold_s, side, null, 'PT1', 'simulated',
    timestamp '2026-01-05 08:00:00'
from
    range(1, cast(getvariable('n_participants') as bigint) + 1) as who (person),
    task,
    range(1, 3) as versions (version)
order by person, exercise, version;

insert into person_exercise
select (person - 1) * 32 + row_number() over (partition by person order by exercise) - 1, printf('P%05d', person), exercise
from range(1, cast(getvariable('n_participants') as bigint) + 1) as who (person), task
order by person, exercise;

insert into session
select
    session_id, participant, local_date + time '17:00:00', local_date + time '18:00:00', 'Europe/Berlin', local_date,
    900.0, 'simulated', 'simulated', '{}', '', null, md5(session_id)
from person_day
order by person, day;

insert into checkin
select
    session_id, participant, local_date + time '17:00:00', local_date + time '18:00:00', 'Europe/Berlin', local_date,
    'before', cast(hash(person, day, 'leg') % 11 as integer), cast(hash(person, day, 'back') % 11 as integer),
    null, 'none', null, null
from person_day
order by person, day;

insert into excused
select row_number() over (order by person), printf('P%05d', person), date '2026-03-03', 'excused', null, null, null
from range(1, cast(getvariable('n_participants') as bigint) + 1, 10) as who (person);

insert into selfreport
select
    row_number() over (order by person, day), printf('P%05d', person), date '2026-01-05' + cast(day as integer), null,
    day % 2 = 0, null, null
from
    range(1, cast(getvariable('n_participants') as bigint) + 1, 5) as who (person),
    range(0, 182, 30) as days (day);

create temp table planned_block as
select
    cast(row_number() over (order by person, day, block) as integer) as block_no, pair_no,
    session_id, exercise || '.parquet' as recording, block, participant, local_date, exercise,
    'left_thigh' as placement, side, 'full' as observability, '' as note,
    block * 200.0 as block_start_s, block * 200.0 + 180 as block_end_s, 100 as sampling_rate_hz, 180 as duration_s,
    0 as gaps_s, 'simulated' as algorithm, 15 as count, 15 as count_low, 15 as count_high
from person_day
cross join task
join person_exercise using (participant, exercise)
order by person, day, block;

-- what `fill_block` reads, for a range of participants at a time
create temp view incoming_block as
select * from planned_block
where participant
    between printf('P%05d', getvariable('first_person')) and printf('P%05d', getvariable('last_person'));

create temp view incoming_rep as
select * from rep
where block_no between (select min(block_no) from incoming_block) and (select max(block_no) from incoming_block);
