-- the reps of those sessions, put in by ranges of participants so that the memory needed does not grow with the study
insert into rep
select
    session_id, exercise || '.parquet', block, block * 15 + nr, participant, local_date, exercise, 'left_thigh', 1,
    side,
    block * 200.0 + nr * 10, block * 200.0 + nr * 10 + 1.2, block * 200.0 + nr * 10 + 1.2 + held_s,
    block * 200.0 + nr * 10 + 2.4 + held_s,
    held_s, held_s, held_s - 0.2, held_s + 0.2, 20 + held_s, true, false, true, 0.9, ''
from (
    select *, round(hold_s * (0.8 + hash(session_id, block, nr) % 400 / 1000.0), 2) as held_s
    from person_day, task, range(15) as numbers (nr)
    where person between getvariable('first_person') and getvariable('last_person')
)
order by person, day, block, nr;
