-- one row per participant, exercise and local day in force: the day's state, and whether the day was due
with
known_state as (
    select
        *,
        case
            when reps_counted > 0 and (qualifies or excuse = 'none') then 'done_sensor'
            when nothing_seen then 'not_observable'
            when excuse <> 'none' then excuse
            when selfreport_done then 'done_selfreport_only'
            when not selfreport_done then 'reported_not_done'
            else 'no_information'
        end as known_as
    from day_evidence
),
-- who takes the week's due days: days done first, in order; then days that could not be measured; then days
-- with too few reps, or with the person's word only; last the remaining days from the end of the week
ranked as (
    select
        *,
        case
            when known_as = 'done_sensor' and qualifies then 1
            when known_as in ('not_observable', 'device_fault') then 2
            when known_as = 'done_sensor' then 3
            when known_as = 'done_selfreport_only' then 4
            when known_as = 'excused' then 6
            else 5
        end as turn
    from known_state
),
placed as (
    select
        *,
        -- an excused day leaves the week as if it lay outside the study: 3 days a week are 2 of 5 days
        floor(days_per_week * count(*) filter (where turn < 6) over segment / 7.0 + 0.5) as slots,
        row_number() over (
            segment
            order by turn, if(turn = 5, date '1970-01-01' - local_date, local_date - date '1970-01-01')
        ) as place
    from ranked
    window segment as (partition by participant, exercise, week_start, rx_version)
),
slotted as (
    select *, turn < 6 and place <= slots as has_slot
    from placed
),
stated as (
    select
        *,
        if(not has_slot and known_as in ('no_information', 'reported_not_done'), 'not_due', known_as)
            as state,
        has_slot and known_as not in ('not_observable', 'device_fault') as due
    from slotted
),
final as (
    select
        participant, exercise, local_date, week_start, rx_version, state, due, qualifies,
        sessions_done,
        if(due, sessions_per_day, 0) as sessions_rx,
        reps_done,
        if(due, reps_counted, 0) as reps_counted,
        if(due, reps_seen_rx, 0) as reps_rx,
        hold_s_done,
        if(due, hold_s_counted, 0) as hold_s_counted,
        if(due, hold_s_seen_rx, 0) as hold_s_rx,
        days_per_week, hold_target_s, rx_side, reps_partial, reps_inferred,
        selfreport_done, selfreport_reps, looked, has_block,
        sides_not_observable,
        case
            when state = 'done_sensor' then 'sensor'
            when state in ('done_selfreport_only', 'reported_not_done') then 'selfreport'
            else ''
        end as source,
        quality_flag
    from stated
)
select * from final
