-- one row per participant and exercise with a day on which the person answered and the sensor could have seen
with
answered as (
    select
        participant, exercise,
        looked as has_session,
        state = 'done_sensor' as sensor_yes,
        selfreport_done as self_yes,
        -- reps compare only where the person gave a number for this exercise and every leg was seen
        if(has_block and sides_not_observable = '', selfreport_reps - reps_done, null) as diff_reps
    from day_state
    where selfreport_done is not null and state not in ('not_observable', 'device_fault')
),
counted as (
    select
        participant, exercise,
        count(*) as days_both,
        count(*) filter (where sensor_yes and self_yes) as both_yes,
        count(*) filter (where sensor_yes and not self_yes) as sensor_only,
        count(*) filter (where self_yes and not sensor_yes) as self_only,
        count(*) filter (where self_yes and not sensor_yes and not has_session) as self_only_no_session,
        count(*) filter (where not sensor_yes and not self_yes) as both_no,
        count(diff_reps) as days_reps,
        avg(diff_reps) as mean_diff_reps,
        stddev_samp(diff_reps) as sd_diff_reps
    from answered
    group by participant, exercise
),
-- Cohen's kappa: agreement beyond what the two shares of "yes" give by chance; undefined where both always agree
chance as (
    select
        *,
        (both_yes + both_no) / days_both as agreement,
        ((both_yes + sensor_only) * (both_yes + self_only) + (both_no + self_only) * (both_no + sensor_only))
            / (days_both * days_both) as by_chance
    from counted
),
final as (
    select
        participant, exercise, days_both, both_yes, sensor_only, self_only, self_only_no_session, both_no,
        (agreement - by_chance) / nullif(1 - by_chance, 0) as kappa,
        days_reps, mean_diff_reps,
        mean_diff_reps - 1.96 * sd_diff_reps as loa_low,
        mean_diff_reps + 1.96 * sd_diff_reps as loa_high
    from chance
)
select * from final
order by participant, exercise
