-- one row per prescription version and local day in force of which anything is known: what was asked and done; and
-- one row per version without a date, which stands for each other day
with
span as (select * from rx_span),
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
    join span using (pair_no)
    anti join day_sensor using (participant, local_date)
    where local_date between from_date and to_date
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
        day.*, coalesce(said_day.standing, 8) as standing_said, selfreport_done, selfreport_reps,
        reps_first_rx * cast(not first_hidden as integer) as first_rx,
        reps_second_rx * cast(not second_hidden as integer) as second_rx,
        cast(first_rx > 0 as integer) as first_asked,
        cast(second_rx > 0 as integer) as second_asked,
        cast(first_rx + second_rx > 0 as integer) as any_asked,
        hold_s * cast(not holds_hidden as integer) as hold_s_rx
    from day
    left join said_day using (pair_no, local_date)
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
        -- the state of the day as a number; 1 and 2 are done, and done with too few reps; 4 and 5 are excuses
        case
            when qualifies then 1
            when reps_counted > 0 and standing_said > 5 then 2
            when reps_seen_rx = 0 then 3
            else standing_said
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
