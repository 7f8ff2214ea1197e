-- one row per block in `incoming_block`, with what its reps in `incoming_rep` come to; whole sessions only
insert into block by name
with
-- nearly all reps count (complete, and not inferred), and of those there is less to add up than of the others; counts as
-- doubles, which add up exactly and faster than the 128 bits that DuckDB adds integers in
leg_sum as (
    select
        block_no, side,
        cast(count(*) as double) as reps,
        cast(count(hold_s) as double) as holds,
        coalesce(sum(hold_s), 0) as hold_s,
        cast(0 as double) as reps_partial,
        cast(0 as double) as reps_inferred
    from incoming_rep
    where counted
    group by block_no, side
    union all
    select
        block_no, side, 0, 0, 0,
        cast(count(*) filter (where not complete) as double),
        cast(count(*) filter (where inferred) as double)
    from incoming_rep
    where not counted
    group by block_no, side
),
-- two sensors that saw the same reps must not double them: the one that saw more speaks
doubly_worn as (
    select session_id
    from incoming_block
    group by session_id
    having min(placement) <> max(placement)
),
placement_sum as (
    select
        session_id, pair_no, placement, leg_sum.side,
        sum(reps) as reps,
        sum(holds) as holds,
        list(block_no) as block_nos
    from incoming_block
    join doubly_worn using (session_id)
    join leg_sum using (block_no)
    group by session_id, pair_no, placement, leg_sum.side
),
silent as (
    select unnest(block_nos) as block_no, side
    from placement_sum
    qualify row_number() over (
        partition by session_id, pair_no, side order by holds desc, reps desc, placement
    ) > 1
),
spoken as (
    select leg_sum.*
    from leg_sum
    anti join silent using (block_no, side)
),
-- most blocks are of one leg, or of both at once, and have nothing to add up
divided as (
    select block_no
    from spoken
    group by block_no
    having count(*) > 1
),
by_leg as not materialized (
    select
        block_no,
        if(side = 'left', reps, 0) as reps_left,
        if(side = 'right', reps, 0) as reps_right,
        if(side = 'both', reps, 0) as reps_both,
        if(side = 'unknown', reps, 0) as reps_unknown,
        if(side = 'left', hold_s, 0) as hold_s_left,
        if(side = 'right', hold_s, 0) as hold_s_right,
        if(side = 'both', hold_s, 0) as hold_s_both,
        if(side = 'unknown', hold_s, 0) as hold_s_unknown,
        holds, reps_partial, reps_inferred
    from spoken
),
block_sum as (
    select *
    from by_leg
    anti join divided using (block_no)
    union all
    select
        block_no,
        sum(reps_left), sum(reps_right), sum(reps_both), sum(reps_unknown),
        sum(hold_s_left), sum(hold_s_right), sum(hold_s_both), sum(hold_s_unknown),
        sum(holds), sum(reps_partial), sum(reps_inferred)
    from by_leg
    semi join divided using (block_no)
    group by block_no
),
-- in the order of the incoming blocks, which is that of participants, or nearly: nothing but speed rests on it, and to
-- sort these wide rows again costs as much as a third of adding up their reps
final as (
    select
        incoming_block.*,
        coalesce(reps_left, 0) as reps_left,
        coalesce(reps_right, 0) as reps_right,
        coalesce(reps_both, 0) as reps_both,
        coalesce(reps_unknown, 0) as reps_unknown,
        coalesce(hold_s_left, 0) as hold_s_left,
        coalesce(hold_s_right, 0) as hold_s_right,
        coalesce(hold_s_both, 0) as hold_s_both,
        coalesce(hold_s_unknown, 0) as hold_s_unknown,
        coalesce(holds, 0) as holds,
        coalesce(reps_partial, 0) as reps_partial,
        coalesce(reps_inferred, 0) as reps_inferred
    from incoming_block
    left join block_sum using (block_no)
)
select * from final;
