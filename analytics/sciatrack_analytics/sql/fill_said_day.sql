-- one row per pair of participant and prescribed exercise and local day of which the lists in the index say something
insert into said_day by name
with
excuse as (
    select participant, local_date, exercise, arg_max(kind, line) as kind
    from excused
    group by participant, local_date, exercise
),
answer as (
    select participant, local_date, exercise, arg_max(done, line) as done, arg_max_null(reps, line) as reps
    from selfreport
    group by participant, local_date, exercise
),
pair as (select distinct pair_no, participant, exercise from rx_plan),
-- what is said of an exercise comes before what is said of all
said_of as (
    select participant, local_date, exercise, kind, cast(null as boolean) as done, cast(null as integer) as reps
    from excuse
    union all
    select participant, local_date, exercise, null, done, reps
    from answer
),
said_day as (
    select
        pair_no, local_date,
        coalesce(
            any_value(kind) filter (where said_of.exercise is not null), any_value(kind), 'none'
        ) as excuse,
        coalesce(
            any_value(done) filter (where said_of.exercise is not null), any_value(done)
        ) as selfreport_done,
        any_value(said_of.reps) filter (where said_of.exercise is not null) as selfreport_reps
    from said_of
    join pair using (participant)
    where said_of.exercise is null or said_of.exercise = pair.exercise
    group by pair_no, local_date
),
final as (
    select
        pair_no, local_date,
        case
            when excuse = 'device_fault' then 4
            when excuse <> 'none' then 5
            when selfreport_done then 6
            when not selfreport_done then 7
            else 8
        end as standing,
        selfreport_done, selfreport_reps
    from said_day
)
select * from final
order by pair_no, local_date;
