-- one row per participant, local day and exercise that a sensor session of that day speaks about
with
final as (
    select participant, local_date, exercise, pair_day.* exclude (pair_no, local_date)
    from pair_day
    join person_exercise using (pair_no)
    where is_asked(participant)
)
select * from final
