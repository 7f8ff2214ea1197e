-- one row per prescription version and ISO week with a day in force: what is known of its days, and which are due
with
known as (
    select
        rx_no, local_date, from_date, to_date, days_per_week, standing,
        monday(local_date) as week_start,
        weekday(local_date) as weekday,
        left_missing or right_missing or both_missing as side_missing,
        reps_done, reps_counted, reps_seen_rx,
        hold_s_done, hold_s_counted, hold_s_seen_rx
    from known_day
),
-- sets of days of a week are numbers of 7 bits; `marks` holds nine of them: one of each standing, and one of the days
-- on which a side is missing
known_days as (
    select
        rx_no, week_start,
        bit_or(
            (cast(1 as bigint) << (7 * standing - 7 + weekday))
                | if(side_missing and standing <> 3, cast(1 as bigint) << (56 + weekday), 0)
        ) as marks,
        bit_or(1 << weekday) as days_known,
        sum(cast(reps_done as double)) as reps_done,
        sum(hold_s_done) as hold_s_done,
        sum(cast(reps_counted as double)) as reps_counted,
        sum(cast(reps_seen_rx as double)) as reps_rx,
        sum(hold_s_counted) as hold_s_counted,
        sum(hold_s_seen_rx) as hold_s_rx
    from known
    where local_date is not null
    group by rx_no, week_start
),
other_day as (
    select
        rx_no, from_date, to_date, days_per_week, standing as standing_other,
        reps_seen_rx as reps_other, hold_s_seen_rx as hold_s_other,
        monday(from_date)
            + cast(7 * unnest(range((monday(to_date) - monday(from_date)) // 7 + 1)) as integer) as week_start
    from known
    where local_date is null
),
in_force as (
    select
        other_day.*,
        coalesce(known_days.reps_done, 0) as reps_done,
        coalesce(known_days.hold_s_done, 0) as hold_s_done,
        known_days.reps_counted, known_days.reps_rx, known_days.hold_s_counted, known_days.hold_s_rx,
        coalesce(marks, 0) as marks_known,
        coalesce(days_known, 0) as days_known,
        (127 << cast(greatest(from_date - week_start, 0) as integer))
            & (127 >> cast(greatest(week_start + 6 - to_date, 0) as integer)) & 127 as days
    from other_day
    left join known_days using (rx_no, week_start)
),
marked as (
    select
        *,
        days & ~days_known as days_other,
        marks_known | (cast(days & ~days_known as bigint) << (7 * standing_other - 7)) as marks
    from in_force
),
-- who takes the week's due days: days done first, in order; then days that could not be measured; then days with too
-- few reps, or with the person's word only; last the remaining days from the end of the week
turns as (
    select
        *,
        marked(marks, 1) as days_qualifying,
        marked(marks, 2) as days_too_few,
        marked(marks, 3) as days_not_observable,
        marked(marks, 4) as days_device_fault,
        marked(marks, 5) as days_excused,
        marked(marks, 6) as days_selfreport,
        marked(marks, 7) as days_reported_not_done,
        marked(marks, 8) as days_no_information,
        -- an excused day leaves the week as if it lay outside the study: 3 days a week are 2 of 5 days
        cast(floor(
            days_per_week * (bit_count(days) - bit_count(days_excused)) / 7.0 + 0.5
        ) as integer) as slots
    from marked
),
-- up to which place each turn goes, if all its days get one; a day that could not be measured takes one and is not due
turn_ends as (
    select
        *,
        days_not_observable | days_device_fault as days_unmeasured,
        days_reported_not_done | days_no_information as days_last,
        bit_count(days_qualifying) as upto_1,
        bit_count(days_qualifying | days_not_observable | days_device_fault) as upto_2,
        bit_count(days_qualifying | days_not_observable | days_device_fault | days_too_few) as upto_3,
        bit_count(
            days_qualifying | days_not_observable | days_device_fault | days_too_few | days_selfreport
        ) as upto_4
    from turns
),
-- turns whose days all have a place, and the one that the last places go to
places as (
    select
        *,
        case
            when slots < upto_1 then 0
            when slots < upto_2 then days_qualifying
            when slots < upto_3 then days_qualifying | days_unmeasured
            when slots < upto_4 then days_qualifying | days_unmeasured | days_too_few
            else days_qualifying | days_unmeasured | days_too_few | days_selfreport
        end as days_whole,
        case
            when slots < upto_1 then days_qualifying
            when slots < upto_2 then days_unmeasured
            when slots < upto_3 then days_too_few
            when slots < upto_4 then days_selfreport
            else days_last
        end as days_first,
        case
            when slots < upto_1 then slots
            when slots < upto_2 then slots - upto_1
            when slots < upto_3 then slots - upto_2
            when slots < upto_4 then slots - upto_3
            else slots - upto_4
        end as n_first
    from turn_ends
),
placed as (
    select *, days_whole | if(slots < upto_4, first_days(days_first, n_first), last_days(days_first, n_first)) as days_slot
    from places
),
slotted as (
    select
        *,
        days_slot & ~days_unmeasured as days_due,
        days & ~days_other & ~(days_slot & ~days_unmeasured) as days_left_out
    from placed
),
-- the sums of a week's known days are those of its due days, unless some of them are not due
due_sum as (
    select
        rx_no, week_start,
        sum(cast(reps_counted as double)) as reps_counted,
        sum(cast(reps_seen_rx as double)) as reps_rx,
        sum(hold_s_counted) as hold_s_counted,
        sum(hold_s_seen_rx) as hold_s_rx
    from known
    join (select rx_no, week_start, days_due from slotted where days_left_out <> 0) using (rx_no, week_start)
    where (days_due >> weekday) & 1 = 1
    group by rx_no, week_start
),
final as (
    select
        rx_no, week_start, days, days_other, days_slot, days_due, marks,
        reps_done, hold_s_done,
        coalesce(if(days_left_out = 0, slotted.reps_counted, due_sum.reps_counted), 0) as reps_counted,
        coalesce(if(days_left_out = 0, slotted.reps_rx, due_sum.reps_rx), 0) + bit_count(days_other & days_due) * reps_other as reps_rx,
        coalesce(if(days_left_out = 0, slotted.hold_s_counted, due_sum.hold_s_counted), 0) as hold_s_counted,
        coalesce(if(days_left_out = 0, slotted.hold_s_rx, due_sum.hold_s_rx), 0) + bit_count(days_other & days_due) * hold_s_other as hold_s_rx
    from slotted
    left join due_sum using (rx_no, week_start)
)
select * from final
