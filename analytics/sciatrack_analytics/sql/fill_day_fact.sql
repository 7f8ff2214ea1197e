-- one row per participant, local day and exercise that a sensor session of that day speaks about,
-- for the days in `touched`
insert into day_fact
with
placement_reps as (
    select
        participant, local_date, session_id, exercise, side, placement,
        count(*) filter (where counted) as reps,
        count(hold_s) filter (where counted) as holds,
        coalesce(sum(hold_s) filter (where counted), 0) as hold_s,
        count(*) filter (where not complete) as reps_partial,
        count(*) filter (where inferred) as reps_inferred
    from rep
    semi join touched using (participant, local_date)
    group by all
),
-- two sensors that saw the same reps must not double them: the one that saw more speaks
session_reps as (
    select *
    from placement_reps
    qualify row_number() over (
        partition by session_id, exercise, side order by holds desc, reps desc, placement
    ) = 1
),
day_reps as (
    select
        participant, local_date, exercise,
        count(distinct session_id) filter (where reps > 0) as sessions_done,
        coalesce(sum(reps) filter (where side = 'left'), 0) as reps_left,
        coalesce(sum(reps) filter (where side = 'right'), 0) as reps_right,
        coalesce(sum(reps) filter (where side = 'both'), 0) as reps_both,
        coalesce(sum(reps) filter (where side = 'unknown'), 0) as reps_unknown,
        coalesce(sum(hold_s) filter (where side = 'left'), 0) as hold_s_left,
        coalesce(sum(hold_s) filter (where side = 'right'), 0) as hold_s_right,
        coalesce(sum(hold_s) filter (where side = 'both'), 0) as hold_s_both,
        coalesce(sum(hold_s) filter (where side = 'unknown'), 0) as hold_s_unknown,
        sum(holds) as holds,
        sum(reps_partial) as reps_partial,
        sum(reps_inferred) as reps_inferred
    from session_reps
    group by participant, local_date, exercise
),
block_view as (
    select
        block.*,
        case placement
            when 'hip' then 1 when 'left_thigh' then 2 when 'right_thigh' then 4 when 'thigh' then 8 else 15
        end as placement_bit,
        coalesce(sees_left_mask, 15) as sees_left_mask,
        coalesce(sees_right_mask, 15) as sees_right_mask
    from block
    semi join touched using (participant, local_date)
    left join exercise using (exercise)
),
-- what a block says about a leg: seen, not seen, or (about the leg that it is not about) nothing
block_statement as (
    select
        participant, local_date, exercise, observability,
        case
            when observability = 'none' then false
            when "count" > 0 then true
            else observability <> 'weak'
        end as seen_both,
        case
            when reps_left > 0 then true
            when side = 'right' then null
            when observability in ('none', 'weak') then false
            when side = 'left' then true
            else (sees_left_mask & placement_bit) <> 0
        end as seen_left,
        case
            when reps_right > 0 then true
            when side = 'left' then null
            when observability in ('none', 'weak') then false
            when side = 'right' then true
            else (sees_right_mask & placement_bit) <> 0
        end as seen_right
    from block_view
),
day_statement as (
    select
        participant, local_date, exercise,
        bool_or(seen_left) as seen_left,
        bool_or(seen_right) as seen_right,
        bool_or(seen_both) as seen_both,
        bool_or(observability = 'full') as holds_seen
    from block_statement
    group by participant, local_date, exercise
),
final as (
    select
        participant, local_date, exercise,
        coalesce(sessions_done, 0) as sessions_done,
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
        coalesce(reps_inferred, 0) as reps_inferred,
        seen_left,
        seen_right,
        seen_both,
        holds_seen
    from day_statement
    left join day_reps using (participant, local_date, exercise)
)
select * from final
order by participant, local_date, exercise;
