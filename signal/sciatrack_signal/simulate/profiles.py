"""Shapes of a move: how far it has come (0 to 1) against how much of its time has passed (0 to 1).

Every shape starts at (0, 0), ends at (1, 1) and never leaves 0 to 1. `variant` in 0 to 1 bends a shape within its
family, so that no two moves of one name are the same curve.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import betainc

from sciatrack_ingest.recording import Float

Shape = Callable[[Float, float], Float]


def minimum_jerk(phase: Float, variant: float = 0.5) -> Float:
    """The smoothest reach (Flash and Hogan 1985); its peak speed is 1.875 times the mean."""
    return np.asarray(phase**3 * (10.0 - 15.0 * phase + 6.0 * phase**2))


def half_cosine(phase: Float, variant: float = 0.5) -> Float:
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * phase))


def trapezoid(phase: Float, variant: float = 0.5) -> Float:
    """Constant speed with ramps of 15 to 35 % of the time at both ends."""
    ramp = 0.15 + 0.2 * variant
    top = 1.0 / (1.0 - ramp)
    rising = 0.5 * top * phase**2 / ramp
    falling = 1.0 - 0.5 * top * (1.0 - phase) ** 2 / ramp
    level = 0.5 * top * ramp + top * (phase - ramp)
    return np.asarray(np.where(phase < ramp, rising, np.where(phase > 1.0 - ramp, falling, level)))


def two_peak(phase: Float, variant: float = 0.5) -> Float:
    """Two pushes that overlap: the move nearly stops on the way."""
    share = 0.35 + 0.3 * variant
    first = minimum_jerk(np.clip(phase / 0.6, 0.0, 1.0))
    second = minimum_jerk(np.clip((phase - 0.4) / 0.6, 0.0, 1.0))
    return np.asarray(share * first + (1.0 - share) * second)


def staircase(phase: Float, variant: float = 0.5) -> Float:
    """Two to four steps with a short stop after each but the last."""
    steps = 2 + min(int(variant * 3.0), 2)
    moving = 0.75
    position = phase * (steps - (1.0 - moving))
    whole = np.minimum(np.floor(position), steps - 1.0)
    return np.asarray((whole + minimum_jerk(np.clip((position - whole) / moving, 0.0, 1.0))) / steps)


def early_bell(phase: Float, variant: float = 0.5) -> Float:
    """Fast at once, then slowing down for long."""
    return np.asarray(betainc(3.0, 4.5 + 2.0 * variant, phase))


def late_bell(phase: Float, variant: float = 0.5) -> Float:
    """Slow to get going, fastest near the end."""
    return np.asarray(betainc(4.5 + 2.0 * variant, 3.0, phase))


def creeping(phase: Float, variant: float = 0.5) -> Float:
    """Four fifths in the first half of the time, the rest at a crawl, as into a stretch."""
    share = 0.75 + 0.15 * variant
    quick = minimum_jerk(np.clip(phase / 0.6, 0.0, 1.0))
    return np.asarray(share * quick + (1.0 - share) * minimum_jerk(phase))


def ratchet(phase: Float, variant: float = 0.5) -> Float:
    """Many small pushes on a steady move, as with pain or weakness; it never goes back."""
    pushes = 4 + int(variant * 4.0)
    ripple = np.sin(2.0 * np.pi * pushes * phase) / (2.0 * np.pi * pushes)
    steady = minimum_jerk(phase)
    envelope = 4.0 * phase * (1.0 - phase)
    moved = steady - 0.8 * envelope * ripple
    return np.asarray(np.maximum.accumulate(np.clip(moved, 0.0, 1.0)))


def hesitant(phase: Float, variant: float = 0.5) -> Float:
    """A first tenth to third, a stop of a fifth of the time, then the rest."""
    share = 0.10 + 0.25 * variant
    first = minimum_jerk(np.clip(phase / 0.3, 0.0, 1.0))
    second = minimum_jerk(np.clip((phase - 0.5) / 0.5, 0.0, 1.0))
    return np.asarray(share * first + (1.0 - share) * second)


def logistic(phase: Float, variant: float = 0.5) -> Float:
    steep = 8.0 + 4.0 * variant
    low = 1.0 / (1.0 + np.exp(steep / 2.0))
    return np.asarray((1.0 / (1.0 + np.exp(-steep * (phase - 0.5))) - low) / (1.0 - 2.0 * low))


SHAPES: dict[str, Shape] = {
    "minimum_jerk": minimum_jerk,
    "trapezoid": trapezoid,
    "two_peak": two_peak,
    "staircase": staircase,
    "half_cosine": half_cosine,
    "early_bell": early_bell,
    "late_bell": late_bell,
    "creeping": creeping,
    "ratchet": ratchet,
    "hesitant": hesitant,
    "logistic": logistic,
}
# Shapes that no one should tune on; the accuracy benchmark reports them apart.
HELD_OUT = ("creeping", "ratchet", "hesitant", "logistic")
