-- one row per pair of participant and exercise in `incoming_pair` that has no number yet
insert into person_exercise
with
new_pair as (
    select distinct participant, exercise
    from incoming_pair
    anti join person_exercise using (participant, exercise)
),
numbered as (
    select participant, count(*) as pairs, min(pair_no) // 32 as page
    from person_exercise
    group by participant
),
-- the pair's place among those of the participant, from 0; pages are 32 numbers each
placed as (
    select
        participant, exercise, page,
        coalesce(pairs, 0) + row_number() over (partition by participant order by exercise) - 1 as place
    from new_pair
    left join numbered using (participant)
),
-- who is new is given a page, and so is each pair after the 31st, of which it is the last number
new_page as (
    select
        participant, greatest(place, 30) as last_place,
        (select coalesce(max(pair_no) // 32, -1) from person_exercise)
            + row_number() over (order by participant, last_place) as page
    from placed
    where page is null or place > 30
    group by participant, last_place
),
final as (
    select
        32 * coalesce(new_page.page, placed.page) + least(place, 31) as pair_no,
        placed.participant, exercise
    from placed
    left join new_page on placed.participant = new_page.participant and greatest(place, 30) = last_place
)
select * from final
order by pair_no;
