-- one row per participant that the study knows from anywhere, with the days of observation
with
name as (
    select participant from participant
    union
    select participant from prescription
    union
    select participant from session
    union
    select participant from checkin
    union
    select participant from selfreport
),
entry as (
    select participant, arm, start_date, end_date, note
    from participant
    qualify row_number() over (partition by participant order by line desc) = 1
),
first_rx as (
    select participant, min(valid_from) as valid_from from prescription group by participant
),
last_session as (
    select participant, max(local_date) as last_session
    from session
    where is_asked(participant) and local_date <= (select last_date from cut_off)
    group by participant
),
known_day as (
    select participant, local_date from session
    union all
    select participant, local_date from checkin
    union all
    select participant, local_date from selfreport
),
first_known as (
    select participant, min(local_date) as local_date
    from known_day
    where is_asked(participant)
    group by participant
),
final as (
    select
        participant,
        coalesce(arm, '') as arm,
        coalesce(start_date, first_rx.valid_from, first_known.local_date) as enrolled_date,
        end_date,
        greatest(enrolled_date, cut_off.first_date) as first_date,
        if(cut_off.last_date is null, null, least(end_date, cut_off.last_date)) as last_date,
        last_session,
        coalesce(note, '') as note
    from name
    left join entry using (participant)
    left join first_rx using (participant)
    left join last_session using (participant)
    left join first_known using (participant)
    cross join cut_off
    where is_asked(participant)
)
select * from final
