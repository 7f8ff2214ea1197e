-- one row per block in `incoming_block` that `fill_block` left out, with what its reps in `incoming_rep` come to: blocks
-- without reps, with reps of several sides or that do not count, and of sessions with several sensors
insert into block by name
with
left_out as (
    select incoming_block.*
    from incoming_block
    anti join (
        select block_no from block where block_no >= cast(getvariable('first_block') as integer)
    ) using (block_no)
),
leg_sum as (
    select
        block_no, side,
        count(*) filter (where counted) as reps,
        count(hold_s) filter (where counted) as holds,
        coalesce(sum(hold_s) filter (where counted), 0) as hold_s,
        count(*) filter (where not complete) as reps_partial,
        count(*) filter (where inferred) as reps_inferred
    from incoming_rep
    semi join left_out using (block_no)
    group by block_no, side
),
-- two sensors that saw the same reps must not double them: the one that saw more speaks
doubly_worn as (
    select session_id
    from left_out
    group by session_id
    having min(placement) <> max(placement)
),
placement_sum as (
    select
        session_id, pair_no, placement, leg_sum.side,
        sum(reps) as reps,
        sum(holds) as holds,
        list(block_no) as block_nos
    from left_out
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
block_sum as (
    select
        block_no,
        sum(if(side = 'left', reps, 0)) as reps_left,
        sum(if(side = 'right', reps, 0)) as reps_right,
        sum(if(side = 'both', reps, 0)) as reps_both,
        sum(if(side = 'unknown', reps, 0)) as reps_unknown,
        sum(if(side = 'left', hold_s, 0)) as hold_s_left,
        sum(if(side = 'right', hold_s, 0)) as hold_s_right,
        sum(if(side = 'both', hold_s, 0)) as hold_s_both,
        sum(if(side = 'unknown', hold_s, 0)) as hold_s_unknown,
        sum(holds) as holds,
        sum(reps_partial) as reps_partial,
        sum(reps_inferred) as reps_inferred
    from leg_sum
    anti join silent using (block_no, side)
    group by block_no
),
final as (
    select
        left_out.*,
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
    from left_out
    left join block_sum using (block_no)
)
select * from final;
