-- one row per prescription version and local day in force of which anything is known: what was asked and done; and
-- one row per version without a date, which stands for each other day
with
-- pairs that share their bit in day_sensor with another pair of the same participant, as few do
shared_bit as (
    select unnest(list(pair_no)) as pair_no
    from person_exercise
    where is_asked(participant)
    group by participant, pair_bit(pair_no)
    having count(*) > 1
),
-- a version asks of the left leg, the right or each, or of both where they are not told apart: of at most two, the first
-- being the left leg or both
span as (
    select
        rx_no, pair_no, participant, exercise, from_date, to_date, days_per_week, hold_s,
        reps_left_rx + reps_both_rx as reps_first_rx, reps_right_rx as reps_second_rx,
        cast(side = 'both' as integer) as n_both,
        if(side = 'both', 16, 1) as first_bit,
        if(side = 'both', sees_both_mask, sees_left_mask) as sees_first_mask,
        sees_left_mask, sees_right_mask,
        if(pair_no in (select pair_no from shared_bit), 0, pair_bit(pair_no)) as own_bit
    from rx_span
),
-- a sensor was worn, and no session of the day speaks of the exercise
worn_day as (
    select rx_no, pair_no, local_date, placement_mask
    from day_sensor
    join span using (participant)
    anti join (
        select pair_no, local_date
        from pair_day
        semi join (select pair_no from span where own_bit = 0) using (pair_no)
    ) using (pair_no, local_date)
    where is_asked(participant) and local_date between from_date and to_date and pair_bits & own_bit = 0
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
        rx_no, participant, local_date,
        coalesce(
            any_value(kind) filter (where said_of.exercise is not null), any_value(kind), 'none'
        ) as excuse,
        coalesce(
            any_value(done) filter (where said_of.exercise is not null), any_value(done)
        ) as selfreport_done,
        any_value(said_of.reps) filter (where said_of.exercise is not null) as selfreport_reps
    from said_of
    join span using (participant)
    where local_date between from_date and to_date
        and (said_of.exercise is null or said_of.exercise = span.exercise)
    group by rx_no, participant, local_date
),
-- a leg is hidden if the day's blocks say so, or if no sensor worn that day could have shown it
block_day as (
    select
        rx_no, pair_no, local_date, from_date, to_date, days_per_week,
        span.hold_s, reps_first_rx, reps_second_rx, n_both,
        sessions_done,
        reps_left + reps_both + n_both * (reps_right + reps_unknown) as first_done,
        reps_right + reps_both as second_done,
        (1 - n_both) * reps_unknown as spare_done,
        reps_left + reps_right + reps_both + reps_unknown as all_done,
        reps_unknown as unknown_done,
        hold_s_left + hold_s_both + n_both * (hold_s_right + hold_s_unknown) as first_hold_s,
        hold_s_right + hold_s_both as second_hold_s,
        (1 - n_both) * hold_s_unknown as spare_hold_s,
        reps_partial, reps_inferred,
        true as looked,
        true as has_block,
        (seen & 64) = 0 and holds = 0 as holds_hidden,
        (seen & 64) = 0 and holds > 0 as holds_estimated,
        is_hidden(seen, first_bit, sees_first_mask, placement_mask) as first_hidden,
        is_hidden(seen, 4, sees_right_mask, placement_mask) as second_hidden
    from pair_day
    join span using (pair_no)
    where local_date between from_date and to_date
),
empty_day as (
    select rx_no, local_date, placement_mask, true as looked from worn_day
    union all
    select rx_no, local_date, null, false
    from said_day
    anti join day_sensor using (participant, local_date)
    union all
    select rx_no, null, null, false from span
),
-- what the sensor ever showed: on a day without a session nothing was hidden, but a leg that no session shows
-- must not weigh on missed days alone. As bits: left leg seen 1, right leg 4; a session speaks of the exercise 16, and holds
-- were seen 64; where sensors sat on days of which none says anything of the left leg (from 256 on), or of the right
shown_day as (
    select
        pair_no,
        (seen & 69) | 16 | if(holds > 0, 64, 0)
            | if((seen & 3) = 0, cast(placement_mask as integer) << 8, 0)
            | if((seen & 12) = 0, cast(placement_mask as integer) << 16, 0) as shown
    from pair_day
    join span using (pair_no)
    where local_date between from_date and to_date
    union all
    select pair_no, (cast(placement_mask as integer) << 8) | (cast(placement_mask as integer) << 16)
    from worn_day
),
ever as (
    select pair_no, bit_or(shown) as shown
    from shown_day
    group by pair_no
),
day_without_block as (
    select
        rx_no, pair_no, local_date, from_date, to_date, days_per_week,
        hold_s, reps_first_rx, reps_second_rx, n_both,
        0 as sessions_done,
        0 as first_done,
        0 as second_done,
        0 as spare_done,
        0 as all_done,
        0 as unknown_done,
        0.0 as first_hold_s,
        0.0 as second_hold_s,
        0.0 as spare_hold_s,
        0 as reps_partial,
        0 as reps_inferred,
        looked,
        false as has_block,
        coalesce((shown & 80) = 16, false) as holds_hidden,
        false as holds_estimated,
        if(
            looked, is_hidden(0, first_bit, sees_first_mask, placement_mask),
            not was_shown(shown, 1, sees_left_mask, shown >> 8)
                and was_shown(shown, 4, sees_right_mask, shown >> 16) and reps_second_rx > 0
        ) is true as first_hidden,
        if(
            looked, is_hidden(0, 4, sees_right_mask, placement_mask),
            not was_shown(shown, 4, sees_right_mask, shown >> 16)
                and was_shown(shown, 1, sees_left_mask, shown >> 8) and reps_first_rx > 0
        ) is true as second_hidden
    from empty_day
    join span using (rx_no)
    left join ever using (pair_no)
),
day as (
    select * from block_day
    union all
    select * from day_without_block
),
-- a leg that was not seen leaves what was asked and what was done; factors of 0 and 1, which cost a third of an if
leg as (
    select
        day.*, coalesce(excuse, 'none') as excuse, selfreport_done, selfreport_reps,
        reps_first_rx * cast(not first_hidden as integer) as first_rx,
        reps_second_rx * cast(not second_hidden as integer) as second_rx,
        cast(first_rx > 0 as integer) as first_asked,
        cast(second_rx > 0 as integer) as second_asked,
        cast(first_rx + second_rx > 0 as integer) as any_asked,
        hold_s * cast(not holds_hidden as integer) as hold_s_rx
    from day
    left join said_day using (rx_no, local_date)
),
dose as (
    select
        *,
        first_rx + second_rx as reps_seen_rx,
        hold_s_rx * (first_rx + second_rx) as hold_s_seen_rx,
        first_asked * first_done + second_asked * second_done + any_asked * spare_done as reps_done,
        first_asked * first_hold_s + second_asked * second_hold_s + any_asked * spare_hold_s as hold_s_done,
        -- more on one leg does not make up for less on the other; reps of an unknown leg fill what is missing
        least(
            first_rx + second_rx,
            least(first_rx, first_done) + least(second_rx, second_done) + any_asked * spare_done
        ) as reps_counted,
        least(
            hold_s_rx * (first_rx + second_rx),
            least(hold_s_rx * first_rx, first_hold_s) + least(hold_s_rx * second_rx, second_hold_s)
                + any_asked * spare_hold_s
        ) as hold_s_counted
    from leg
),
final as (
    select
        rx_no, local_date, from_date, to_date, days_per_week,
        reps_counted >= cast(getvariable('qualifying_ratio') as double) * reps_seen_rx
            and reps_counted > 0 as qualifies,
        -- the state of the day as a number; 1 and 2 are done, and done with too few reps
        case
            when qualifies then 1
            when reps_counted > 0 and excuse = 'none' then 2
            when reps_seen_rx = 0 then 3
            when excuse = 'device_fault' then 4
            when excuse <> 'none' then 5
            when selfreport_done then 6
            when not selfreport_done then 7
            else 8
        end as standing,
        sessions_done,
        reps_seen_rx, reps_done, reps_counted,
        hold_s_seen_rx, hold_s_done, hold_s_counted,
        reps_partial, reps_inferred, all_done, unknown_done,
        selfreport_done, selfreport_reps, looked, has_block, holds_hidden, holds_estimated,
        looked and first_hidden and reps_first_rx > 0 and n_both = 0 as left_missing,
        looked and second_hidden and reps_second_rx > 0 as right_missing,
        looked and first_hidden and reps_first_rx > 0 and n_both = 1 as both_missing
    from dose
)
select * from final
