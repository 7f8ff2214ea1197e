-- one row: the last local day that a report speaks about, and the first if one was asked for
with
known_day as (
    select max(local_date) as local_date from session
    union all
    select max(local_date) from checkin
    union all
    select max(local_date) from selfreport
),
final as (
    select
        cast(getvariable('report_from') as date) as first_date,
        coalesce(cast(getvariable('report_to') as date), max(local_date)) as last_date
    from known_day
)
select * from final
