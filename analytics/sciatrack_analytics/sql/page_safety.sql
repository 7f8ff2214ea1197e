-- one row per safety rule that spoke, and per check-in with a sign that no decision tells of; newest first
with
spoken as (
    select participant, local_date, at_utc, phase, rule, action, details
    from decision
    where action is not null -- those without one are checks of how the sensor sat
),
told as (
    select distinct participant, at_utc from spoken where rule = 'red_flag'
),
-- a sign in a diary was put to no rule, and counts all the same
unasked as (
    select
        checkin.participant, local_date, at_utc, phase,
        'red_flag' as rule, 'seek_immediate_care' as action,
        cast(to_json({'signs': string_split(red_flags, ' ')}) as varchar) as details
    from checkin
    anti join told using (participant, at_utc)
    where red_flags is not null and red_flags <> 'none'
),
-- a date that lies ahead clears nothing; one after the cut-off is not known yet
cleared as (
    select participant, max(cleared_utc) as cleared_utc
    from clearance
    where rule = 'red_flag'
        and cleared_utc <= get_current_timestamp() at time zone 'UTC'
        and (
            getvariable('report_to') is null
            or cast(cleared_utc as date) <= cast(getvariable('report_to') as date)
        )
    group by participant
),
final as (
    select
        participant, arm, local_date, at_utc, phase, rule, action, details,
        rule = 'red_flag' and (cleared_utc is null or at_utc is null or cleared_utc < at_utc) as red_flag_open
    from (select * from spoken union all select * from unasked)
    join person using (participant)
    left join cleared using (participant)
    where local_date <= (select last_date from cut_off)
)
select * from final
order by participant, local_date desc, at_utc desc, rule
