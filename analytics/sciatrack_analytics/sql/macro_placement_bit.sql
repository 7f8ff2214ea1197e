-- where a sensor sat, as a bit; 15 where nobody said: nothing can be ruled out
create or replace macro placement_bit(placement) as
    case placement when 'hip' then 1 when 'left_thigh' then 2 when 'right_thigh' then 4 when 'thigh' then 8 else 15 end;
