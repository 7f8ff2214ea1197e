-- one row per participant with a check-in before a session: how often, and how often the eight signs were answered
select
    participant,
    count(*) as n_before,
    count(red_flags) as n_signs_answered
from checkin
join person using (participant)
where phase = 'before' and local_date between first_date and last_date
group by participant
order by participant
