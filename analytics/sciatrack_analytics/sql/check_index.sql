-- one row per session of the index, with what `verify` compares with its folder
with
block_count as (select session_id, count(*) as n_blocks from block group by session_id),
rep_count as (select session_id, count(*) as n_reps from rep group by session_id),
checkin_count as (
    select session_id, count(*) as n_checkins from checkin where session_id is not null group by session_id
),
final as (
    select
        session_id, manifest_sha256,
        coalesce(n_blocks, 0) as n_blocks,
        coalesce(n_reps, 0) as n_reps,
        coalesce(n_checkins, 0) as n_checkins
    from session
    left join block_count using (session_id)
    left join rep_count using (session_id)
    left join checkin_count using (session_id)
)
select * from final
order by session_id
