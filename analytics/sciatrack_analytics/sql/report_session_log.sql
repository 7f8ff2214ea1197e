-- one row per session, exercise, placement and side; a session without blocks has one row
with
shown_session as (
    select session.*, row_number() over (partition by participant order by start_utc, session_id) as visit
    from session
    join person using (participant)
    where local_date between first_date and last_date
),
part as (
    select
        session_id, exercise, placement, side,
        min(block_start_s) as part_start_s,
        sum(block_end_s - block_start_s) as duration_s,
        string_agg(distinct observability, ' ' order by observability) as observability,
        string_agg(distinct note, ' ' order by note) filter (where note <> '') as note,
        median(sampling_rate_hz) as fs_effective,
        max(gaps_s) as gaps_s,
        max(duration_s) as recording_s,
        cast(sum("count") as bigint) as reps_detected,
        cast(sum(count_low) as bigint) as count_low,
        cast(sum(count_high) as bigint) as count_high,
        string_agg(distinct algorithm, ' ' order by algorithm) as algo_version,
        -- a view that shows nothing, or a weak one without a count, says nothing: that is no count of 0
        bool_or(observability in ('full', 'counts') or "count" > 0) as can_say
    from block
    where is_asked(participant)
    group by session_id, exercise, placement, side
),
part_reps as (
    select
        rep.session_id, rep.exercise, rep.placement, block.side,
        count(distinct (rep.recording, rep.block, rep."set")) as sets_done,
        count(*) filter (where not complete) as reps_partial,
        median(hold_s) filter (where counted) as hold_median_s,
        max(hold_s) filter (where counted) as hold_max_s,
        median(rom_deg) filter (where counted) as rom_median_deg,
        median(end_s - start_s - hold_s) filter (where counted) as tempo_s
    from rep
    join block using (session_id, recording, block)
    where is_asked(rep.participant) and is_asked(block.participant)
    group by rep.session_id, rep.exercise, rep.placement, block.side
),
part_flag as (
    select
        session_id, exercise, placement, side,
        string_agg(distinct flag, ' ' order by flag) as flags
    from (
        select rep.session_id, rep.exercise, rep.placement, block.side,
            unnest(string_split(flags, ' ')) as flag
        from rep
        join block using (session_id, recording, block)
        where flags <> '' and is_asked(rep.participant) and is_asked(block.participant)
    )
    where flag <> ''
    group by session_id, exercise, placement, side
),
session_pain as (
    select
        session_id,
        arg_min(greatest(leg_nrs, back_nrs), at_utc) filter (where phase = 'before') as pain_before,
        arg_max(greatest(leg_nrs, back_nrs), at_utc) filter (where phase = 'after') as pain_after
    from checkin
    where session_id is not null and is_asked(participant)
    group by session_id
),
final as (
    select
        shown_session.session_id, shown_session.participant, part.exercise, part.side, part.placement,
        start_utc, start_local, tz, shown_session.local_date,
        coalesce(part.duration_s, shown_session.duration_s) as duration_s,
        rx.version as rx_version,
        if(can_say, coalesce(part_reps.sets_done, 0), null) as sets_done,
        if(can_say, reps_detected, null) as reps_detected,
        if(can_say, count_low, null) as count_low,
        if(can_say, count_high, null) as count_high,
        if(can_say, coalesce(reps_partial, 0), null) as reps_partial,
        coalesce(observability, '') as observability,
        hold_median_s, hold_max_s, rom_median_deg, tempo_s, pain_before, pain_after,
        device, origin, fs_effective, 100 * gaps_s / nullif(recording_s, 0) as loss_pct, gaps_s,
        coalesce(algo_version, '') as algo_version,
        coalesce(flags, '') as flags,
        coalesce(part.note, '') as note,
        visit, coalesce(part_start_s, 0) as part_start_s
    from shown_session
    left join part using (session_id)
    left join part_reps using (session_id, exercise, placement, side)
    left join part_flag using (session_id, exercise, placement, side)
    left join session_pain using (session_id)
    left join rx
        on rx.participant = shown_session.participant
        and rx.exercise = part.exercise
        and shown_session.local_date >= rx.valid_from
        and (rx.valid_to is null or shown_session.local_date < rx.valid_to)
)
select * exclude (visit, part_start_s) from final
order by participant, visit, part_start_s, exercise, placement, side
