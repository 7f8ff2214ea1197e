-- one row per participant, exercise and ISO week with a day in force
with
pair_week as (
    select
        rx_no // 100000 as pair_no, week_start,
        list(rx_no % 100000) as versions,
        sum(cast(bit_count(days) as double)) as days_in_force,
        sum(cast(bit_count(days_qualifying & days_due) as double)) as days_done,
        sum(cast(bit_count(days_due) as double)) as days_rx,
        sum(cast(bit_count(days_selfreport & days_due) as double)) as days_selfreport,
        sum(cast(bit_count(days_due & ~days_no_information) as double)) as days_known,
        sum(cast(bit_count(days_qualifying & ~days_due) as double)) as extra_days,
        sum(reps_done) as reps_done,
        sum(reps_counted) as reps_counted,
        sum(reps_rx) as reps_rx,
        sum(hold_s_done) as hold_s_done,
        sum(hold_s_counted) as hold_s_counted,
        sum(hold_s_rx) as hold_s_rx,
        sum(cast(bit_count(days_no_information & days_slot) as double)) as n_no_information,
        sum(cast(bit_count(days_excused) as double)) as excused_days,
        sum(cast(bit_count(days_device_fault) as double)) as device_fault_days,
        sum(cast(bit_count(days_not_observable) as double)) as not_observable_days,
        sum(cast(bit_count((days_no_information | days_reported_not_done) & ~days_slot) as double)) as not_due_days,
        sum(cast(bit_count(days_side_missing) as double)) as side_not_observable_days,
        bit_or(days_due) as due_days
    from rx_week
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
