-- one row per participant and week of the study, all exercises together
with
final as (
    select
        week.participant,
        cast((week_start - cast(date_trunc('week', first_date) as date)) // 7 as integer) + 1 as study_week,
        cast(sum(days_done) as bigint) as days_done,
        cast(sum(days_rx) as bigint) as days_rx,
        sum(days_done) / nullif(sum(days_rx), 0) as freq_adherence
    from week
    join person using (participant)
    group by week.participant, study_week
)
select * from final
order by participant, study_week
