-- one row per prescription version, ISO week and known day, and one or two for the week's other days, which are alike:
-- those that the week's due days take and those that they do not
with
known as (
    select
        *,
        monday(local_date) as week_start,
        1 << weekday(local_date) as day_bit,
        -- who takes the week's due days: days done first, in order; then days that could not be measured; then days
        -- with too few reps, or with the person's word only; last the remaining days from the end of the week
        case
            when known_as = 'done_sensor' and qualifies then 1
            when known_as in ('not_observable', 'device_fault') then 2
            when known_as = 'done_sensor' then 3
            when known_as = 'done_selfreport_only' then 4
            when known_as = 'excused' then 6
            else 5
        end as turn
    from known_day
),
other_day as (
    select * exclude (local_date, week_start, day_bit)
    from known
    where local_date is null
),
week_of as (
    select
        rx_no, days_per_week, from_date, to_date,
        monday(from_date)
            + cast(7 * unnest(range((monday(to_date) - monday(from_date)) // 7 + 1)) as integer) as week_start
    from other_day
),
in_force as (
    select
        rx_no, days_per_week, week_start,
        (127 << cast(greatest(from_date - week_start, 0) as integer))
            & (127 >> cast(greatest(week_start + 6 - to_date, 0) as integer)) & 127 as days
    from week_of
),
known_days as (
    select
        rx_no, week_start,
        bit_or(day_bit) as days_known,
        coalesce(bit_or(day_bit) filter (where turn = 1), 0) as days_1,
        coalesce(bit_or(day_bit) filter (where turn = 2), 0) as days_2,
        coalesce(bit_or(day_bit) filter (where turn = 3), 0) as days_3,
        coalesce(bit_or(day_bit) filter (where turn = 4), 0) as days_4,
        coalesce(bit_or(day_bit) filter (where turn = 5), 0) as days_5,
        coalesce(bit_or(day_bit) filter (where turn = 6), 0) as days_6
    from known
    where local_date is not null
    group by rx_no, week_start
),
turns as (
    select
        rx_no, week_start, days,
        days & ~coalesce(days_known, 0) as days_other,
        coalesce(days_1, 0) as days_1,
        coalesce(days_2, 0) | if(turn = 2, days_other, 0) as days_2,
        coalesce(days_3, 0) as days_3,
        coalesce(days_4, 0) as days_4,
        coalesce(days_5, 0) | if(turn = 5, days_other, 0) as days_5,
        -- an excused day leaves the week as if it lay outside the study: 3 days a week are 2 of 5 days
        cast(floor(
            in_force.days_per_week * (bit_count(days) - bit_count(coalesce(days_6, 0))) / 7.0 + 0.5
        ) as integer) as slots
    from in_force
    left join known_days using (rx_no, week_start)
    join other_day using (rx_no)
),
-- turns whose days are all taken, and the one that the last places go to
places as (
    select
        *,
        bit_count(days_1) as upto_1,
        upto_1 + bit_count(days_2) as upto_2,
        upto_2 + bit_count(days_3) as upto_3,
        upto_3 + bit_count(days_4) as upto_4,
        if(slots >= upto_1, days_1, 0) | if(slots >= upto_2, days_2, 0)
            | if(slots >= upto_3, days_3, 0) | if(slots >= upto_4, days_4, 0) as days_whole,
        case when slots < upto_1 then days_1 when slots < upto_2 then days_2 when slots < upto_3 then days_3 else days_4 end
            as days_first,
        slots - case when slots < upto_1 then 0 when slots < upto_2 then upto_1 when slots < upto_3 then upto_2 else upto_3 end
            as n_first
    from turns
),
slotted as (
    select
        rx_no, week_start, days_other, days & -days as first_day,
        days_whole | if(
            slots < upto_4, first_days(days_first, n_first), last_days(days_5, slots - upto_4)
        ) as days_slot
    from places
),
other as (
    select rx_no, week_start, first_day, days_other & days_slot as days, true as has_slot from slotted
    union all
    select rx_no, week_start, first_day, days_other & ~days_slot, false from slotted
),
stated as (
    select known.* exclude (day_bit, local_date), day_bit as days, first_day, (day_bit & days_slot) <> 0 as has_slot
    from known
    join slotted using (rx_no, week_start)
    union all by name
    select *
    from other
    join other_day using (rx_no)
    where days <> 0
),
final as (
    select
        rx_no // 100000 as pair_no, rx_no % 100000 as version,
        * exclude (turn, known_as, has_slot, first_day, from_date, to_date, days_per_week),
        (days & first_day) <> 0 as is_first,
        cast(bit_count(days) as double) as n_days,
        if(not has_slot and known_as in ('no_information', 'reported_not_done'), 'not_due', known_as) as state,
        has_slot and turn <> 2 as due
    from stated
)
select * from final
