-- one row per prescription version, ISO week and known day, and one or two for the week's other days, which are alike:
-- those that the week's due days take and those that they do not
with
planned as (
    select rx_no, week_start, days, days_other, days_slot, days_due
    from rx_week
),
dated as (
    select *, monday(local_date) as week_start, 1 << weekday(local_date) as days
    from known_day
),
other as (
    select rx_no, week_start, days_other & days_slot as days from planned
    union all
    select rx_no, week_start, days_other & ~days_slot from planned
),
stated as (
    select *
    from dated
    where local_date is not null
    union all by name
    select dated.* exclude (week_start, days), other.week_start, other.days
    from other
    join dated using (rx_no)
    where other.days <> 0 and local_date is null
),
final as (
    select
        rx_no // 100000 as pair_no, rx_no % 100000 as version,
        stated.* exclude (local_date, standing, from_date, to_date, days_per_week),
        case
            when standing > 6 and (stated.days & days_slot) = 0 then 'not_due'
            else [
                'done_sensor', 'done_sensor', 'not_observable', 'device_fault', 'excused', 'done_selfreport_only',
                'reported_not_done', 'no_information'
            ][standing]
        end as state,
        (stated.days & days_due) <> 0 as due
    from stated
    join planned using (rx_no, week_start)
)
select * from final
