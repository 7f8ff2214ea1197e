-- one row per session and exercise with measured holds: their middle half, beside the hold asked for that day
with
final as (
    select
        rep.participant, rep.exercise, session.start_local, rep.local_date,
        count(rep.hold_s) as n_holds,
        median(rep.hold_s) as hold_median_s,
        quantile_cont(rep.hold_s, 0.25) as hold_q1_s,
        quantile_cont(rep.hold_s, 0.75) as hold_q3_s,
        any_value(rx.hold_s) as hold_target_s
    from rep
    join session using (session_id)
    join person on person.participant = rep.participant
    join rx
        on rx.participant = rep.participant
        and rx.exercise = rep.exercise
        and rep.local_date >= rx.valid_from
        and (rx.valid_to is null or rep.local_date < rx.valid_to)
    where is_asked(rep.participant) and rep.counted and rep.hold_s is not null
        and rep.local_date between person.first_date and person.last_date
    group by rep.participant, rep.exercise, session.session_id, session.start_local, rep.local_date
)
select * from final
order by participant, exercise, start_local
