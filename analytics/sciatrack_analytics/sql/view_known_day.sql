-- one row per prescription version and local day in force of which anything is known: what was asked and done; and
-- one row per version without a date, which stands for each other day
with
span as (select * from rx_span),
fact_day as (
    select
        rx_no, pair_day.* exclude (pair_no), true as has_block
    from pair_day
    join span using (pair_no)
    where local_date between from_date and to_date
),
spoken_day as (
    select pair_no, local_date
    from pair_day
    semi join span using (pair_no)
),
-- a sensor was worn, and no session of the day speaks of the exercise
worn_day as (
    select rx_no, local_date, placement_mask, false as has_block
    from day_sensor
    join span using (participant)
    anti join spoken_day using (pair_no, local_date)
    where is_asked(participant) and local_date between from_date and to_date
),
-- one row per version without a date: every day of which nothing is known
looked_day as (
    select * from fact_day
    union all by name
    select * from worn_day
    union all by name
    select rx_no, cast(null as date) as local_date from span
),
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
-- what is said of an exercise comes before what is said of all
said_of as (
    select participant, local_date, exercise, kind, cast(null as boolean) as done, cast(null as integer) as reps
    from excuse
    union all
    select participant, local_date, exercise, null, done, reps
    from answer
),
said_day as (
    select
        rx_no, local_date,
        coalesce(
            any_value(kind) filter (where said_of.exercise is not null), any_value(kind)
        ) as excuse,
        coalesce(
            any_value(done) filter (where said_of.exercise is not null), any_value(done)
        ) as selfreport_done,
        any_value(said_of.reps) filter (where said_of.exercise is not null) as selfreport_reps
    from said_of
    join span on span.participant = said_of.participant and local_date between from_date and to_date
    where said_of.exercise is null or said_of.exercise = span.exercise
    group by rx_no, local_date
),
-- a leg is hidden if the day's blocks say so, or if no sensor worn that day could have shown it
known as (
    select
        rx_no, pair_no, local_date, from_date, to_date, days_per_week,
        span.hold_s, reps_left_rx, reps_right_rx, reps_both_rx,
        coalesce(looked_day.sessions_done, 0) as sessions_done,
        coalesce(reps_left, 0) + coalesce(reps_both, 0) as left_done,
        coalesce(reps_right, 0) + coalesce(reps_both, 0) as right_done,
        coalesce(reps_left + reps_right + reps_both + reps_unknown, 0) as all_done,
        coalesce(reps_unknown, 0) as unknown_done,
        coalesce(hold_s_left, 0) + coalesce(hold_s_both, 0) as left_hold_s,
        coalesce(hold_s_right, 0) + coalesce(hold_s_both, 0) as right_hold_s,
        coalesce(hold_s_left + hold_s_right + hold_s_both + hold_s_unknown, 0) as all_hold_s,
        coalesce(hold_s_unknown, 0) as unknown_hold_s,
        coalesce(reps_partial, 0) as reps_partial,
        coalesce(reps_inferred, 0) as reps_inferred,
        coalesce(has_block, false) as has_block,
        has_block is not null as looked,
        coalesce(has_block and not holds_seen and holds = 0, false) as holds_hidden,
        coalesce(has_block and not holds_seen and holds > 0, false) as holds_estimated,
        coalesce(not seen_left, (sees_left_mask & placement_mask) = 0, false) as left_hidden,
        coalesce(not seen_right, (sees_right_mask & placement_mask) = 0, false) as right_hidden,
        coalesce(not seen_both, (sees_both_mask & placement_mask) = 0, false) as both_hidden,
        coalesce(excuse, 'none') as excuse,
        selfreport_done, selfreport_reps
    from looked_day
    full join said_day using (rx_no, local_date)
    join span using (rx_no)
),
-- what the sensor ever showed: on a day without a session nothing was hidden, but a leg that no session shows
-- must not weigh on missed days alone
ever as (
    select
        pair_no,
        bool_or(not left_hidden) as left_ever,
        bool_or(not right_hidden) as right_ever,
        bool_or(not holds_hidden) filter (where has_block) as holds_ever
    from known
    where looked
    group by pair_no
),
judged as (
    select
        known.* exclude (left_hidden, right_hidden, holds_hidden),
        if(looked, left_hidden, not left_ever and right_ever and reps_right_rx > 0) is true as left_hidden,
        if(looked, right_hidden, not right_ever and left_ever and reps_left_rx > 0) is true as right_hidden,
        (holds_hidden or not holds_ever) is true as holds_hidden
    from known
    left join ever using (pair_no)
),
-- a leg that was not seen leaves what was asked and what was done
leg as (
    select
        *,
        if(left_hidden, 0, reps_left_rx) as left_rx,
        if(right_hidden, 0, reps_right_rx) as right_rx,
        if(both_hidden, 0, reps_both_rx) as both_rx,
        looked and left_hidden and reps_left_rx > 0 as left_missing,
        looked and right_hidden and reps_right_rx > 0 as right_missing,
        looked and both_hidden and reps_both_rx > 0 as both_missing
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
qualified as (
    select
        *,
        reps_counted >= cast(getvariable('qualifying_ratio') as double) * reps_seen_rx
            and reps_counted > 0 as qualifies
    from dose
),
final as (
    select
        rx_no, local_date, from_date, to_date, days_per_week,
        case
            when reps_counted > 0 and (qualifies or excuse = 'none') then 'done_sensor'
            when reps_seen_rx = 0 then 'not_observable'
            when excuse <> 'none' then excuse
            when selfreport_done then 'done_selfreport_only'
            when not selfreport_done then 'reported_not_done'
            else 'no_information'
        end as known_as,
        qualifies, sessions_done,
        reps_seen_rx, reps_done, reps_counted,
        hold_s_seen_rx, hold_s_done, hold_s_counted,
        reps_partial, reps_inferred, all_done, unknown_done,
        selfreport_done, selfreport_reps, looked, has_block, holds_hidden, holds_estimated,
        left_missing, right_missing, both_missing
    from qualified
)
select * from final
