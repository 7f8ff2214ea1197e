-- one row per participant, exercise and prescription version
with
final as (
    select
        participant, exercise, version, valid_from, valid_to, days_per_week, sessions_per_day, "sets",
        reps, hold_s, side, rom_target_deg, reps_per_day, reason, author, recorded_utc
    from rx
)
select * from final
order by participant, exercise, version
