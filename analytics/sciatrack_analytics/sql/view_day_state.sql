-- one row per participant, exercise and local day in force: the day's state, and whether the day was due
with
day as (
    select *, unnest([0, 1, 2, 3, 4, 5, 6]) as weekday
    from due_day
),
final as (
    select
        participant, exercise, week_start + weekday as local_date, week_start, day.version as rx_version,
        state, due, qualifies,
        sessions_done,
        if(due, sessions_per_day, 0) as sessions_rx,
        reps_done,
        if(due, reps_counted, 0) as reps_counted,
        if(due, reps_seen_rx, 0) as reps_rx,
        hold_s_done,
        if(due, hold_s_counted, 0) as hold_s_counted,
        if(due, hold_s_seen_rx, 0) as hold_s_rx,
        rx.days_per_week, rx.hold_s as hold_target_s, side as rx_side, reps_partial, reps_inferred,
        selfreport_done, selfreport_reps, looked, has_block,
        concat_ws(
            ' ', if(left_missing, 'left', null), if(right_missing, 'right', null), if(both_missing, 'both', null)
        ) as sides_not_observable,
        case
            when state = 'done_sensor' then 'sensor'
            when state in ('done_selfreport_only', 'reported_not_done') then 'selfreport'
            else ''
        end as source,
        concat_ws(
            ' ',
            if(left_missing or right_missing or both_missing, 'side_not_observable', null),
            if(reps_inferred > 0, 'inferred', null),
            if(has_block and holds_hidden and rx.hold_s > 0, 'holds_not_observable', null),
            if(holds_estimated, 'holds_estimated', null),
            if(unknown_done > 0 and reps_both_rx = 0, 'side_unknown', null),
            if(reps_done = 0 and all_done > 0 and reps_seen_rx > 0, 'other_side', null),
            if(has_block and all_done = 0 and reps_seen_rx > 0, 'no_reps', null),
            if(looked and not has_block and reps_seen_rx > 0, 'not_in_session', null)
        ) as quality_flag
    from day
    join rx using (rx_no)
    where (days >> weekday) & 1 = 1
)
select * from final
