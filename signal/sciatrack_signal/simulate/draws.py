"""Random draws: every part of a simulation has a stream of its own, so that changing one leaves the others."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy.fft import next_fast_len

from sciatrack_ingest.recording import Float

Generator = np.random.Generator


class Spread(NamedTuple):
    """A normal distribution cut at both ends: values outside are drawn again, so the ends do not pile up."""

    mean: float
    sd: float
    low: float
    high: float

    def scaled(self, factor: float) -> Spread:
        """All four numbers times a positive factor."""
        return Spread(self.mean * factor, self.sd * factor, self.low * factor, self.high * factor)


def stream(seed: int, name: str) -> Generator:
    """The generator of one part of a simulation, from the seed and the name of the part."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def draw(rng: Generator, spread: Spread | Sequence[float]) -> float:
    """One value of a spread; the nearer end after 50 draws that all fell outside."""
    mean, sd, low, high = spread
    for _ in range(50):
        value = rng.normal(mean, sd)
        if low <= value <= high:
            return float(value)
    return float(np.clip(mean, low, high))


def draw_between(rng: Generator, ends: Sequence[float]) -> float:
    return float(rng.uniform(ends[0], ends[1]))


def draw_log(rng: Generator, median_low_high: Sequence[float]) -> float:
    """Log-normal round the median with `low` and `high` two standard deviations away, cut there."""
    median, low, high = median_low_high
    sd = np.log(high / low) / 4.0
    return float(np.clip(median * np.exp(rng.normal(0.0, sd)), low, high))


def draw_word(rng: Generator, shares: Mapping[str, float]) -> str:
    words = list(shares)
    weight = np.array([shares[word] for word in words])
    return words[int(rng.choice(len(words), p=weight / weight.sum()))]


def draw_direction(rng: Generator) -> Float:
    """A unit vector, evenly spread over the sphere; (3,)."""
    vector = rng.normal(size=3)
    return np.asarray(vector / np.linalg.norm(vector))


def band_noise(rng: Generator, n: int, rate_hz: float, band_hz: Sequence[float], slope: float = 0.0) -> Float:
    """(n,) noise of root mean square 1, its amplitude falling as frequency ** slope in the band, 0 outside."""
    length = next_fast_len(n, real=True)  # a prime length would cost ten times as much
    frequency_hz = np.fft.rfftfreq(length, 1.0 / rate_hz)
    inside = np.flatnonzero((frequency_hz >= band_hz[0]) & (frequency_hz <= band_hz[1]))
    spectrum = np.zeros(len(frequency_hz), dtype=np.complex128)
    spectrum[inside] = rng.normal(size=(len(inside), 2)) @ np.array([1.0, 1.0j])
    spectrum[inside] /= frequency_hz[inside] ** slope
    noise = np.fft.irfft(spectrum, length)[:n]
    rms = float(np.sqrt(np.mean(noise**2))) if n else 0.0
    return np.asarray(noise / rms if rms > 0 else noise)
