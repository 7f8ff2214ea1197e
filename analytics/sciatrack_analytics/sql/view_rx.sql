-- one row per participant, exercise and prescription version, with the first day on which it is no longer in force
with
final as (
    select
        rx_number(pair_no, version) as rx_no, pair_no,
        participant, exercise, version, valid_from,
        lead(valid_from) over (partition by pair_no order by version) as valid_to,
        days_per_week, sessions_per_day, "sets", reps, hold_s, side, rom_target_deg,
        author, reason, recorded_utc,
        -- what one due day asks of each leg; "both" is an exercise in which the legs are not told apart
        sessions_per_day * "sets" * reps as reps_per_day,
        case when side in ('left', 'each') then sessions_per_day * "sets" * reps else 0 end as reps_left_rx,
        case when side in ('right', 'each') then sessions_per_day * "sets" * reps else 0 end as reps_right_rx,
        case when side = 'both' then sessions_per_day * "sets" * reps else 0 end as reps_both_rx
    from prescription
    join person_exercise using (participant, exercise)
    where is_asked(participant)
)
select * from final
