-- one row per arm, site and week of the study with a score; `scores` are the participants' own means of the week
with
participant_week as (
    select participant, site, cast(date_trunc('week', local_date) as date) as week_start, avg(nrs) as nrs
    from pain_day
    group by participant, site, week_start
),
known as (
    select
        arm, site, study_week, participant, nrs, baseline_nrs,
        nrs - baseline_nrs as change,
        100 * (nrs - baseline_nrs) / nullif(baseline_nrs, 0) as pct_change
    from participant_week
    join person_week using (participant, week_start)
    join pain_baseline using (participant, site)
),
final as (
    select
        arm, site, study_week,
        count(*) as n,
        avg(nrs) as mean,
        count(change) as n_baseline,
        count(*) filter (where change <= -2) as responders_abs,
        responders_abs / nullif(count(change), 0) as share_abs,
        count(pct_change) as n_baseline_above_0,
        count(*) filter (where pct_change <= -30) as responders_pct,
        responders_pct / nullif(count(pct_change), 0) as share_pct,
        list(nrs order by participant) as scores
    from known
    group by arm, site, study_week
)
select * from final
order by arm, site, study_week
