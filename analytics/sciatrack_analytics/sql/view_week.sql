-- one row per participant, exercise and ISO week with a day in force
with
version_week as (
    select
        cast(rx_no // 100000 as integer) as pair_no, rx_no % 100000 as version,
        week_start, days, days_slot, days_due, marks,
        reps_done, reps_counted, reps_rx,
        hold_s_done, hold_s_counted, hold_s_rx
    from rx_week
),
-- each day of a week is in force under one version, so the sets of days of a divided week's versions are joined
divided_week as (
    select
        pair_no, week_start,
        list(version) as versions,
        bit_or(days) as days,
        bit_or(days_slot) as days_slot,
        bit_or(days_due) as days_due,
        bit_or(marks) as marks,
        sum(reps_done) as reps_done,
        sum(reps_counted) as reps_counted,
        sum(reps_rx) as reps_rx,
        sum(hold_s_done) as hold_s_done,
        sum(hold_s_counted) as hold_s_counted,
        sum(hold_s_rx) as hold_s_rx
    from version_week
    where days <> 127
    group by pair_no, week_start
),
pair_week as (
    select * exclude (version), cast(version as varchar) as rx_versions
    from version_week
    where days = 127
    union all by name
    select
        * exclude (versions),
        array_to_string(list_sort(list_transform(versions, lambda v: cast(v as varchar))), ',') as rx_versions
    from divided_week
),
final as (
    select
        participant, exercise, week_start,
        cast(bit_count(days) as bigint) as days_in_force,
        rx_versions,
        cast(bit_count(days_due & marked(marks, 1)) as bigint) as days_done,
        cast(bit_count(days_due) as bigint) as days_rx,
        cast(bit_count(days_due & marked(marks, 6)) as bigint) as days_selfreport,
        cast(bit_count(days_due & ~marked(marks, 8)) as bigint) as days_known,
        cast(bit_count(marked(marks, 1) & ~days_due) as bigint) as extra_days,
        cast(reps_done as bigint) as reps_done,
        cast(reps_counted as bigint) as reps_counted,
        cast(reps_rx as bigint) as reps_rx,
        hold_s_done, hold_s_counted, hold_s_rx,
        cast(bit_count(days_slot & marked(marks, 8)) as bigint) as n_no_information,
        cast(bit_count(marked(marks, 5)) as bigint) as excused_days,
        cast(bit_count(marked(marks, 4)) as bigint) as device_fault_days,
        cast(bit_count(marked(marks, 3)) as bigint) as not_observable_days,
        cast(bit_count((marked(marks, 7) | marked(marks, 8)) & ~days_slot) as bigint) as not_due_days,
        cast(bit_count(marked(marks, 9)) as bigint) as side_not_observable_days,
        days_due as due_days, pair_no,
        iso_week(week_start) as iso_week,
        days <> 127 as partial_week
    from pair_week
    join person_exercise using (pair_no)
    where is_asked(participant) -- so that others' names are not made ready either
)
select * from final
