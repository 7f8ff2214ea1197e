-- one row per block in `incoming_block` whose reps in `incoming_rep` all count and are of one side, with what they come to;
-- whole sessions only. Nearly all blocks are such; `fill_block_apart` puts in the others
insert into block by name
with
-- by number alone: that is a small whole number of a known range where the reps are stored already, so that DuckDB needs
-- no hash table (perfect_ht_threshold, facts.py). The side is told by its first letter and 16, which are 124 (left), 130
-- (right), 114 (both) and 133 (unknown): of any two of them the bits together are none of them
rep_sum as (
    select
        block_no,
        count(*) as reps,
        count(hold_s) as holds,
        coalesce(sum(hold_s), 0) as hold_s,
        bit_or(ascii(side) + 16) as side_code
    from incoming_rep
    group by block_no
),
-- complete reps that were seen themselves count
uncounted as (
    select distinct block_no
    from incoming_rep
    where counted = false and block_no is not null
),
doubly_worn as (
    select session_id
    from incoming_block
    group by session_id
    having min(placement) <> max(placement)
),
-- in the order of the incoming blocks, which is that of participants, or nearly: nothing but speed rests on it, and to
-- sort these wide rows again costs as much as a third of adding up their reps
final as (
    select
        incoming_block.*,
        if(side_code = 124, reps, 0) as reps_left,
        if(side_code = 130, reps, 0) as reps_right,
        if(side_code = 114, reps, 0) as reps_both,
        if(side_code = 133, reps, 0) as reps_unknown,
        if(side_code = 124, hold_s, 0) as hold_s_left,
        if(side_code = 130, hold_s, 0) as hold_s_right,
        if(side_code = 114, hold_s, 0) as hold_s_both,
        if(side_code = 133, hold_s, 0) as hold_s_unknown,
        holds,
        0 as reps_partial,
        0 as reps_inferred
    from incoming_block
    join rep_sum using (block_no)
    where side_code in (124, 130, 114, 133)
        -- not as anti joins: DuckDB would make its table of all the blocks, and look up these few in it
        and block_no not in (select block_no from uncounted)
        and session_id not in (select session_id from doubly_worn)
)
select * from final;
