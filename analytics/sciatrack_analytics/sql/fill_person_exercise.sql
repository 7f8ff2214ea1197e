-- one row per pair of participant and exercise in `incoming_pair` that has no number yet
insert into person_exercise
with
new_pair as (
    select distinct participant, exercise
    from incoming_pair
    anti join person_exercise using (participant, exercise)
),
final as (
    select
        (select coalesce(max(pair_no), 0) from person_exercise)
            + row_number() over (order by participant, exercise) as pair_no,
        participant, exercise
    from new_pair
)
select * from final
order by pair_no;
