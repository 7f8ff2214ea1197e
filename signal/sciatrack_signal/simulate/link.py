"""The way from the chip to the file: when samples are taken, which arrive, and what time they are given."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sciatrack_ingest.recording import Float
from sciatrack_signal.simulate.draws import Generator, draw, draw_between, draw_log
from sciatrack_signal.simulate.parameters import SimulationError, section

STAMPS = ("ticks", "host", "index")
# Two samples never share a stamp in a file that a reader accepted.
SMALLEST_STEP_S = 1e-4


@dataclass(frozen=True)
class LinkOptions:
    """stamps : ticks (the sensor's clock), host (arrival), index (sample number over the nominal rate).

    loss       : None as the parameters say; else a share of notifications lost one by one.
    gaps_s     : stretches (start, seconds) without any data, besides the drawn ones.
    drawn_gaps : whether gaps are drawn at all.
    odr_error  : true rate against nominal; None draws it.
    batch      : samples a notification; None draws it.
    stall_s    : (start, seconds) in which nothing arrives but nothing is lost; shows in host stamps.
    """

    stamps: str = "ticks"
    loss: float | None = None
    gaps_s: tuple[tuple[float, float], ...] = ()
    drawn_gaps: bool = True
    odr_error: float | None = None
    batch: int | None = None
    jitter_gain: float = 1.0
    stall_s: tuple[float, float] | None = None


CLEAN_LINK = LinkOptions(loss=0.0, drawn_gaps=False, odr_error=0.0, batch=1)


def sample_times(rng: Generator, options: LinkOptions, rate_hz: float, duration_s: float) -> Float:
    """(n,) true seconds at which the chip takes its samples; its own rate is off by some percent."""
    error = draw(rng, section("sensor")["odr_error"])
    true_rate_hz = rate_hz * (1.0 + (error if options.odr_error is None else options.odr_error))
    return np.arange(int(duration_s * true_rate_hz)) / true_rate_hz


def transmit(
    rng: Generator, options: LinkOptions, true_s: Float, rate_hz: float
) -> tuple[npt.NDArray[np.bool_], Float]:
    """Which samples arrive (n,) and the time stamp that each is given (n,)."""
    if options.stamps not in STAMPS:
        raise SimulationError(f"stamps '{options.stamps}' is not known; it is one of {', '.join(STAMPS)}")
    numbers = section("link")
    batch = options.batch or int(rng.choice(numbers["batch_samples"]))
    packet = np.arange(len(true_s)) // batch
    n_packets = int(packet[-1]) + 1 if len(packet) else 0
    arrives = ~_lost(rng, options, n_packets)[packet] if n_packets else np.zeros(0, dtype=bool)
    duration_s = float(true_s[-1]) if len(true_s) else 0.0
    for start_s, lasts_s in (*options.gaps_s, *_gaps(rng, options, duration_s)):
        arrives &= ~((true_s >= start_s) & (true_s < start_s + lasts_s))
    skew = draw(rng, numbers["skew_ppm"]) * 1e-6
    if options.stamps == "index":
        return arrives, np.arange(len(true_s)) / rate_hz
    if options.stamps == "ticks":
        return arrives, true_s * (1.0 + skew)
    return arrives, _arrival(rng, options, true_s, packet, n_packets)


def _lost(rng: Generator, options: LinkOptions, n: int) -> npt.NDArray[np.bool_]:
    """(n,) notifications that never arrive: in bursts (Gilbert-Elliott), or one by one."""
    numbers = section("link")
    dice, change = rng.uniform(size=n), rng.uniform(size=n)
    if options.loss is not None:
        return np.asarray(dice < options.loss)
    bad = np.zeros(n, dtype=bool)
    at = 0
    while at < n:
        starts = np.flatnonzero(change[at:] < numbers["good_to_bad"])
        if not len(starts):
            break
        first = at + int(starts[0])
        ends = np.flatnonzero(change[first + 1 :] < numbers["bad_to_good"])
        at = first + 1 + (int(ends[0]) if len(ends) else n)
        bad[first:at] = True
    return np.asarray(dice < np.where(bad, numbers["loss_bad"], numbers["loss_good"]))


def _gaps(rng: Generator, options: LinkOptions, duration_s: float) -> list[tuple[float, float]]:
    numbers = section("link")
    count = int(rng.poisson(numbers["gaps_per_min"] * duration_s / 60.0))
    gaps = [(rng.uniform(0, duration_s), draw_between(rng, numbers["gap_s"])) for _ in range(count)]
    return gaps if options.drawn_gaps else []


def _arrival(
    rng: Generator, options: LinkOptions, true_s: Float, packet: npt.NDArray[np.int64], n_packets: int
) -> Float:
    """(n,) arrival stamps: a packet waits for the next connection event, several leave it together."""
    numbers = section("link")
    interval_s = draw_log(rng, numbers["interval_ms"]) * 1e-3
    ready_s = np.full(n_packets, -np.inf)
    np.maximum.at(ready_s, packet, true_s)
    event_s = np.ceil(ready_s / interval_s) * interval_s
    # Notifications that leave with one connection event follow each other by milliseconds.
    first = np.flatnonzero(np.diff(event_s, prepend=-np.inf) > 0)
    behind = np.arange(n_packets) - np.repeat(first, np.diff(first, append=n_packets))
    event_s = event_s + behind * rng.uniform(numbers["burst_ms"][0], numbers["burst_ms"][1], n_packets) * 1e-3
    jitter_s = np.abs(rng.normal(numbers["jitter_ms"][0], numbers["jitter_ms"][1], n_packets)) * 1e-3
    event_s = event_s + np.minimum(jitter_s * options.jitter_gain, numbers["jitter_ms"][3] * 1e-3)
    if options.stall_s is not None:
        start_s, lasts_s = options.stall_s
        held = (event_s >= start_s) & (event_s < start_s + lasts_s)
        event_s[held] = start_s + lasts_s
    event_s = np.maximum.accumulate(event_s)
    # Samples of one notification arrive at once; the file keeps their order by the smallest step.
    ladder = np.arange(len(true_s)) * SMALLEST_STEP_S
    return np.asarray(np.maximum.accumulate(event_s[packet] - ladder) + ladder)
