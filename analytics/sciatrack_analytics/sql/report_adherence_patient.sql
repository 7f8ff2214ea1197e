-- one row per participant of the study
with
participant_week as (
    select
        participant, week_start,
        sum(cast(days_done as double)) as days_done,
        sum(cast(days_rx as double)) as days_rx,
        sum(cast(days_done as double)) / nullif(sum(cast(days_rx as double)), 0) as freq_adherence,
        sum(cast(days_selfreport as double)) as days_selfreport,
        sum(cast(days_known as double)) as days_known,
        sum(cast(reps_counted as double)) as reps_counted,
        sum(cast(reps_rx as double)) as reps_rx,
        sum(hold_s_counted) as hold_s_counted,
        sum(hold_s_rx) as hold_s_rx,
        sum(cast(reps_done as double)) as reps_done,
        sum(cast(n_no_information as double)) as n_no_information,
        sum(cast(excused_days as double)) as excused_days,
        sum(cast(device_fault_days as double)) as device_fault_days,
        sum(cast(not_observable_days as double)) as not_observable_days,
        sum(cast(not_due_days as double)) as not_due_days,
        cast(bit_count(bit_or(due_days)) as double) as distinct_days_rx
    from week
    group by participant, week_start
),
exercise_days as (
    select
        participant,
        cast(sum(days_done) as bigint) as days_done,
        cast(sum(days_rx) as bigint) as days_rx,
        cast(sum(days_selfreport) as bigint) as days_selfreport,
        cast(sum(days_known) as bigint) as days_known,
        cast(sum(reps_counted) as bigint) as reps_counted,
        cast(sum(reps_rx) as bigint) as reps_rx,
        sum(hold_s_counted) as hold_s_counted,
        sum(hold_s_rx) as hold_s_rx,
        cast(sum(reps_done) as bigint) as reps_done,
        cast(sum(n_no_information) as bigint) as n_no_information,
        cast(sum(excused_days) as bigint) as excused_days,
        cast(sum(device_fault_days) as bigint) as device_fault_days,
        cast(sum(not_observable_days) as bigint) as not_observable_days,
        cast(sum(not_due_days) as bigint) as not_due_days,
        count(*) filter (where freq_adherence >= cast(getvariable('target_ratio') as double))
            as weeks_at_target,
        count(freq_adherence) as weeks_observed,
        -- exercises of one day are one decision to exercise, not several: the interval counts days
        cast(sum(distinct_days_rx) as bigint) as distinct_days_rx
    from participant_week
    group by participant
),
fewest as (
    select participant, min(days_per_week) as fewest_days_per_week
    from rx_span
    group by participant
),
version_count as (
    select participant, count(*) as rx_versions
    from rx
    where valid_from is distinct from valid_to and valid_from <= (select last_date from cut_off)
    group by participant
),
-- a questionnaire filled in after the cut-off is not known yet; one filled in before the first day is the baseline
ears_day as (
    select participant, local_date, total
    from ears
    join person using (participant)
    where local_date <= last_date
    qualify row_number() over (partition by participant, local_date order by line desc) = 1
),
ears_score as (
    select participant, arg_min(total, local_date) as ears_baseline, arg_max(total, local_date) as ears_last
    from ears_day
    group by participant
),
final as (
    select
        participant, arm, first_date as start, last_date as "end",
        greatest(0, last_date - first_date + 1) as days_observed,
        coalesce(rx_versions, 0) as rx_versions,
        coalesce(days_done, 0) as days_done,
        coalesce(days_rx, 0) as days_rx,
        days_done / nullif(days_rx, 0) as freq_adherence,
        wilson_low(days_done / nullif(days_rx, 0), nullif(distinct_days_rx, 0)) as ci_low,
        wilson_high(days_done / nullif(days_rx, 0), nullif(distinct_days_rx, 0)) as ci_high,
        coalesce(distinct_days_rx, 0) as ci_days,
        coalesce(reps_counted, 0) as reps_counted,
        coalesce(reps_rx, 0) as reps_rx,
        reps_counted / nullif(reps_rx, 0) as dose_reps,
        coalesce(hold_s_counted, 0) as hold_s_counted,
        coalesce(hold_s_rx, 0) as hold_s_rx,
        hold_s_counted / nullif(hold_s_rx, 0) as dose_hold,
        reps_done / nullif(reps_rx, 0) as over_dose,
        coalesce(weeks_at_target, 0) as weeks_at_target,
        coalesce(weeks_observed, 0) as weeks_observed,
        if(fewest_days_per_week = 7, days_done / nullif(days_rx, 0), null) as pdc,
        coalesce(days_done + days_selfreport, 0) as complete_case_done,
        coalesce(days_known, 0) as complete_case_days,
        (days_done + days_selfreport) / nullif(days_known, 0) as complete_case_adherence,
        coalesce(n_no_information, 0) as n_no_information,
        coalesce(excused_days, 0) as excused_days,
        coalesce(device_fault_days, 0) as device_fault_days,
        coalesce(not_observable_days, 0) as not_observable_days,
        coalesce(not_due_days, 0) as not_due_days,
        last_session,
        case
            when last_date is null then 'no_data'
            when last_session is null then 'never_started'
            when last_date - last_session >= cast(getvariable('silence_days') as integer) then 'dropped_out'
            when end_date <= last_date then 'completed'
            else 'active'
        end as status,
        ears_baseline, ears_last
    from person
    left join exercise_days using (participant)
    left join version_count using (participant)
    left join fewest using (participant)
    left join ears_score using (participant)
)
select * from final
order by participant
