-- a set of days of a week is a number of 7 bits, Monday being the first; its first n days, and its last n
create or replace macro first_days(days, n) as
    if(bit_count(days & 1) <= n, days & 1, 0)
    | if(bit_count(days & 3) <= n, days & 2, 0)
    | if(bit_count(days & 7) <= n, days & 4, 0)
    | if(bit_count(days & 15) <= n, days & 8, 0)
    | if(bit_count(days & 31) <= n, days & 16, 0)
    | if(bit_count(days & 63) <= n, days & 32, 0)
    | if(bit_count(days & 127) <= n, days & 64, 0);
create or replace macro last_days(days, n) as
    if(bit_count(days >> 0) <= n, days & 1, 0)
    | if(bit_count(days >> 1) <= n, days & 2, 0)
    | if(bit_count(days >> 2) <= n, days & 4, 0)
    | if(bit_count(days >> 3) <= n, days & 8, 0)
    | if(bit_count(days >> 4) <= n, days & 16, 0)
    | if(bit_count(days >> 5) <= n, days & 32, 0)
    | if(bit_count(days >> 6) <= n, days & 64, 0);
-- the set of days of one standing (known_day) among `marks` (rx_week); 9: those on which a side is missing
create or replace macro marked(marks, standing) as cast((marks >> (7 * standing - 7)) & 127 as integer);
