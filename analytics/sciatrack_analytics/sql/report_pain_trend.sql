-- one row per participant and site of pain (leg or back) that was ever scored
with
numbered as (
    select
        *,
        local_date - min(local_date) over site_span as day_no,
        case distal_site
            when 'none' then 0 when 'back' then 1 when 'buttock' then 2
            when 'thigh' then 3 when 'calf' then 4 when 'foot' then 5
        end as distance,
        row_number() over (partition by participant, site order by local_date desc) as from_last
    from pain_day
    window site_span as (partition by participant, site)
),
trend as (
    select
        participant, site,
        count(*) as n,
        min(local_date) as first_date,
        max(local_date) as last_date,
        arg_max(nrs, local_date) as last_nrs,
        regr_slope(nrs, day_no) as slope_per_day,
        regr_r2(nrs, day_no) as r2,
        regr_sxx(nrs, day_no) as sum_squares_day,
        regr_syy(nrs, day_no) as sum_squares_nrs,
        arg_min(distal_site, local_date) filter (where distal_site is not null) as distal_first,
        arg_max(distal_site, local_date) filter (where distal_site is not null) as distal_last,
        arg_min(distance, local_date) filter (where distance is not null) as distance_first,
        count(distance) as n_distance,
        max(distance) filter (where from_last <= 3) as distance_last_three,
        count(distance) filter (where from_last <= 3) as n_distance_last_three,
        count(*) filter (where nrs >= 8) as severe_days
    from numbered
    group by participant, site
),
enough as (
    select *, n >= 5 and last_date - first_date >= 14 as enough_for_slope
    from trend
    join pain_baseline using (participant, site)
),
final as (
    select
        participant, site, n, enough.first_date, enough.last_date, baseline_nrs, last_nrs,
        last_nrs - baseline_nrs as change,
        100 * (last_nrs - baseline_nrs) / nullif(baseline_nrs, 0) as pct_change,
        if(enough_for_slope, 7 * slope_per_day, null) as slope_per_week,
        -- standard error of the slope; the interval needs a t quantile, which is added in Python
        if(
            enough_for_slope,
            7 * sqrt(greatest(0, sum_squares_nrs - slope_per_day * slope_per_day * sum_squares_day)
                / (n - 2) / sum_squares_day),
            null
        ) as slope_se,
        if(enough_for_slope, r2, null) as r2,
        last_nrs - baseline_nrs <= -2 as mcid_abs,
        100 * (last_nrs - baseline_nrs) / nullif(baseline_nrs, 0) <= -30 as mcid_pct,
        -- 1 point from mild, 2 from moderate, 3 from severe pain; cut halfway between the published classes
        last_nrs - baseline_nrs
            <= case when baseline_nrs < 4.5 then -1 when baseline_nrs < 7.5 then -2 else -3 end
            as mcid_baseline_adj,
        distal_first, distal_last,
        -- closer to the spine than at first in each of the last three records
        if(
            n_distance >= 4 and n_distance_last_three = 3,
            distance_last_three < distance_first,
            null
        ) as centralised,
        severe_days,
        greatest(0, person.last_date - person.first_date + 1) - n as missing_days
    from enough
    join person using (participant)
)
select * from final
order by participant, site
