-- true if the sensor could not see a leg: the day's blocks say so (`seen` holds the leg's bit, and twice that for "not
-- seen"), or they say nothing of it and no sensor worn that day could have shown it
create or replace macro is_hidden(seen, leg_bit, sees_mask, placement_mask) as
    if((seen & (3 * leg_bit)) <> 0, (seen & leg_bit) = 0, coalesce((sees_mask & placement_mask) = 0, false));
-- true if it could on any of several days: `shown` holds the leg's bit, or sensors sat where they show it on a day of which
-- no block says anything of it
create or replace macro was_shown(shown, leg_bit, sees_mask, places) as
    (shown & leg_bit) <> 0 or (coalesce(sees_mask, 15) & places & 15) <> 0;
