-- one row per participant, exercise and ISO week with a day in force
with
this as (
    select * from week
),
-- the four weeks up to each, of which any may lie outside the prescription: each week counts in itself and in the next three
counted_week as (
    select
        pair_no, week_start + unnest([0, 7, 14, 21]) as week_start,
        cast(days_done as double) as days_done,
        cast(days_rx as double) as days_rx
    from this
),
four_weeks as (
    select pair_no, week_start, sum(days_done) as days_done_4wk, sum(days_rx) as days_rx_4wk
    from counted_week
    group by pair_no, week_start
),
final as (
    select
        participant, exercise, iso_week, week_start, partial_week, rx_versions,
        days_done, days_rx,
        days_done / nullif(days_rx, 0) as freq_adherence,
        reps_counted, reps_rx,
        reps_counted / nullif(reps_rx, 0) as dose_reps,
        hold_s_counted, hold_s_rx,
        hold_s_counted / nullif(hold_s_rx, 0) as dose_hold,
        reps_done,
        reps_done / nullif(reps_rx, 0) as over_dose,
        cast(days_done_4wk as bigint) as days_done_4wk,
        cast(days_rx_4wk as bigint) as days_rx_4wk,
        days_done_4wk / nullif(days_rx_4wk, 0) as adh_4wk,
        days_done + days_selfreport as complete_case_done, days_known as complete_case_days,
        (days_done + days_selfreport) / nullif(days_known, 0) as complete_case_adherence,
        days_selfreport, extra_days,
        n_no_information, excused_days, device_fault_days, not_observable_days, not_due_days,
        side_not_observable_days
    from this
    join four_weeks using (pair_no, week_start)
)
select * from final
order by participant, exercise, week_start
