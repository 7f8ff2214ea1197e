-- one row per fact of the study that an item of a reporting checklist asks for (checklists.toml says which)
with
arm_count as (
    select arm, count(*) as n from person group by arm
),
share as (
    select
        participant,
        sum(days_done) / nullif(sum(days_rx), 0) as freq_adherence,
        sum(days_done + days_selfreport) / nullif(sum(days_known), 0) as complete_case_adherence
    from week
    group by participant
),
status_count as (
    select
        count(*) as n,
        count(*) filter (where last_session is null) as never_started,
        count(*) filter (
            where last_date - last_session >= cast(getvariable('silence_days') as integer)
        ) as fell_silent
    from person
),
version_count as (
    select participant, exercise, count(*) as n
    from rx
    join person using (participant)
    where valid_from <= (select last_date from cut_off)
    group by participant, exercise
),
first_version as (
    select rx.* from rx join person using (participant) where version = 1
),
placement_count as (
    select placement, count(distinct block.session_id) as n
    from block
    join person using (participant)
    where local_date between first_date and last_date
    group by placement
),
flagged as (
    select
        count(distinct participant) filter (where red_flags is not null and red_flags <> 'none') as with_flags,
        count(distinct participant) filter (where red_flags is not null) as asked
    from checkin
    join person using (participant)
    where local_date between first_date and last_date
),
final as (
    select 'participants' as key, sum(n) || ' (' || string_agg(
        if(arm = '', 'no arm', arm) || ': ' || n, ', ' order by arm
    ) || ')' as value
    from arm_count
    having sum(n) > 0
    union all
    select 'dates', min(first_date) || ' to ' || max(last_date) from person where first_date <= last_date
    union all
    select 'exercises', string_agg(distinct exercise, ', ' order by exercise) from first_version
    union all
    select 'dose', string_agg(dose, '; ' order by dose) from (
        select exercise || ': ' || median(days_per_week) || ' days a week, ' || median(sessions_per_day)
            || ' sessions a day, ' || median("sets") || ' sets of ' || median(reps) || ', hold '
            || median(hold_s) || ' s' as dose
        from first_version
        group by exercise
    )
    union all
    select 'tailoring', count(*) filter (where n > 1) || ' of ' || count(*)
        || ' prescriptions (participant and exercise) have more than one version, ' || sum(n) || ' versions in all'
    from version_count
    having count(*) > 0
    union all
    select 'adherence_rule',
        'motion sensor; a day counts from ' || cast(round(100 * cast(getvariable('qualifying_ratio') as double)) as integer)
        || ' % of its prescribed repetitions; target ' || cast(round(100 * cast(getvariable('target_ratio') as double)) as integer)
        || ' % of due days; self-report kept apart'
    union all
    select 'adherence', 'mean of ' || count(freq_adherence) || ' participants '
        || round(100 * avg(freq_adherence), 1) || ' % of due days; with days of which nothing is known left out '
        || round(100 * avg(complete_case_adherence), 1) || ' %'
    from share
    having count(freq_adherence) > 0
    union all
    select 'flow', n || ' participants, ' || never_started || ' without a session, ' || fell_silent || ' silent for '
        || cast(getvariable('silence_days') as integer) || ' days or more before the end'
    from status_count
    where n > 0
    union all
    select 'sensor', string_agg(placement || ': ' || n || ' sessions', ', ' order by placement) from placement_count
    union all
    select 'red_flags', with_flags || ' of ' || asked || ' participants who were asked named a red flag'
    from flagged
    where asked > 0
)
select key, value from final
where value is not null
order by key
