-- day of the ISO week, Monday being 0 (1900-01-01 was one), the Monday itself, and the week's name
create or replace macro weekday(day) as cast((day - date '1900-01-01') % 7 as integer);
create or replace macro monday(day) as day - weekday(day);
create or replace macro iso_week(day) as strftime(day, '%G-W%V');
