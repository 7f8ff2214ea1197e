-- the bit of a pair of participant and exercise in day_sensor.pair_bits, and 0 for one that shares its bit with others:
-- of 32 numbers the first 31 are of one participant, who has the last one of others where there are more (fill_person_exercise)
create or replace macro pair_bit(pair_no) as cast(1 as uinteger) << cast(pair_no & 31 as uinteger);
create or replace macro own_bit(pair_no) as if(pair_no & 31 = 31, 0, pair_bit(pair_no));
-- the number of a prescription version
create or replace macro rx_number(pair_no, version) as cast(pair_no as bigint) * 100000 + version;
