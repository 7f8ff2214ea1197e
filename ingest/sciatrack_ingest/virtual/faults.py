"""What can go wrong between a sensor and a recorder, as data; drawn at random for the endurance runs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Spans = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Faults:
    """Faults of one run. Times are seconds after the sensor was first started.

    lost_ratio, duplicated_ratio : chance of each packet to vanish, or to arrive twice.
    lost_runs_s : stretches in which every packet vanishes although the link stays up.
    jitter_s    : the most by which a packet comes late; order is kept, as the link layer keeps it.
    bursts_s    : stretches in which packets are held back; all come at the end of the stretch.
    skew_ppm    : the sensor's clock runs fast by this much.
    rate_ratio  : samples really taken per sample promised.
    dead_s      : moments at which data stop although the link stays up, until the link is made anew.
    away_s      : stretches out of range: the link drops, and nothing is on the air until the end.
    reboots_s   : moments at which the sensor restarts: link gone, clock and counter at zero.
    """

    seed: int = 0
    lost_ratio: float = 0.0
    duplicated_ratio: float = 0.0
    lost_runs_s: Spans = ()
    jitter_s: float = 0.0
    bursts_s: Spans = ()
    skew_ppm: float = 0.0
    rate_ratio: float = 1.0
    dead_s: tuple[float, ...] = ()
    away_s: Spans = ()
    reboots_s: tuple[float, ...] = ()


def random_faults(seed: int, duration_s: float) -> Faults:
    """A mix of everything, from harmless to hardly usable; the same for the same seed."""
    rng = np.random.default_rng(seed)

    def spans(most: int, longest_s: float) -> Spans:
        starts_s = np.sort(rng.uniform(1.0, duration_s, rng.integers(0, most + 1)))
        return tuple((float(at), float(at + rng.uniform(0.2, longest_s))) for at in starts_s)

    def moments(chance: float) -> tuple[float, ...]:
        return (float(rng.uniform(2.0, duration_s)),) if rng.uniform() < chance else ()

    return Faults(
        seed=seed,
        lost_ratio=float(rng.choice([0.0, 0.0, 0.01, 0.1])),
        duplicated_ratio=float(rng.choice([0.0, 0.0, 0.02])),
        lost_runs_s=spans(2, 3.0),
        jitter_s=float(rng.choice([0.0, 0.02, 0.05, 0.2])),
        bursts_s=spans(2, 2.0),
        skew_ppm=float(rng.uniform(-200.0, 200.0)),
        rate_ratio=float(rng.choice([1.0, 1.0, 0.97, 1.02])),
        dead_s=moments(0.3),
        away_s=spans(2, 6.0),
        reboots_s=moments(0.25),
    )
