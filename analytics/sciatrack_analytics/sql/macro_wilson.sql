-- both bounds of Wilson's 95 % interval of a ratio that was seen on n days (Wilson 1927, doi 10.1080/01621459.1927.10502953)
create or replace temp macro wilson_low(p, n) as
    greatest(0, (p + 1.959964 * 1.959964 / (2 * n)
        - 1.959964 * sqrt(p * (1 - p) / n + 1.959964 * 1.959964 / (4 * n * n)))
        / (1 + 1.959964 * 1.959964 / n));
create or replace temp macro wilson_high(p, n) as
    least(1, (p + 1.959964 * 1.959964 / (2 * n)
        + 1.959964 * sqrt(p * (1 - p) / n + 1.959964 * 1.959964 / (4 * n * n)))
        / (1 + 1.959964 * 1.959964 / n));
