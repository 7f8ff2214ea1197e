-- one row per participant, site of pain (leg or back) and local day on which it was scored
-- What an exercise provoked (phases after and button) is no part of the trend: the day's first score stands.
with
score as (
    select participant, local_date, at_utc, distal_site,
        list_position(['none', 'back', 'buttock', 'thigh', 'calf', 'foot'], distal_site) as distance,
        unnest(['leg', 'back']) as site,
        unnest([leg_nrs, back_nrs]) as nrs
    from checkin
    where is_asked(participant) and phase in ('before', 'diary')
),
final as (
    select
        participant, site, local_date,
        -- of two answers of the same moment the worse stands
        arg_min(nrs, (at_utc, -nrs)) as nrs,
        arg_min(distal_site, (at_utc, -distance)) as distal_site
    from score
    join person using (participant)
    where nrs is not null and local_date between first_date and last_date
    group by participant, site, local_date
)
select * from final
