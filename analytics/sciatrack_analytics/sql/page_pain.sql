-- one row per participant, site and local day on which pain was scored
select participant, site, local_date, nrs
from pain_day
order by participant, site, local_date
