"""What else a body does: coughs, scratches, shuffles, reaches, shifts; none of it is exercise.

Functions without a time of their own put the event at `script.now_s` and move on; `*_at` functions lay it over
whatever happens then.
"""

from __future__ import annotations

import numpy as np

from sciatrack_ingest.recording import Float
from sciatrack_signal.simulate import rotations
from sciatrack_signal.simulate.blocks import Interlude
from sciatrack_signal.simulate.draws import band_noise, draw_between, draw_direction
from sciatrack_signal.simulate.parameters import section
from sciatrack_signal.simulate.profiles import minimum_jerk
from sciatrack_signal.simulate.script import Move, Overlay, Script

G = 9.80665
# A fidget goes out and comes back; the way out takes this share of it.
OUT_SHARE = (0.4, 0.6)
# Legs are heavy: a fidget of 15 degrees takes at least this many seconds a degree, and peaks below 100 deg/s.
FIDGET_S_PER_DEG = 0.05


def cough_at(script: Script, at_s: float, *, fits: int = 1) -> None:
    """Some quick pulses of the trunk; `fits` of them in a row."""
    rng, numbers = script.rng, section("other")["cough"]
    for _ in range(fits):
        pulses = int(rng.integers(numbers["pulses"][0], numbers["pulses"][1] + 1))
        every_s = 1.0 / draw_between(rng, numbers["pulse_hz"])
        n = int((pulses + 1) * every_s * script.rate_hz)
        wave = np.zeros(n)
        for pulse in range(pulses):
            lag_s = np.arange(n) / script.rate_hz - pulse * every_s
            strength = rng.uniform(0.5, 1.0)
            wave += np.where(lag_s > 0, strength * np.exp(-lag_s / 0.12) * np.sin(2 * np.pi * 3.0 * lag_s), 0.0)
        size_deg = draw_between(rng, numbers["pelvis_deg"]) * (1.0 if script.segment == "pelvis" else 0.4)
        push = draw_between(rng, numbers["acc_g"]) * G
        rot = size_deg * wave[:, None] * np.array([0.2, 1.0, 0.1])
        script.overlays.append(Overlay(at_s, rot_deg=rot, acc=push * wave[:, None] * np.array([0.5, 0.2, 1.0])))
        at_s += n / script.rate_hz + rng.uniform(0.2, 1.0)


def scratch_at(script: Script, at_s: float) -> None:
    """A hand rubs near the sensor."""
    numbers = section("other")["scratch"]
    lasts_s = draw_between(script.rng, numbers["lasts_s"])
    size = draw_between(script.rng, numbers["acc_g"]) * G
    _shake_at(script, at_s, lasts_s, numbers["hz"], size, size * 0.5)


def laugh_at(script: Script, at_s: float) -> None:
    """Shivering or laughing: a quick small shake of the whole body."""
    numbers = section("other")["laugh"]
    size_deg = draw_between(script.rng, numbers["deg"])
    _shake_at(script, at_s, draw_between(script.rng, numbers["lasts_s"]), numbers["hz"], 0.3 * size_deg, size_deg)


def bump_at(script: Script, at_s: float, *, peak_g: float | None = None) -> None:
    """Somebody or something knocks against the sensor."""
    rng, numbers = script.rng, section("other")["bump"]
    lasts_s = draw_between(rng, numbers["lasts_s"])
    lag_s = np.arange(int(lasts_s * script.rate_hz)) / script.rate_hz
    drawn = draw_between(rng, numbers["acc_g"])
    size = (drawn if peak_g is None else peak_g) * G
    knock = np.exp(-lag_s / (0.15 * lasts_s)) * np.sin(2 * np.pi * rng.uniform(6, 14) * lag_s)
    acc = size * knock[:, None] * draw_direction(rng)
    script.overlays.append(Overlay(at_s, rot_deg=0.6 * acc / G, acc=acc))


def fidget(script: Script, *, deg: tuple[float, float] | None = None, lasts_s: float | None = None) -> None:
    """A small move out and back without a hold: a foot shuffles, a hip is eased."""
    rng, numbers = script.rng, section("other")["fidget"]
    drawn_s = draw_between(rng, numbers["lasts_s"])
    size_deg = draw_between(rng, deg or numbers["deg"])
    lasts_s = max(drawn_s if lasts_s is None else lasts_s, FIDGET_S_PER_DEG * size_deg)
    n = int(lasts_s * script.rate_hz)
    out = max(int(n * draw_between(rng, OUT_SHARE)), 2)
    up = minimum_jerk(np.arange(out) / out)
    down = minimum_jerk(np.arange(n - out) / max(n - out, 1))[::-1]
    rot = size_deg * np.concatenate([up, down])[:, None] * draw_direction(rng)
    script.overlays.append(Overlay(script.now_s, rot_deg=rot))
    script.wait(lasts_s)


def shuffle(script: Script) -> None:
    """The feet are set anew."""
    numbers = section("other")["shuffle"]
    thigh = script.segment != "pelvis"
    low, high = numbers["deg"]
    scale = 1.0 if thigh else 0.25
    fidget(script, deg=(low * scale, high * scale), lasts_s=draw_between(script.rng, numbers["lasts_s"]))


def reach(script: Script, *, deg: float | None = None, stays_s: float | None = None) -> None:
    """Reaches for something, stays there, comes back: the shape of a rep, but not one."""
    rng, numbers = script.rng, section("other")["reach"]
    size_deg = deg or draw_between(rng, numbers["deg"])
    axis = rotations.unit(np.array([0.2, 0.3, 1.0]) * rng.choice([-1.0, 1.0], 3))
    way = size_deg * axis * (1.0 if script.segment == "pelvis" else 0.5)
    drawn_s = draw_between(rng, numbers["stays_s"])
    script.lean(way, draw_between(rng, numbers["move_s"]))
    script.wait(drawn_s if stays_s is None else stays_s)
    script.lean(-way * rng.uniform(0.85, 1.0), draw_between(rng, numbers["move_s"]))


def shift(script: Script) -> None:
    """Lies or sits differently from now on."""
    rng, numbers = script.rng, section("other")["shift"]
    script.lean(draw_between(rng, numbers["deg"]) * draw_direction(rng), draw_between(rng, numbers["move_s"]))


def adjust_belt(script: Script) -> None:
    """Takes the sensor in the hand, turns it about and leaves it a little askew."""
    rng, numbers = script.rng, section("other")["adjust_belt"]
    lasts_s, axis = draw_between(rng, numbers["lasts_s"]), draw_direction(rng)
    away = draw_between(rng, numbers["deg"]) * axis
    left = draw_between(rng, numbers["left_deg"]) * draw_direction(rng)
    _handle(script, away, left, lasts_s)


def pick_up_phone(script: Script) -> None:
    """Takes the phone that is the sensor out of the pocket and puts it back."""
    rng, numbers = script.rng, section("other")["pick_up_phone"]
    away = draw_between(rng, numbers["deg"]) * draw_direction(rng)
    bump_at(script, script.now_s, peak_g=draw_between(rng, numbers["acc_g"]))
    _handle(script, away, rng.uniform(0, 20) * draw_direction(rng), rng.uniform(4.0, 20.0))


def scatter(script: Script, start_s: float, end_s: float, gain: float) -> None:
    """Lays coughs, scratches, laughs and bumps over a stretch, as often as the parameters say times `gain`."""
    other, minutes = section("other"), (end_s - start_s) / 60.0
    for happens_at, expected in (
        (cough_at, other["cough"]["per_min"] * minutes),
        (scratch_at, other["scratch"]["per_min"] * minutes),
        (laugh_at, other["laugh"]["per_set"]),
        (bump_at, other["bump"]["per_session"]),
    ):
        for _ in range(int(script.rng.poisson(gain * expected))):
            happens_at(script, float(script.rng.uniform(start_s, end_s)))


def interludes(script: Script, reps: int, pocket: bool, gain: float) -> Interlude:
    """What happens between the reps of one set: shuffles, and now and then a belt, a phone, a reach."""
    other, rng = section("other"), script.rng
    shuffles = set(np.flatnonzero(rng.uniform(size=reps) < gain * other["shuffle"]["per_rep"]))
    once = {}
    for event, key in ((reach, "reach"), (adjust_belt, "adjust_belt"), (pick_up_phone, "pick_up_phone")):
        happens = rng.uniform() < gain * other[key]["per_set"] and (pocket or key != "pick_up_phone")
        if happens and reps > 1:
            once[int(rng.integers(reps - 1))] = event

    def happen(script: Script, number: int) -> None:
        if number in shuffles:
            shuffle(script)
            script.wait(script.rng.uniform(0.2, 1.0))
        if number in once:
            once[number](script)
            script.wait(script.rng.uniform(0.5, 2.0))

    return happen


def loiter(
    script: Script, lasts_s: float, *, per_min: float = 4.0, shifts: float = 0.3, reaches: float = 0.1
) -> None:
    """Rests for a while as people do: still for the most part, with fidgets, shifts and reaches.

    shifts, reaches : the shares of events that are one; the rest are fidgets and shuffles.
    """
    end_s = script.now_s + lasts_s
    while True:
        script.wait(float(script.rng.exponential(60.0 / per_min)) if per_min > 0 else lasts_s)
        if script.now_s >= end_s:
            break
        dice = script.rng.uniform()
        if dice < shifts:
            shift(script)
        elif dice < shifts + reaches and end_s - script.now_s > 5.0:
            reach(script, stays_s=script.rng.uniform(0.5, max(end_s - script.now_s - 4.0, 1.0)))
        elif dice < 0.5 * (1.0 + shifts + reaches):
            fidget(script)
        else:
            shuffle(script)
    script.now_s = max(end_s, _last_move_s(script))


def _last_move_s(script: Script) -> float:
    return max((move.end_s for move in script.moves), default=0.0)


def _shake_at(
    script: Script, at_s: float, lasts_s: float, band_hz: tuple[float, float], acc_size: float, size_deg: float
) -> None:
    n = max(int(lasts_s * script.rate_hz), 8)
    envelope = np.sin(np.pi * np.arange(n) / n) ** 0.5
    noise = np.column_stack([band_noise(script.rng, n, script.rate_hz, band_hz) for _ in range(3)])
    shake: Float = envelope[:, None] * noise
    direction = np.abs(draw_direction(script.rng))
    script.overlays.append(
        Overlay(at_s, rot_deg=0.3 * size_deg * shake * direction, acc=0.7 * acc_size * shake * direction)
    )


def _handle(script: Script, away_deg: Float, left_deg: Float, lasts_s: float) -> None:
    """The sensor is turned on the body and comes back to almost where it was."""
    third_s = lasts_s / 3.0
    for k, delta in enumerate((0.6 * away_deg, 0.4 * away_deg, left_deg - away_deg)):
        start_s = script.now_s + k * third_s
        script.slips.append(Move(start_s, start_s + third_s * script.rng.uniform(0.4, 0.95), delta))
    _shake_at(script, script.now_s, lasts_s, (1.0, 5.0), 1.0, 2.0)
    script.wait(lasts_s)
