-- one row per participant, local day and exercise that a sensor session of that day speaks about
with
final as (
    select
        participant, local_date, exercise,
        pair_day.* exclude (pair_no, local_date, seen),
        -- could the sensor see that leg? null: no block says anything about it
        if((seen & 3) = 0, null, (seen & 1) <> 0) as seen_left,
        if((seen & 12) = 0, null, (seen & 4) <> 0) as seen_right,
        if((seen & 48) = 0, null, (seen & 16) <> 0) as seen_both,
        (seen & 64) <> 0 as holds_seen
    from pair_day
    join person_exercise using (pair_no)
    where is_asked(participant)
)
select * from final
