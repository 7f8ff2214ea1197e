-- one row per participant and local day with a sensor session, for the days in `touched`
insert into day_sensor
with
block_bit as (
    select
        participant,
        local_date,
        case placement
            when 'hip' then 1
            when 'left_thigh' then 2
            when 'right_thigh' then 4
            when 'thigh' then 8
            else 15 -- nobody said where: nothing can be ruled out
        end as placement_bit
    from block
    semi join touched using (participant, local_date)
),
final as (
    select participant, local_date, bit_or(placement_bit) as placement_mask
    from block_bit
    group by participant, local_date
)
select * from final
order by participant, local_date;
