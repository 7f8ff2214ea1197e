-- one row per participant that the study knows from anywhere, with the days of observation
with
known as (select * from cut_off),
mention as (
    select participant, null as valid_from, null as known_date, null as session_date from participant
    union all
    select participant, valid_from, null, null from prescription
    union all
    select participant, null, local_date, local_date from session
    union all
    select participant, null, local_date, null from checkin
    union all
    select participant, null, local_date, null from selfreport
),
mentioned as (
    select
        participant,
        min(valid_from) as first_rx,
        min(known_date) as first_known,
        max(session_date) filter (where session_date <= (select last_date from known)) as last_session
    from mention
    where is_asked(participant)
    group by participant
),
final as (
    select
        participant,
        coalesce(arm, '') as arm,
        enrolled_on(start_date, first_rx, first_known) as enrolled_date,
        end_date,
        observed_from(enrolled_date, known.first_date) as first_date,
        observed_to(end_date, known.last_date) as last_date,
        last_session,
        coalesce(note, '') as note
    from mentioned
    left join entry using (participant)
    cross join known
)
select * from final
