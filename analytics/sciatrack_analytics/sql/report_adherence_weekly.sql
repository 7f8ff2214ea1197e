-- one row per participant, exercise and ISO week with a day in force
with
this as (
    select * from week
),
share as (
    select pair_no, week_start, days_done, days_rx from this
),
-- the four weeks up to this one, of which any may lie outside the prescription
rolling as (
    select
        this.*,
        this.days_done + coalesce(one.days_done, 0) + coalesce(two.days_done, 0) + coalesce(three.days_done, 0)
            as days_done_4wk,
        this.days_rx + coalesce(one.days_rx, 0) + coalesce(two.days_rx, 0) + coalesce(three.days_rx, 0)
            as days_rx_4wk
    from this
    left join share as one on one.pair_no = this.pair_no and one.week_start = this.week_start - 7
    left join share as two on two.pair_no = this.pair_no and two.week_start = this.week_start - 14
    left join share as three on three.pair_no = this.pair_no and three.week_start = this.week_start - 21
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
        days_done_4wk, days_rx_4wk,
        days_done_4wk / nullif(days_rx_4wk, 0) as adh_4wk,
        days_done + days_selfreport as complete_case_done, days_known as complete_case_days,
        (days_done + days_selfreport) / nullif(days_known, 0) as complete_case_adherence,
        days_selfreport, extra_days,
        n_no_information, excused_days, device_fault_days, not_observable_days, not_due_days,
        side_not_observable_days
    from rolling
)
select * from final
order by participant, exercise, week_start
