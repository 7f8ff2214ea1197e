-- one row per participant and site of pain: the mean score of the first 7 days, null with fewer than 3 scores
with
numbered as (
    select participant, site, nrs, local_date - min(local_date) over (partition by participant, site) as day_no
    from pain_day
),
final as (
    select
        participant, site,
        if(count(*) filter (where day_no < 7) >= 3, avg(nrs) filter (where day_no < 7), null) as baseline_nrs
    from numbered
    group by participant, site
)
select * from final
