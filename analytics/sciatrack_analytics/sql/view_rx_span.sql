-- one row per participant, exercise and prescription version with days in force: from which day to which
with
final as (
    select
        rx_plan.*,
        greatest(valid_from, observed_from(enrolled_date, cut_off.first_date)) as from_date,
        least(valid_to - 1, observed_to(end_date, cut_off.last_date)) as to_date
    from rx_plan
    cross join cut_off
    where is_asked(participant) and days_per_week > 0 and cut_off.last_date is not null
        and from_date <= to_date
)
select * from final
