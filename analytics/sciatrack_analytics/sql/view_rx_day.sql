-- one row per participant, exercise and local day on which a prescription is in force
with
version_span as (
    select
        rx.*,
        greatest(valid_from, first_date) as from_date,
        least(valid_to - 1, last_date) as to_date
    from rx
    join person using (participant)
    where days_per_week > 0 and last_date is not null
),
day as (
    select
        * exclude (from_date, to_date),
        cast(unnest(generate_series(
            cast(from_date as timestamp), cast(to_date as timestamp), interval 1 day
        )) as date) as local_date
    from version_span
    where from_date <= to_date
),
final as (
    select *, cast(date_trunc('week', local_date) as date) as week_start
    from day
)
select * from final
