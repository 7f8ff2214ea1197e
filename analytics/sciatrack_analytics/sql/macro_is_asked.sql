-- true for whom a report is about, and for everybody where it is about nobody in particular: said of the
-- stored tables themselves, so that a question about one person reads the rows of one person
create or replace macro is_asked(who) as
    (getvariable('report_participant') is null or who = cast(getvariable('report_participant') as varchar));
