-- the reps of the blocks that are planned, put in by ranges of participants so that the memory needed does not grow with the study
insert into rep
select
    block_no, session_id, recording, block, block * 15 + nr, participant, local_date, exercise, placement, 1, side,
    block * 200.0 + nr * 10, block * 200.0 + nr * 10 + 1.2, block * 200.0 + nr * 10 + 1.2 + held_s,
    block * 200.0 + nr * 10 + 2.4 + held_s,
    held_s, held_s, held_s - 0.2, held_s + 0.2, 20 + held_s, true, false, true, 0.9, ''
from (
    select
        incoming_block.*, nr,
        round(task.hold_s * (0.8 + hash(session_id, incoming_block.block, nr) % 400 / 1000.0), 2) as held_s
    from incoming_block
    join task using (exercise)
    cross join range(15) as numbers (nr)
)
order by block_no, nr;
