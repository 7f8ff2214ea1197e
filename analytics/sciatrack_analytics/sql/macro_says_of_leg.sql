-- what a block says about a leg: 1 seen, 2 not seen, and 0, which is nothing, about the leg that it is not about
create or replace macro says_of_leg(leg, other_leg, n_reps, side, observability, sees_mask, placement) as
    case
        when n_reps > 0 then 1
        when side = other_leg then 0
        when observability in ('none', 'weak') then 2
        when side = leg then 1
        when (coalesce(sees_mask, 15) & placement_bit(placement)) <> 0 then 1
        else 2
    end;
