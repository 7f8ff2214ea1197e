-- true if the sensor could not see a leg: the day's blocks say so (`seen` holds the leg's bit, and twice that for "not
-- seen"), or they say nothing of it and no sensor worn that day could have shown it
create or replace macro is_hidden(seen, leg_bit, sees_mask, placement_mask) as
    if((seen & (3 * leg_bit)) <> 0, (seen & leg_bit) = 0, coalesce((sees_mask & placement_mask) = 0, false));
