-- both bounds of Wilson's 95 % interval of a ratio p seen on n days; null where p or n is
-- (E. B. Wilson 1927, doi 10.1080/01621459.1927.10502953; 1.959964 is the normal quantile of 0.975)
create or replace macro wilson_low(p, n) as
    if(p is null or n is null, null, greatest(0, (
        p + 1.959964 * 1.959964 / (2 * n)
        - 1.959964 * sqrt(p * (1 - p) / n + 1.959964 * 1.959964 / (4 * n * n))
    ) / (1 + 1.959964 * 1.959964 / n)));
create or replace macro wilson_high(p, n) as
    if(p is null or n is null, null, least(1, (
        p + 1.959964 * 1.959964 / (2 * n)
        + 1.959964 * sqrt(p * (1 - p) / n + 1.959964 * 1.959964 / (4 * n * n))
    ) / (1 + 1.959964 * 1.959964 / n)));
