-- one row per participant, exercise and local day in force: what was asked, and what is known of the day
with
fact as (select * from day_fact where is_asked(participant)),
worn as (select * from day_sensor where is_asked(participant)),
excuse as (
    select participant, local_date, exercise, kind
    from excused
    where is_asked(participant)
    qualify row_number() over (partition by participant, local_date, exercise order by line desc) = 1
),
answer as (
    select participant, local_date, exercise, done, reps
    from selfreport
    where is_asked(participant)
    qualify row_number() over (partition by participant, local_date, exercise order by line desc) = 1
),
-- a leg is hidden if the day's blocks say so, or if no sensor worn that day could have shown it
known as (
    select
        rx_day.*,
        fact.sessions_done,
        coalesce(fact.reps_left, 0) + coalesce(fact.reps_both, 0) as left_done,
        coalesce(fact.reps_right, 0) + coalesce(fact.reps_both, 0) as right_done,
        coalesce(fact.reps_left + fact.reps_right + fact.reps_both + fact.reps_unknown, 0) as all_done,
        coalesce(fact.reps_unknown, 0) as unknown_done,
        coalesce(fact.hold_s_left, 0) + coalesce(fact.hold_s_both, 0) as left_hold_s,
        coalesce(fact.hold_s_right, 0) + coalesce(fact.hold_s_both, 0) as right_hold_s,
        coalesce(fact.hold_s_left + fact.hold_s_right + fact.hold_s_both + fact.hold_s_unknown, 0)
            as all_hold_s,
        coalesce(fact.hold_s_unknown, 0) as unknown_hold_s,
        coalesce(fact.reps_partial, 0) as reps_partial,
        coalesce(fact.reps_inferred, 0) as reps_inferred,
        fact.participant is not null as has_block,
        worn.participant is not null as has_sensor,
        fact.participant is not null or worn.participant is not null as looked,
        fact.participant is not null and not fact.holds_seen and fact.holds = 0 as holds_hidden,
        fact.participant is not null and not fact.holds_seen and fact.holds > 0 as holds_estimated,
        coalesce(not fact.seen_left, (sees_left_mask & placement_mask) = 0, false) as left_hidden,
        coalesce(not fact.seen_right, (sees_right_mask & placement_mask) = 0, false) as right_hidden,
        coalesce(not fact.seen_both, (sees_both_mask & placement_mask) = 0, false) as both_hidden,
        coalesce(own_excuse.kind, any_excuse.kind, 'none') as excuse,
        coalesce(own_answer.done, any_answer.done) as selfreport_done,
        own_answer.reps as selfreport_reps
    from rx_day
    left join exercise using (exercise)
    left join fact using (participant, local_date, exercise)
    left join worn using (participant, local_date)
    left join excuse as own_excuse
        on own_excuse.participant = rx_day.participant
        and own_excuse.local_date = rx_day.local_date
        and own_excuse.exercise = rx_day.exercise
    left join excuse as any_excuse
        on any_excuse.participant = rx_day.participant
        and any_excuse.local_date = rx_day.local_date
        and any_excuse.exercise is null
    left join answer as own_answer
        on own_answer.participant = rx_day.participant
        and own_answer.local_date = rx_day.local_date
        and own_answer.exercise = rx_day.exercise
    left join answer as any_answer
        on any_answer.participant = rx_day.participant
        and any_answer.local_date = rx_day.local_date
        and any_answer.exercise is null
),
-- what the sensor ever showed: on a day without a session nothing was hidden, but a leg that no session shows
-- must not weigh on missed days alone
ever as (
    select
        participant, exercise,
        bool_or(not left_hidden) as left_ever,
        bool_or(not right_hidden) as right_ever,
        bool_or(not holds_hidden) filter (where has_block) as holds_ever
    from known
    where looked
    group by participant, exercise
),
judged as (
    select
        known.* exclude (left_hidden, right_hidden, holds_hidden),
        if(looked, left_hidden, not left_ever and right_ever and reps_right_rx > 0) is true as left_hidden,
        if(looked, right_hidden, not right_ever and left_ever and reps_left_rx > 0) is true as right_hidden,
        (holds_hidden or not holds_ever) is true as holds_hidden
    from known
    left join ever using (participant, exercise)
),
-- a leg that was not seen leaves what was asked and what was done
leg as (
    select
        *,
        if(left_hidden, 0, reps_left_rx) as left_rx,
        if(right_hidden, 0, reps_right_rx) as right_rx,
        if(both_hidden, 0, reps_both_rx) as both_rx,
        concat_ws(
            ' ',
            if(looked and left_hidden and reps_left_rx > 0, 'left', null),
            if(looked and right_hidden and reps_right_rx > 0, 'right', null),
            if(looked and both_hidden and reps_both_rx > 0, 'both', null)
        ) as sides_not_observable
    from judged
),
dose as (
    select
        *,
        left_rx + right_rx + both_rx as reps_seen_rx,
        if(holds_hidden, 0, hold_s * (left_rx + right_rx + both_rx)) as hold_s_seen_rx,
        if(left_rx > 0, left_done, 0) + if(right_rx > 0, right_done, 0) + if(both_rx > 0, all_done, 0)
            + if(left_rx + right_rx > 0, unknown_done, 0) as reps_done,
        if(left_rx > 0, left_hold_s, 0) + if(right_rx > 0, right_hold_s, 0)
            + if(both_rx > 0, all_hold_s, 0)
            + if(left_rx + right_rx > 0, unknown_hold_s, 0) as hold_s_done,
        -- more on one leg does not make up for less on the other; reps of an unknown leg fill what is missing
        least(
            left_rx + right_rx + both_rx,
            least(left_rx, left_done) + least(right_rx, right_done) + least(both_rx, all_done)
                + if(left_rx + right_rx > 0, unknown_done, 0)
        ) as reps_counted,
        if(holds_hidden, 0, least(
            hold_s * (left_rx + right_rx + both_rx),
            least(hold_s * left_rx, left_hold_s) + least(hold_s * right_rx, right_hold_s)
                + least(hold_s * both_rx, all_hold_s)
                + if(left_rx + right_rx > 0, unknown_hold_s, 0)
        )) as hold_s_counted
    from leg
),
final as (
    select
        participant, exercise, local_date, week_start, version as rx_version,
        days_per_week, sessions_per_day, hold_s as hold_target_s, side as rx_side,
        coalesce(sessions_done, 0) as sessions_done,
        reps_seen_rx, reps_done, reps_counted,
        hold_s_seen_rx, hold_s_done, hold_s_counted,
        reps_partial, reps_inferred, sides_not_observable,
        reps_seen_rx = 0 as nothing_seen,
        reps_counted >= cast(getvariable('qualifying_ratio') as double) * reps_seen_rx
            and reps_counted > 0 as qualifies,
        excuse,
        selfreport_done, selfreport_reps, looked, has_block,
        concat_ws(
            ' ',
            if(sides_not_observable <> '', 'side_not_observable', null),
            if(reps_inferred > 0, 'inferred', null),
            if(has_block and holds_hidden and hold_s > 0, 'holds_not_observable', null),
            if(holds_estimated, 'holds_estimated', null),
            if(unknown_done > 0 and reps_both_rx = 0, 'side_unknown', null),
            if(reps_done = 0 and all_done > 0 and reps_seen_rx > 0, 'other_side', null),
            if(has_block and all_done = 0 and reps_seen_rx > 0, 'no_reps', null),
            if(has_sensor and not has_block and reps_seen_rx > 0, 'not_in_session', null)
        ) as quality_flag
    from dose
)
select * from final
