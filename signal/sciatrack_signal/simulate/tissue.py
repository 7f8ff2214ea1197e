"""Soft tissue: the sensor swings on skin and fat, slips, and is pushed when the body lies on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter

from sciatrack_ingest.recording import Float
from sciatrack_signal.simulate.draws import Generator, band_noise, draw, draw_between, draw_direction
from sciatrack_signal.simulate.parameters import Site, section
from sciatrack_signal.simulate.script import Move, Script, track

# A loose sensor wobbles in this band, fully at the acceleration of a walk, and calms down in this time (R).
WOBBLE_HZ = (0.5, 4.0)
WOBBLE_FULL_MPS2 = 2.0
WOBBLE_LASTS_S = 0.5


@dataclass(frozen=True, eq=False)
class Tissue:
    """How one wearing swings: ring_hz, damping, swing (3, 3) degrees per m/s^2, share of rotation not followed."""

    ring_hz: float
    damping: float
    swing_deg: Float
    under_report: float
    contact_step: float


def draw_tissue(rng: Generator, site: Site) -> Tissue:
    numbers = section("tissue")
    gain = float(numbers["gain_deg_per_mps2"][site.tissue])
    # A push tips the sensor about an axis across it; the mixing differs from wearing to wearing.
    push = np.array([[0.0, -1.0, 0.2], [1.0, 0.0, -0.2], [-0.2, 0.2, 0.0]])
    return Tissue(
        ring_hz=draw(rng, numbers["ring_hz"]),
        damping=draw(rng, numbers["damping"]),
        swing_deg=gain * push * rng.uniform(0.5, 1.2, (3, 3)),
        under_report=draw(rng, numbers["under_report"]),
        contact_step=float(numbers["contact_step"]) * (2.0 if site.lain_on else 1.0),
    )


def stiff_tissue() -> Tissue:
    """A sensor screwed to the bone."""
    return Tissue(0.0, 1.0, np.zeros((3, 3)), 0.0, 0.0)


def swing(tissue: Tissue, acc: Float, rate_hz: float) -> tuple[Float, Float]:
    """Rotation (n, 3) in degrees and acceleration (n, 3) of a sensor on a mass and spring driven by acc (n, 3)."""
    if tissue.ring_hz <= 0:
        return np.zeros_like(acc), acc
    omega = 2.0 * np.pi * tissue.ring_hz / rate_hz
    # Two poles where the sampled oscillator has them, gain 1 at rest: stable at any rate.
    radius, angle = np.exp(-tissue.damping * omega), omega * np.sqrt(1.0 - tissue.damping**2)
    poles = np.array([1.0, -2.0 * radius * np.cos(angle), radius**2])
    followed = lfilter([poles.sum()], poles, acc, axis=0)
    return np.asarray(followed @ tissue.swing_deg.T), np.asarray(followed)


def wobble(rng: Generator, site: Site, acc: Float, rate_hz: float) -> Float:
    """(n, 3) degrees: what a loose sensor does of its own while the body moves with acc (n, 3), nothing at rest."""
    keep = np.exp(-1.0 / (WOBBLE_LASTS_S * rate_hz))
    size = np.sqrt(np.einsum("ij,ij->i", acc, acc))
    busy = np.minimum(lfilter([1.0 - keep], [1.0, -keep], size) / WOBBLE_FULL_MPS2, 1.0)
    noise = [band_noise(rng, len(acc), rate_hz, WOBBLE_HZ) for _ in range(3)]
    return np.asarray(site.wobble_deg * busy[:, None] * np.column_stack(noise))


def shifts(rng: Generator, script: Script, tissue: Tissue, n: int) -> Float:
    """(n, 3) degrees: steps when the body comes to lie on the sensor or off it, and what the script lets slip."""
    numbers = section("tissue")
    moves = list(script.slips)
    pressed = np.zeros(3)
    for effort in script.efforts:
        for start_s, end_s in ((effort.start_s, effort.hold_from_s), (effort.hold_to_s, effort.end_s)):
            at_s = rng.uniform(start_s, max(end_s, start_s + 1e-3))
            step = draw(rng, numbers["contact_step_deg"]) * draw_direction(rng)
            happens, returns = rng.uniform(size=2)
            if happens < tissue.contact_step:
                delta = -pressed if pressed.any() and returns < 0.5 else step
                moves.append(Move(at_s, at_s + numbers["contact_step_s"], delta))
                pressed = pressed + delta
    return track(moves, n, script.rate_hz)


def slip(rng: Generator, site: Site, start_s: float, end_s: float) -> list[Move]:
    """The creep of one set, and now and then a sudden step."""
    numbers = section("mount")
    creep = draw(rng, numbers["slip_per_set_deg"]) * draw_direction(rng)
    moves = [Move(start_s, end_s, creep)]
    step = draw_between(rng, numbers["step_slip_deg"])
    at_s, happens, direction = rng.uniform(start_s, end_s), rng.uniform(), draw_direction(rng)
    if happens < numbers["step_slip"]:
        moves.append(Move(at_s, at_s + 0.3, step * direction))
    if site.step_deg is not None:
        moves.append(Move(start_s, start_s + 0.5, draw(rng, site.step_deg) * draw_direction(rng)))
    return moves
