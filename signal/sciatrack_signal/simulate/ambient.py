"""Breathing, sway, tremor and heartbeat: the small motion on top of everything a body does."""

from __future__ import annotations

import numpy as np

from sciatrack_ingest.recording import Float
from sciatrack_signal.simulate.draws import Generator, band_noise
from sciatrack_signal.simulate.parameters import section
from sciatrack_signal.simulate.script import Script

# Envelopes of small motion change over this time; shorter would put a jerk into the angular rate.
RAMP_S = 0.4
G = 9.80665


def small_rotation(script: Script, rng: Generator, n: int, gain: float) -> Float:
    """(n, 3) degrees: breathing along its axis, sway and tremor about all three, all by the script's state."""
    small = section("small_motion")
    at_s = np.arange(n) / script.rate_hz
    axis, breath, sway, tremor = _levels(script, at_s)
    wave = breathing(rng, script.subject.breath_hz, small["breath_drift"], at_s)
    on_axis = breath * wave * script.subject.breath_gain
    out = np.zeros((n, 3))
    beside = small["off_axis"]
    for level, band_hz, slope in (
        (sway, small["sway_band_hz"], small["sway_slope"]),
        (tremor * small["tremor_scale"], small["tremor_band_hz"], 0.0),
    ):
        # About the axis the two parts add up to the level, about the others `beside` of it is left.
        on_axis += np.sqrt(1.0 - beside**2) * level * band_noise(rng, n, script.rate_hz, band_hz, slope)
        for column in range(3):
            out[:, column] += beside * level * band_noise(rng, n, script.rate_hz, band_hz, slope)
    out += axis * on_axis[:, None]
    return np.asarray(gain * out)


def breathing(rng: Generator, rate_hz: float, wander: float, at_s: Float) -> Float:
    """(n,) in -1 to 1: out faster than in, a short rest after it, and a rate that wanders."""
    step_s = 5.0
    knots_s = np.arange(0.0, (at_s[-1] if len(at_s) else 0.0) + 2 * step_s, step_s)
    rates_hz = rate_hz * np.exp(wander * rng.normal(size=len(knots_s)))
    cycles = np.concatenate([[0.0], np.cumsum(0.5 * (rates_hz[1:] + rates_hz[:-1]) * step_s)])
    angle = 2.0 * np.pi * (np.interp(at_s, knots_s, cycles) + rng.uniform())
    # The second term leans the wave, as in people: inspiration takes about 40 % of a breath.
    return np.asarray((np.sin(angle + 0.35 * np.sin(angle)) + 0.12 * np.sin(2 * angle)) / 1.05)


def heartbeat(script: Script, rng: Generator, n: int) -> Float:
    """(n, 3) m/s^2 in the segment: a short damped knock at every beat."""
    out = np.zeros((n, 3))
    peak = script.subject.heartbeat_mg * 1e-3 * G
    if peak <= 0 or n == 0:
        return out
    beats = int(n / script.rate_hz * script.subject.heart_hz) + 2
    steps_s = np.maximum(rng.normal(1.0, 0.04, beats), 0.5) / script.subject.heart_hz
    at = (np.cumsum(steps_s) * script.rate_hz).astype(np.int64)
    train = np.zeros(n)
    train[at[at < n]] = 1.0
    lag_s = np.arange(int(0.35 * script.rate_hz)) / script.rate_hz
    knock = np.exp(-lag_s / 0.08) * np.sin(2 * np.pi * 9.0 * lag_s)
    wave = np.convolve(train, knock / np.abs(knock).max())[:n]
    direction = rng.normal(size=3)
    return np.asarray(peak * wave[:, None] * direction / np.linalg.norm(direction))


def _levels(script: Script, at_s: Float) -> tuple[Float, Float, Float, Float]:
    """Axis (n, 3), and breath, sway and tremor (n,) in degrees at each moment."""
    small = section("small_motion")
    starts = [ambient.start_s for ambient in script.ambients]
    axis = np.column_stack([_ramped(at_s, starts, [float(a.axis[k]) for a in script.ambients]) for k in range(3)])
    breath = _ramped(at_s, starts, [a.breath_deg for a in script.ambients])
    sway = _ramped(at_s, starts, [a.sway_deg for a in script.ambients])
    tremor = _ramped(at_s, starts, [a.tremor_deg for a in script.ambients])
    knots_s, sways, tremors, breaths = [0.0], [small["rest_sway"]], [small["rest_tremor"]], [1.0]
    move = script.subject.tremor_move_gain
    for effort in script.efforts:
        held = 0.1 if effort.breath_held else 1.0
        begin_s = max(effort.start_s, knots_s[-1])
        for moment_s, sway_level, tremor_level, breath_level in (
            (begin_s, small["rest_sway"], small["rest_tremor"], 1.0),
            (0.5 * (effort.start_s + effort.hold_from_s), 1.0, move, held),
            (effort.hold_from_s, 1.0, effort.tremor_gain, held),
            (effort.hold_to_s, 1.0, effort.tremor_gain, held),
            (0.5 * (effort.hold_to_s + effort.end_s), 1.0, move, held),
            (effort.end_s, small["rest_sway"], small["rest_tremor"], 1.0),
        ):
            knots_s.append(moment_s)
            sways.append(sway_level * (effort.sway_gain if sway_level == 1.0 else 1.0))
            tremors.append(tremor_level)
            breaths.append(breath_level)
    return (
        axis,
        breath * np.interp(at_s, knots_s, breaths),
        sway * np.interp(at_s, knots_s, sways),
        tremor * np.interp(at_s, knots_s, tremors),
    )


def _ramped(at_s: Float, starts_s: list[float], values: list[float]) -> Float:
    """(n,) the value that holds from each start on, with a ramp between two."""
    knots_s: list[float] = []
    levels: list[float] = []
    for k, (start_s, value) in enumerate(zip(starts_s, values, strict=True)):
        if k:
            knots_s.append(max(start_s, knots_s[-1]))
            levels.append(levels[-1])
        knots_s.append(start_s + (RAMP_S if k else 0.0))
        levels.append(value)
    return np.asarray(np.interp(at_s, knots_s, levels)) if knots_s else np.zeros(len(at_s))
