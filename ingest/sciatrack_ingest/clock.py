"""The sensor's clock on the host's clock.

A packet can be late, by the connection interval, by radio trouble, by a busy computer, but never early. So among
all pairs of sensor's time and arrival the earliest ones tell the truth: the line that lies below all points and
nearest to them is the sensor's clock as the host sees it, up to the shortest delay of the link, which nobody can
see. Clocks drift with temperature, so a line is fitted to each of many windows that overlap, and between their
middles it is interpolated.

Own rule. The lower envelope is an idea of Moon, Skelly and Towsley (Estimation and removal of clock skew from
network delay measurements, INFOCOM 1999), who solve it as a linear programme; here it is an edge of the hull.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sciatrack_ingest.recording import Float

# In a minute even a jittery link has some packets that came at once; a crystal's drift bends its line by less than
# 1 ms in that time. Shorter: the slope follows jitter. Longer: it misses warming up on the skin.
WINDOW_S = 60.0
# A clock that was itself counted from samples misses those that were lost unseen, so it must be led by the arrivals
# more closely: with 1 % lost at 50 ms jitter it is 14 ms off in the median, by a minute's window 40 (but at 200 ms
# jitter without losses 48 instead of 13; by benchmarks/recording.py). It must outlast a stall, which the collector
# ends after 3 s: in a shorter window nothing may have come at once.
COUNTED_WINDOW_S = 4.0
HOPS = 6  # windows begin so often within one
# One point for each stretch of this length is enough: the earliest. It bounds the work, whatever the rate.
BIN_S = 0.5
# Quartz is within 100 ppm and what an RC oscillator is trimmed to within 500; beyond it the fit has no base.
MAX_SKEW_RATIO = 1e-3
# With less than this the slope would be jitter over length: 50 ms over 5 s are 1 %.
MIN_SLOPE_S = 20.0
MIN_SLOPE_POINTS = 8


@dataclass(frozen=True, eq=False)
class ClockFit:
    """Sensor's clock to host's clock for one epoch of one connection.

    device_s, host_s : (k,) knots, both strictly increasing; beyond the ends the slope goes on
    skew_ppm         : how much faster the host's clock runs than the sensor's, over the whole stretch
    delay_s          : (3,) quantiles 50, 95 and 100 % of how late packets came
    """

    device_s: Float
    host_s: Float
    skew_ppm: float
    delay_s: tuple[float, float, float]

    def to_host_s(self, device_s: Float) -> Float:
        """(n,) host's time of moments on the sensor's clock."""
        host_s = np.interp(device_s, self.device_s, self.host_s)
        for end, side in ((0, device_s < self.device_s[0]), (-1, device_s > self.device_s[-1])):
            beyond = device_s[side] - self.device_s[end]
            host_s[side] = self.host_s[end] + beyond * (1.0 + self.skew_ppm * 1e-6)
        return host_s


def fit_clock(
    device_s: Float, arrival_s: Float, *, max_skew_ratio: float = MAX_SKEW_RATIO, window_s: float = WINDOW_S
) -> ClockFit:
    """Fit the host's clock to a sensor's.

    device_s  : (m,) sensor's clock at the last sample of each packet, increasing
    arrival_s : (m,) when the packet came, on the host's clock
    max_skew_ratio : how far the clocks' speeds may differ; wide for a clock that was itself made from arrivals
    window_s  : over which one line is fitted; COUNTED_WINDOW_S for such a clock

    At least one packet. With too few for a slope, the clocks run alike and the earliest packet sets them.
    """
    device, arrival = _earliest(device_s, arrival_s)
    slope = _overall_slope(device, arrival, max_skew_ratio)
    knots = _window_knots(device, arrival, slope, max_skew_ratio, window_s)
    increasing = len(knots) > 0 and bool((np.diff(knots[:, 1]) > 0).all())
    if not increasing and window_s < WINDOW_S:  # a stall as long as the window
        return fit_clock(device_s, arrival_s, max_skew_ratio=max_skew_ratio)
    if not increasing:
        offset_s = float(np.min(arrival - slope * device))
        knots = np.array([[device[0], slope * device[0] + offset_s]])
    fit = ClockFit(knots[:, 0], knots[:, 1], (slope - 1.0) * 1e6, (0.0, 0.0, 0.0))
    late_s = arrival_s - fit.to_host_s(device_s)
    half, most, longest = np.quantile(late_s, [0.5, 0.95, 1.0])
    return ClockFit(fit.device_s, fit.host_s, fit.skew_ppm, (float(half), float(most), float(longest)))


def _earliest(device_s: Float, arrival_s: Float) -> tuple[Float, Float]:
    """One packet for each BIN_S of the sensor's clock: the one that came earliest for its time."""
    bins = np.floor((device_s - device_s[0]) / BIN_S)
    order = np.lexsort((arrival_s - device_s, bins))
    first = order[np.flatnonzero(np.diff(bins[order], prepend=-1.0))]
    return device_s[first], arrival_s[first]


def _overall_slope(device: Float, arrival: Float, max_skew_ratio: float) -> float:
    slope, _ = _line_below(device, arrival)
    return slope if _has_slope(device) and abs(slope - 1.0) <= max_skew_ratio else 1.0


def _has_slope(device: Float) -> bool:
    return len(device) >= MIN_SLOPE_POINTS and bool(device[-1] - device[0] >= MIN_SLOPE_S)


def _window_knots(device: Float, arrival: Float, overall: float, max_skew_ratio: float, window_s: float) -> Float:
    """(k, 2) sensor's and host's time in the middle of each window that has packets, and at both ends."""
    hop_s = window_s / HOPS
    middles = np.unique(np.round((device - device[0]) / hop_s)) * hop_s + device[0]
    low = np.searchsorted(device, middles - window_s / 2)
    high = np.searchsorted(device, middles + window_s / 2, side="right")
    knots: list[tuple[float, float]] = []
    for middle, begin, end in zip(middles, low, high, strict=True):
        inside, came = device[begin:end], arrival[begin:end]
        slope, offset = _line_below(inside, came)
        if not _has_slope(inside) or abs(slope - overall) > max_skew_ratio:
            slope, offset = overall, float(np.min(came - overall * inside))
        # In its first and last seconds a stretch has half a window; there the line itself is the best guess.
        at = np.clip(middle, device[0], device[-1])
        if not knots or at > knots[-1][0]:
            knots.append((float(at), slope * float(at) + offset))
    return np.array(knots).reshape(-1, 2)


def _line_below(x: Float, y: Float) -> tuple[float, float]:
    """Slope and offset of the line below all points (x increasing) with the least mean distance to them.

    It is the edge of the lower convex hull over the mean of x: lifting any other line until it touches the
    points leaves it lower there.
    """
    hull: list[int] = []
    for i in range(len(x)):
        while len(hull) > 1:
            a, b = hull[-2], hull[-1]
            if (y[b] - y[a]) * (x[i] - x[a]) < (y[i] - y[a]) * (x[b] - x[a]):
                break
            hull.pop()
        hull.append(i)
    if len(hull) < 2:
        return 1.0, float(y[0] - x[0])
    right = int(np.clip(np.searchsorted(x[hull], x.mean()), 1, len(hull) - 1))
    a, b = hull[right - 1], hull[right]
    slope = float((y[b] - y[a]) / (x[b] - x[a]))
    return slope, float(y[a] - slope * x[a])
