-- true for whom a report is about, and for everybody where it is about nobody in particular: said of the
-- stored tables themselves, so that a question about one person, or about a portion of them, reads their rows alone
create or replace macro is_asked(who) as
    (getvariable('report_participant') is null or who = cast(getvariable('report_participant') as varchar))
    and (getvariable('portion_first') is null or who between
        cast(getvariable('portion_first') as varchar) and cast(getvariable('portion_last') as varchar));
