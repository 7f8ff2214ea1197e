-- one row per participant, exercise and local day on which a prescription is in force
with
final as (
    select
        participant, local_date, exercise, rx_version, state, due, qualifies,
        sessions_done, sessions_rx,
        reps_done, reps_counted, reps_rx,
        hold_s_done, hold_s_counted, hold_s_rx,
        reps_counted / nullif(reps_rx, 0) as dose_reps,
        hold_s_counted / nullif(hold_s_rx, 0) as dose_hold,
        source, sides_not_observable, quality_flag
    from day_state
)
select * from final
order by participant, exercise, local_date
