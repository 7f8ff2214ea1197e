-- one row per participant and local day with a sensor session, for the blocks in `touched_block`
insert into day_sensor by name
with
final as (
    select
        participant, local_date,
        bit_or(placement_bit(placement)) as placement_mask,
        count(*) as blocks,
        bit_or(pair_bit(pair_no)) as pair_bits
    from touched_block
    group by participant, local_date
)
select * from final
order by participant, local_date;
