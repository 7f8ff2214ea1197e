-- one row per participant, exercise and prescription version, of the lists and the catalogue as they are in the index
insert into rx_plan by name
with
enrolment as (
    select participant, arg_max_null(start_date, line) as start_date, arg_max_null(end_date, line) as end_date
    from participant
    group by participant
),
final as (
    select
        rx_number(pair_no, version) as rx_no, pair_no,
        participant, exercise, version, valid_from,
        lead(valid_from) over (partition by pair_no order by version) as valid_to,
        enrolled_on(start_date, min(valid_from) over (partition by participant), null) as enrolled_date,
        end_date, days_per_week, hold_s,
        if(side <> 'right', sessions_per_day * "sets" * reps, 0) as reps_first_rx,
        if(side in ('right', 'each'), sessions_per_day * "sets" * reps, 0) as reps_second_rx,
        if(side = 'both', 1, 0) as n_both,
        if(side = 'both', 16, 1) as first_bit,
        own_bit(pair_no) as own_bit,
        if(side = 'both', sees_both_mask, sees_left_mask) as sees_first_mask,
        sees_left_mask, sees_right_mask
    from prescription
    join person_exercise using (participant, exercise)
    left join enrolment using (participant)
    left join exercise using (exercise)
)
select * from final
order by rx_no;
