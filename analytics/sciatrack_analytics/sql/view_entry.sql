-- one row per participant in participants.csv: the last line about them
with
final as (
    select participant, arm, start_date, end_date, note
    from participant
    where is_asked(participant)
    qualify row_number() over (partition by participant order by line desc) = 1
)
select * from final
