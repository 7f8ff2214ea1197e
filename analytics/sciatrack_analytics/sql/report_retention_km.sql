-- one row per arm and day after the begin on which somebody was last seen or left observation
with
follow_up as (
    select
        arm,
        last_date - coalesce(last_session, enrolled_date) >= cast(getvariable('silence_days') as integer) as is_event,
        greatest(0, if(is_event, coalesce(last_session, enrolled_date), last_date) - enrolled_date) as day
    from person
    where enrolled_date <= last_date
),
per_day as (
    select
        arm, day,
        count(*) filter (where is_event) as events,
        count(*) filter (where not is_event) as censored
    from follow_up
    group by arm, day
),
final as (
    select
        arm, day,
        cast(sum(events + censored) over (partition by arm order by day desc) as bigint) as n_at_risk,
        events, censored
    from per_day
)
select * from final
order by arm, day
