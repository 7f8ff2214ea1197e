-- first and last day of observation: as participants.csv says, else from the first prescription, else from the first
-- record on, to the cut-off; both within the days that were asked for
create or replace macro enrolled_on(start_date, first_rx, first_known) as coalesce(start_date, first_rx, first_known);
create or replace macro observed_from(enrolled_date, first_asked) as greatest(enrolled_date, first_asked);
create or replace macro observed_to(end_date, last_known) as if(last_known is null, null, least(end_date, last_known));
