-- one row per pair of participant and exercise and local day that the blocks in `touched_block` speak about
insert into pair_day by name
with
-- on most days every sensor sits in one place, which each block names
several_place_day as (
    select participant, local_date, placement_mask
    from day_sensor
    where bit_count(placement_mask) > 1
),
-- days on which there is something to add up; on the others one block is the day. Only a day with more blocks than bits
-- of pairs can have any
full_day as (
    select participant, local_date
    from day_sensor
    where blocks > bit_count(pair_bits)
),
shared_day as (
    select pair_no, local_date
    from touched_block
    semi join full_day using (participant, local_date)
    group by pair_no, local_date
    having count(*) > 1
),
heard as not materialized (
    select
        pair_no, local_date, session_id,
        coalesce(placement_mask, placement_bit(placement)) as placement_mask,
        reps_left, reps_right, reps_both, reps_unknown,
        reps_left + reps_right + reps_both + reps_unknown > 0 as any_reps,
        hold_s_left, hold_s_right, hold_s_both, hold_s_unknown,
        holds, reps_partial, reps_inferred,
        says_of_leg('left', 'right', reps_left, side, observability, sees_left_mask, placement)
            | (says_of_leg('right', 'left', reps_right, side, observability, sees_right_mask, placement) << 2)
            | case
            when observability = 'none' then 32
            when "count" > 0 then 16
            when observability = 'weak' then 32
            else 16
        end | if(observability = 'full', 64, 0) as seen
    from touched_block
    left join several_place_day using (participant, local_date)
    left join exercise using (exercise)
),
alone as (
    select * exclude (session_id, any_reps), cast(any_reps as integer) as sessions_done
    from heard
    anti join shared_day using (pair_no, local_date)
),
added_up as (
    select
        pair_no, local_date,
        bit_or(placement_mask) as placement_mask,
        sum(reps_left) as reps_left,
        sum(reps_right) as reps_right,
        sum(reps_both) as reps_both,
        sum(reps_unknown) as reps_unknown,
        sum(hold_s_left) as hold_s_left,
        sum(hold_s_right) as hold_s_right,
        sum(hold_s_both) as hold_s_both,
        sum(hold_s_unknown) as hold_s_unknown,
        sum(holds) as holds,
        sum(reps_partial) as reps_partial,
        sum(reps_inferred) as reps_inferred,
        bit_or(seen) as seen,
        count(distinct session_id) filter (where any_reps) as sessions_done
    from heard
    semi join shared_day using (pair_no, local_date)
    group by pair_no, local_date
),
-- one block's days come in the order of the blocks, which is that of participants; only sums need to be put in order
final as (
    select * from alone
    union all by name
    (select * from added_up order by pair_no, local_date)
)
select * from final;
