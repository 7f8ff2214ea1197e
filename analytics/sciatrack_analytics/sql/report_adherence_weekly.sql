-- one row per participant, exercise and ISO week with a day in force
with
-- put in order before what is made of these columns stands beside them: wide rows are slow to sort
in_order as (
    select
        pair_no, participant, exercise, week_start, partial_week, rx_versions,
        days_done, days_rx, days_selfreport, days_known, extra_days,
        reps_done, reps_counted, reps_rx, hold_s_counted, hold_s_rx,
        n_no_information, excused_days, device_fault_days, not_observable_days, not_due_days, side_not_observable_days
    from week
    order by participant, exercise, week_start
),
-- the four weeks up to each, of which any may lie outside the prescription: those of the three rows before that are of the
-- same exercise and late enough. Rows keep their order from here on
lagged as (
    select
        *,
        lag(pair_no, 1) over () = pair_no and lag(week_start, 1) over () >= week_start - 21 as follows_1,
        lag(days_done, 1) over () as done_1,
        lag(days_rx, 1) over () as rx_1,
        lag(pair_no, 2) over () = pair_no and lag(week_start, 2) over () >= week_start - 21 as follows_2,
        lag(days_done, 2) over () as done_2,
        lag(days_rx, 2) over () as rx_2,
        lag(pair_no, 3) over () = pair_no and lag(week_start, 3) over () >= week_start - 21 as follows_3,
        lag(days_done, 3) over () as done_3,
        lag(days_rx, 3) over () as rx_3
    from in_order
),
summed as (
    select
        *,
        days_done + if(follows_1, done_1, 0) + if(follows_2, done_2, 0) + if(follows_3, done_3, 0) as days_done_4wk,
        days_rx + if(follows_1, rx_1, 0) + if(follows_2, rx_2, 0) + if(follows_3, rx_3, 0) as days_rx_4wk
    from lagged
),
final as (
    select
        participant, exercise, iso_week(week_start) as iso_week, week_start, partial_week, rx_versions,
        days_done, days_rx,
        days_done / nullif(days_rx, 0) as freq_adherence,
        reps_counted, reps_rx,
        reps_counted / nullif(reps_rx, 0) as dose_reps,
        hold_s_counted, hold_s_rx,
        hold_s_counted / nullif(hold_s_rx, 0) as dose_hold,
        reps_done,
        reps_done / nullif(reps_rx, 0) as over_dose,
        days_done_4wk, days_rx_4wk,
        days_done_4wk / nullif(days_rx_4wk, 0) as adh_4wk,
        days_done + days_selfreport as complete_case_done, days_known as complete_case_days,
        (days_done + days_selfreport) / nullif(days_known, 0) as complete_case_adherence,
        days_selfreport, extra_days,
        n_no_information, excused_days, device_fault_days, not_observable_days, not_due_days,
        side_not_observable_days
    from summed
)
select * from final
