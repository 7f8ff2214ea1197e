-- one row per participant, site and local day on which pain was scored, with the weeks since observation began
select
    participant, arm, site, local_date, nrs,
    (local_date - enrolled_date) / 7.0 as weeks
from pain_day
join person using (participant)
order by participant, site, local_date
