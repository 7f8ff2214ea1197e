-- one row per participant, exercise and prescription version with days in force: from which day to which
with
version as (
    select *, min(valid_from) over (partition by participant) as first_rx
    from rx
),
final as (
    select
        version.* exclude (first_rx),
        greatest(valid_from, observed_from(enrolled_on(start_date, first_rx, null), cut_off.first_date)) as from_date,
        least(valid_to - 1, observed_to(end_date, cut_off.last_date)) as to_date,
        sees_left_mask, sees_right_mask, sees_both_mask
    from version
    left join entry using (participant)
    left join exercise using (exercise)
    cross join cut_off
    where days_per_week > 0 and cut_off.last_date is not null
        and from_date <= to_date
)
select * from final
