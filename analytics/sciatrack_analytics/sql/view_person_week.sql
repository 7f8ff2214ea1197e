-- one row per participant and ISO week with a day of observation; week 1 is the one in which observation began
with
span as (
    select
        participant, arm, first_date, last_date,
        cast(date_trunc('week', enrolled_date) as date) as first_monday
    from person
    where first_date <= last_date
),
week_of as (
    select
        participant, arm, first_monday,
        cast(unnest(generate_series(
            date_trunc('week', cast(first_date as timestamp)), cast(last_date as timestamp), interval 7 day
        )) as date) as week_start
    from span
),
final as (
    select
        participant, arm, week_start,
        cast((week_start - first_monday) // 7 as integer) + 1 as study_week
    from week_of
)
select * from final
