"""From a script to what the sensor reports: orientation, its derivative, the force at the sensor's place."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.signal import firwin, oaconvolve

from sciatrack_ingest.recording import Float, Recording
from sciatrack_signal.simulate import ambient, link, rotations, sensor, tissue
from sciatrack_signal.simulate.draws import stream
from sciatrack_signal.simulate.parameters import Site, section
from sciatrack_signal.simulate.script import Overlay, Script, pose_track, track

FINE_PER_SAMPLE = 4
FINE_HZ = 400.0
G = sensor.G


@dataclass(frozen=True)
class Worn:
    """How a sensor is worn, what chip it holds and how its data travel."""

    site: Site
    side: str
    mount: str = "worn"
    rate_hz: float = 100.0
    gyroscope: bool = True
    soft_tissue: bool = True
    chip_errors: bool = True
    small_motion: float = 1.0
    acc_range_g: float | None = None
    gyro_range_dps: float | None = None
    gyro_bias_dps: tuple[float, float, float] | None = None
    link: link.LinkOptions = field(default_factory=link.LinkOptions)


@dataclass(frozen=True, eq=False)
class Rendered:
    """The samples of a recording, and the fine truth behind them.

    time_s, acc (m/s^2), gyr (rad/s) and true_s : of the samples that arrived, on the file's and the true clock.
    fine_s, fine_deg (n, 3) : the deliberate rotation at the script's rate.
    """

    time_s: Float
    acc: Float
    gyr: Float
    true_s: Float
    fine_s: Float
    fine_deg: Float

    def clock(self, true_s: float) -> float:
        """A true moment on the file's clock; runs on at the same pace outside the recording."""
        if len(self.true_s) < 2:
            return true_s
        if true_s <= self.true_s[0] or true_s >= self.true_s[-1]:
            end = 0 if true_s <= self.true_s[0] else -1
            return float(self.time_s[end] + true_s - self.true_s[end])
        return float(np.interp(true_s, self.true_s, self.time_s))


def fine_rate_hz(rate_hz: float, least_hz: float = FINE_HZ) -> float:
    """At least four times the output rate and at least 400 Hz, a multiple of the output rate."""
    return rate_hz * max(FINE_PER_SAMPLE, int(np.ceil(least_hz / rate_hz)))


def render(script: Script, worn: Worn, seed: int) -> Rendered:
    """The recording of a script from 0 to now; every part draws from its own stream of the seed."""
    n = int(np.ceil(script.now_s * script.rate_hz)) + 1
    skin = tissue.draw_tissue(stream(seed, "tissue"), worn.site) if worn.soft_tissue else tissue.stiff_tissue()
    deliberate_deg = track(script.moves, n, script.rate_hz)
    orientation, force, shaking = _segment(script, worn, seed, deliberate_deg * (1.0 + skin.under_report))
    swing_deg, moved = tissue.swing(skin, force, script.rate_hz)
    moved += shaking
    if worn.soft_tissue:
        swing_deg = swing_deg + tissue.shifts(stream(seed, "contact"), script, skin, n)
        swing_deg += tissue.wobble(stream(seed, "wobble"), worn.site, force, script.rate_hz)
    mount = sensor.draw_mount(stream(seed, "mount"), worn.site, worn.side, worn.mount)
    skewed = rotations.multiply(rotations.from_rotvec(np.deg2rad(swing_deg)), mount)
    gravity = rotations.turn(rotations.inverse(orientation), np.array([[0.0, 0.0, G]]))
    acc = rotations.turn(rotations.inverse(skewed), moved + gravity)
    gyr = body_rate(rotations.multiply(orientation, skewed), script.rate_hz)
    return _sample(script, worn, seed, acc, gyr, deliberate_deg)


def body_rate(orientation: Float, rate_hz: float) -> Float:
    """(n, 3) rad/s in the body: the central difference of the orientation (n, 4); one-sided at the ends."""
    n = len(orientation)
    if n < 2:
        return np.zeros((n, 3))
    step = np.empty((n, 3))
    wide = rotations.multiply(rotations.inverse(orientation[:-2]), orientation[2:])
    step[1:-1] = 0.5 * rotations.to_rotvec(wide)
    for at, first in ((0, 0), (n - 1, n - 2)):
        short = rotations.multiply(
            rotations.inverse(orientation[first : first + 1]), orientation[first + 1 : first + 2]
        )
        step[at] = rotations.to_rotvec(short)[0]
    return step * rate_hz


def _segment(script: Script, worn: Worn, seed: int, deliberate_deg: Float) -> tuple[Float, Float, Float]:
    """Orientation (n, 4) of the segment and the acceleration at the sensor's place (n, 3) m/s^2, without gravity.

    The acceleration comes in two parts: of moves, which sets soft tissue swinging, and of the small motion, whose
    measured size has soft tissue in it already.
    """
    n = len(deliberate_deg)
    small_deg = ambient.small_rotation(script, stream(seed, "small"), n, worn.small_motion)
    world_acc = second_difference(track(script.travels, n, script.rate_hz), script.rate_hz)
    _lay_over([overlay for overlay in script.overlays if overlay.small], script.rate_hz, small_deg, world_acc)
    lever_m = worn.site.lever_m * script.subject.limb
    if worn.side == "left":
        lever_m = rotations.mirror_direction(lever_m)
    shaking = np.cross(second_difference(np.deg2rad(small_deg), script.rate_hz), lever_m)
    _lay_over([overlay for overlay in script.overlays if not overlay.small], script.rate_hz, small_deg, world_acc)
    both = rotations.multiply(
        rotations.from_rotvec(np.deg2rad(deliberate_deg)), rotations.from_rotvec(np.deg2rad(small_deg))
    )
    orientation = rotations.multiply(pose_track(script, n), both)
    rate = body_rate(orientation, script.rate_hz)
    force = rotations.turn(rotations.inverse(orientation), world_acc)
    force += np.cross(np.gradient(rate, 1.0 / script.rate_hz, axis=0), lever_m)
    force += np.cross(rate, np.cross(rate, lever_m))
    force -= shaking
    if worn.small_motion > 0:
        shaking += ambient.heartbeat(script, stream(seed, "heart"), n)
    return orientation, force, shaking


def _lay_over(overlays: list[Overlay], rate_hz: float, rot_deg: Float, acc: Float) -> None:
    """Adds overlays to a rotation and an acceleration (n, 3), in place."""
    n = len(rot_deg)
    for overlay in overlays:
        first = round(overlay.start_s * rate_hz)
        for source, target in ((overlay.rot_deg, rot_deg), (overlay.acc, acc)):
            if source is not None and first < n:
                target[first : first + len(source)] += source[: n - first]


def second_difference(position_m: Float, rate_hz: float) -> Float:
    """(n, 3) m/s^2 of a path (n, 3); 0 at both ends."""
    out = np.zeros_like(position_m)
    out[1:-1] = (position_m[2:] - 2.0 * position_m[1:-1] + position_m[:-2]) * rate_hz**2
    return out


def _sample(script: Script, worn: Worn, seed: int, acc: Float, gyr: Float, deliberate_deg: Float) -> Rendered:
    """Low-pass, sampling instants, chip and link."""
    fine_s = np.arange(len(acc)) / script.rate_hz
    true_s = link.sample_times(stream(seed, "odr"), worn.link, worn.rate_hz, float(fine_s[-1]))
    both = _low_pass(np.hstack([acc, gyr]), section("sensor")["band_share"] * worn.rate_hz, script.rate_hz)
    both = np.column_stack([np.interp(true_s, fine_s, column) for column in both.T])
    chip = sensor.ideal_chip()
    if worn.chip_errors:
        chip = sensor.draw_chip(
            stream(seed, "chip"),
            worn.rate_hz,
            gyro_range_dps=worn.gyro_range_dps,
            acc_range_g=worn.acc_range_g,
        )
    if worn.gyro_bias_dps is not None:
        chip = sensor.with_gyro_bias(chip, worn.gyro_bias_dps)
    read_acc, read_gyr = sensor.measure(stream(seed, "noise"), chip, true_s, both[:, :3], both[:, 3:])
    arrives, stamps_s = link.transmit(stream(seed, "link"), worn.link, true_s, worn.rate_hz)
    return Rendered(
        stamps_s[arrives], read_acc[arrives], read_gyr[arrives], true_s[arrives], fine_s, deliberate_deg
    )


def _low_pass(x: Float, cutoff_hz: float, rate_hz: float) -> Float:
    """Zero-phase low-pass of (n, k) along time; the ends are held."""
    taps = 2 * round(2.0 * rate_hz / cutoff_hz) + 1
    half = taps // 2
    kernel = firwin(taps, cutoff_hz, fs=rate_hz)
    padded = np.pad(x, ((half, half), (0, 0)), mode="edge")
    return np.asarray(oaconvolve(padded, kernel[:, None], mode="valid", axes=0))


def as_recording(rendered: Rendered, worn: Worn, **labels: object) -> Recording:
    """The `Recording` of what was rendered."""
    return Recording(
        time_s=rendered.time_s,
        acc=rendered.acc,
        gyr=rendered.gyr if worn.gyroscope else None,
        nominal_rate_hz=worn.rate_hz,
        source="simulated",
        **labels,  # type: ignore[arg-type]
    )
