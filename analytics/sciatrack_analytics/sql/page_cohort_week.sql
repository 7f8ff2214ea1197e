-- one row per participant and week of the study with a day in force, all exercises together
with
final as (
    select
        person_week.participant, arm, study_week,
        cast(sum(days_done) as bigint) as days_done,
        cast(sum(days_rx) as bigint) as days_rx,
        sum(days_done) / nullif(sum(days_rx), 0) as freq_adherence
    from week
    join person_week using (participant, week_start)
    group by person_week.participant, arm, study_week
)
select * from final
order by participant, study_week
