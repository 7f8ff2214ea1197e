-- one row per participant, exercise and ISO week with a day in force
with
week as (
    select
        participant, exercise, week_start,
        count(*) as days_in_force,
        string_agg(distinct cast(rx_version as varchar), ',' order by cast(rx_version as varchar))
            as rx_versions,
        count(*) filter (where due and qualifies) as days_done,
        count(*) filter (where due) as days_rx,
        count(*) filter (where due and state = 'done_selfreport_only') as days_selfreport,
        count(*) filter (where due and state <> 'no_information') as days_known,
        count(*) filter (where qualifies and not due) as extra_days,
        cast(sum(reps_done) as bigint) as reps_done,
        cast(sum(reps_counted) as bigint) as reps_counted,
        cast(sum(reps_rx) as bigint) as reps_rx,
        sum(hold_s_done) as hold_s_done,
        sum(hold_s_counted) as hold_s_counted,
        sum(hold_s_rx) as hold_s_rx,
        count(*) filter (where state = 'no_information') as n_no_information,
        count(*) filter (where state = 'excused') as excused_days,
        count(*) filter (where state = 'device_fault') as device_fault_days,
        count(*) filter (where state = 'not_observable') as not_observable_days,
        count(*) filter (where state = 'not_due') as not_due_days,
        count(*) filter (where sides_not_observable <> '' and state <> 'not_observable')
            as side_not_observable_days
    from day_state
    group by participant, exercise, week_start
),
final as (
    select
        *,
        strftime(week_start, '%G-W%V') as iso_week,
        days_in_force < 7 as partial_week
    from week
)
select * from final
