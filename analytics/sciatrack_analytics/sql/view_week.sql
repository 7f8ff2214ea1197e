-- one row per participant, exercise and ISO week with a day in force
with
pair_week as (
    select
        pair_no, week_start,
        list(version) filter (where is_first) as versions,
        sum(n_days) as days_in_force,
        sum(if(due and qualifies, n_days, 0)) as days_done,
        sum(if(due, n_days, 0)) as days_rx,
        sum(if(due and state = 'done_selfreport_only', n_days, 0)) as days_selfreport,
        sum(if(due and state <> 'no_information', n_days, 0)) as days_known,
        sum(if(qualifies and not due, n_days, 0)) as extra_days,
        sum(n_days * reps_done) as reps_done,
        sum(if(due, n_days * reps_counted, 0)) as reps_counted,
        sum(if(due, n_days * reps_seen_rx, 0)) as reps_rx,
        sum(n_days * hold_s_done) as hold_s_done,
        sum(if(due, n_days * hold_s_counted, 0)) as hold_s_counted,
        sum(if(due, n_days * hold_s_seen_rx, 0)) as hold_s_rx,
        sum(if(state = 'no_information', n_days, 0)) as n_no_information,
        sum(if(state = 'excused', n_days, 0)) as excused_days,
        sum(if(state = 'device_fault', n_days, 0)) as device_fault_days,
        sum(if(state = 'not_observable', n_days, 0)) as not_observable_days,
        sum(if(state = 'not_due', n_days, 0)) as not_due_days,
        sum(if((left_missing or right_missing or both_missing) and state <> 'not_observable', n_days, 0)) as side_not_observable_days,
        bit_or(if(due, days, 0)) as due_days
    from due_day
    group by pair_no, week_start
),
final as (
    select
        participant, exercise, week_start,
        cast(days_in_force as bigint) as days_in_force,
        if(len(versions) = 1, cast(versions[1] as varchar),
            array_to_string(list_sort(list_transform(versions, lambda v: cast(v as varchar))), ',')) as rx_versions,
        cast(days_done as bigint) as days_done,
        cast(days_rx as bigint) as days_rx,
        cast(days_selfreport as bigint) as days_selfreport,
        cast(days_known as bigint) as days_known,
        cast(extra_days as bigint) as extra_days,
        cast(reps_done as bigint) as reps_done,
        cast(reps_counted as bigint) as reps_counted,
        cast(reps_rx as bigint) as reps_rx,
        hold_s_done, hold_s_counted, hold_s_rx,
        cast(n_no_information as bigint) as n_no_information,
        cast(excused_days as bigint) as excused_days,
        cast(device_fault_days as bigint) as device_fault_days,
        cast(not_observable_days as bigint) as not_observable_days,
        cast(not_due_days as bigint) as not_due_days,
        cast(side_not_observable_days as bigint) as side_not_observable_days,
        due_days, pair_no,
        strftime(week_start, '%G-W%V') as iso_week,
        days_in_force < 7 as partial_week
    from pair_week
    join person_exercise using (pair_no)
)
select * from final
