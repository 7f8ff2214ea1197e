-- one row per pair of participant and exercise and local day that the blocks in `touched_block` speak about
insert into pair_day
with
-- counts as doubles, which add up exactly and faster than the 128 bits that DuckDB adds integers in
leg_sum as (
    select
        block_no, side,
        cast(count(*) filter (where counted) as double) as reps,
        cast(count(hold_s) filter (where counted) as double) as holds,
        coalesce(sum(hold_s) filter (where counted), 0) as hold_s,
        cast(count(*) filter (where not complete) as double) as reps_partial,
        cast(count(*) filter (where inferred) as double) as reps_inferred
    from touched_rep
    group by block_no, side
),
-- two sensors that saw the same reps must not double them: the one that saw more speaks
doubly_worn as (
    select session_id
    from touched_block
    group by session_id
    having min(placement) <> max(placement)
),
placement_sum as (
    select
        session_id, pair_no, placement, leg_sum.side,
        sum(reps) as reps,
        sum(holds) as holds,
        list(block_no) as block_nos
    from touched_block
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
-- a day's sessions are counted only where there are several
several_session_day as (
    select participant, local_date
    from session
    semi join touched using (participant, local_date)
    group by participant, local_date
    having count(*) > 1
),
session_count as (
    select pair_no, local_date, count(distinct session_id) as sessions_done
    from touched_block
    join several_session_day using (participant, local_date)
    join leg_sum using (block_no)
    where reps > 0
    group by pair_no, local_date
),
heard as (
    select
        touched_block.pair_no, touched_block.local_date, placement_mask, touched_block.observability,
        spoken.side as leg, reps, holds, hold_s, reps_partial, reps_inferred,
        -- what a block says about a leg: seen, not seen, or (about the leg that it is not about) nothing
        case
            when observability = 'none' then false
            when "count" > 0 then true
            else observability <> 'weak'
        end as seen_both,
        case
            when reps_left > 0 then true
            when touched_block.side = 'right' then null
            when observability in ('none', 'weak') then false
            when touched_block.side = 'left' then true
            else (coalesce(sees_left_mask, 15) & placement_bit(placement)) <> 0
        end as seen_left,
        case
            when reps_right > 0 then true
            when touched_block.side = 'left' then null
            when observability in ('none', 'weak') then false
            when touched_block.side = 'right' then true
            else (coalesce(sees_right_mask, 15) & placement_bit(placement)) <> 0
        end as seen_right
    from touched_block
    join day_sensor using (participant, local_date)
    left join exercise using (exercise)
    left join spoken using (block_no)
),
day as (
    select
        pair_no, local_date,
        max(placement_mask) as placement_mask,
        coalesce(sum(reps), 0) > 0 as any_reps,
        sum(if(leg = 'left', reps, 0)) as reps_left,
        sum(if(leg = 'right', reps, 0)) as reps_right,
        sum(if(leg = 'both', reps, 0)) as reps_both,
        sum(if(leg = 'unknown', reps, 0)) as reps_unknown,
        sum(if(leg = 'left', hold_s, 0)) as hold_s_left,
        sum(if(leg = 'right', hold_s, 0)) as hold_s_right,
        sum(if(leg = 'both', hold_s, 0)) as hold_s_both,
        sum(if(leg = 'unknown', hold_s, 0)) as hold_s_unknown,
        coalesce(sum(holds), 0) as holds,
        coalesce(sum(reps_partial), 0) as reps_partial,
        coalesce(sum(reps_inferred), 0) as reps_inferred,
        bool_or(seen_left) as seen_left,
        bool_or(seen_right) as seen_right,
        bool_or(seen_both) as seen_both,
        bool_or(observability = 'full') as holds_seen
    from heard
    group by pair_no, local_date
),
final as (
    select
        pair_no, local_date, placement_mask,
        coalesce(sessions_done, cast(any_reps as integer)) as sessions_done,
        day.* exclude (pair_no, local_date, placement_mask, any_reps)
    from day
    left join session_count using (pair_no, local_date)
)
select * from final
order by pair_no, local_date;
