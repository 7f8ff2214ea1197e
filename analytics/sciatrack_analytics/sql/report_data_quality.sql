-- one row per participant and device (or export) with a session; and one, without device, for unreadable folders
with
seen_session as (
    select session.*
    from session
    join person using (participant)
    where session.local_date between first_date and last_date
),
-- what a session's recordings are worth; a recording may hold several blocks and is counted once
recording_view as (
    select
        session_id, recording,
        any_value(sampling_rate_hz) as sampling_rate_hz,
        any_value(duration_s) as duration_s,
        max(gaps_s) as gaps_s,
        bool_or(observability <> 'none') as any_seen
    from block
    where is_asked(participant)
    group by session_id, recording
),
session_view as (
    select
        session_id,
        count(*) as n_recordings,
        median(sampling_rate_hz) as fs,
        sum(gaps_s) as gaps_s,
        sum(duration_s) as duration_s,
        count(*) filter (where gaps_s > 0) as n_with_gaps,
        bool_or(any_seen) as any_seen
    from recording_view
    group by session_id
),
judged as (
    select
        participant, device, findings, clock_offset_s, fs, gaps_s, session_view.duration_s, n_with_gaps,
        case when n_recordings is null then 'not_analysed' when not any_seen then 'not_observable' end as reason
    from seen_session
    left join session_view using (session_id)
),
reason_count as (
    select participant, device, string_agg(reason || ': ' || n, ', ' order by reason) as reason
    from (
        select participant, device, reason, count(*) as n
        from judged
        where reason is not null
        group by participant, device, reason
    )
    group by participant, device
),
unit_count as (
    select participant, device, string_agg(code || ': ' || n, ', ' order by code) as unit_flags
    from (
        select participant, device, code, count(*) as n
        from (select participant, device, unnest(string_split(findings, ' ')) as code from judged)
        where code in (
            'miscalibrated', 'gyro_contradicts_gravity', 'gyro_doubtful', 'stuck_axis', 'clipped', 'rate_off',
            'units_unused', 'sign_unknown'
        )
        group by participant, device, code
    )
    group by participant, device
),
-- folders that could not be read are in no session; the one that a participant's name stands on is told
unread as (
    select participant, count(*) as n
    from rejected
    join person using (participant)
    group by participant
),
per_device as (
    select
        participant, device,
        count(*) as sessions,
        count(judged.reason) as rejected,
        coalesce(any_value(reason_count.reason), '') as reason,
        median(fs) as median_fs,
        100 * sum(gaps_s) / nullif(sum(duration_s), 0) as loss_pct,
        cast(coalesce(sum(n_with_gaps), 0) as bigint) as gap_count,
        coalesce(sum(gaps_s), 0) as gaps_s,
        arg_max(clock_offset_s, abs(clock_offset_s)) as clock_offset_s,
        coalesce(any_value(unit_flags), '') as unit_flag
    from judged
    left join reason_count using (participant, device)
    left join unit_count using (participant, device)
    group by participant, device
),
final as (
    select * from per_device
    union all by name
    select participant, null as device, 0 as sessions, n as rejected, 'not_readable: ' || n as reason,
        0 as gap_count, 0.0 as gaps_s, '' as unit_flag
    from unread
)
select * from final
order by participant, device
