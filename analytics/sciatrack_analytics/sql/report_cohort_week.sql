-- one row per arm and week of the study; `shares` are the participants' own, for an interval added in Python
with
participant_week as (
    select
        participant, week_start,
        sum(days_done) as days_done,
        sum(days_rx) as days_rx,
        sum(days_done) / nullif(sum(days_rx), 0) as freq_adherence,
        sum(days_done + days_selfreport) / nullif(sum(days_known), 0) as complete_case_adherence,
        sum(n_no_information) as n_no_information
    from week
    group by participant, week_start
),
session_week as (
    select distinct session.participant, cast(date_trunc('week', local_date) as date) as week_start
    from session
    join person using (participant)
    where local_date between first_date and last_date
),
observed as (
    select person_week.*, participant_week.* exclude (participant, week_start),
        session_week.participant is not null as is_active
    from person_week
    left join participant_week using (participant, week_start)
    left join session_week using (participant, week_start)
),
final as (
    select
        arm, study_week,
        count(*) as n_at_risk,
        count(*) filter (where is_active) as n_active,
        count(freq_adherence) as n_due,
        avg(freq_adherence) as mean_adherence,
        median(freq_adherence) as median,
        quantile_cont(freq_adherence, 0.25) as q1,
        quantile_cont(freq_adherence, 0.75) as q3,
        count(*) filter (where freq_adherence >= cast(getvariable('target_ratio') as double)) as n_at_threshold,
        100 * n_at_threshold / nullif(count(freq_adherence), 0) as pct_at_threshold,
        cast(coalesce(sum(n_no_information), 0) as bigint) as n_no_information,
        cast(coalesce(sum(days_rx), 0) as bigint) as days_rx,
        100 * sum(n_no_information) / nullif(sum(days_rx), 0) as pct_no_information,
        count(complete_case_adherence) as n_complete_case,
        avg(complete_case_adherence) as complete_case_mean,
        list(freq_adherence order by participant) filter (where freq_adherence is not null) as shares
    from observed
    group by arm, study_week
)
select * from final
order by arm, study_week
