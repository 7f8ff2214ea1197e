-- one row per participant, exercise and prescription version with days in force: from which day to which
with
final as (
    select
        rx.*,
        greatest(valid_from, first_date) as from_date,
        least(valid_to - 1, last_date) as to_date,
        sees_left_mask, sees_right_mask, sees_both_mask
    from rx
    join person using (participant)
    left join exercise using (exercise)
    where days_per_week > 0 and last_date is not null
        and greatest(valid_from, first_date) <= least(valid_to - 1, last_date)
)
select * from final
