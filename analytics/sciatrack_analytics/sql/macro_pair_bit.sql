-- the bit of a pair of participant and exercise in day_sensor.pair_bits
create or replace macro pair_bit(pair_no) as cast(1 as ubigint) << cast(pair_no & 63 as ubigint);
