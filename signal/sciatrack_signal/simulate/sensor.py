"""The sensor: how it is worn, and what its chip makes of the true rate and force."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sciatrack_ingest.recording import Float
from sciatrack_signal.simulate import rotations
from sciatrack_signal.simulate.draws import Generator, draw, draw_direction, draw_log, draw_word
from sciatrack_signal.simulate.parameters import SimulationError, Site, section

MOUNTS = ("nominal", "worn", "flipped", "quarter_turned", "arbitrary", "drawn")
G = 9.80665
DPS = np.pi / 180.0


@dataclass(frozen=True, eq=False)
class Chip:
    """The errors of one chip. acc and gyro arrays are (3,) or (3, 3); rates in deg/s and m/s^2."""

    acc_bias: Float
    gyro_bias_dps: Float
    acc_gain: Float
    gyro_gain: Float
    gyro_per_g_dps: Float
    acc_noise: float
    gyro_noise_dps: float
    gyro_wander_dps: float
    warm_up_dps: float
    acc_range_g: float
    gyro_range_dps: float
    bits: int


def nominal_mount(site: Site, side: str) -> Float:
    """(1, 4) of the sensor in the segment: z out of the skin, y towards the head, x = y cross z."""
    face = site.face if side == "right" else rotations.mirror_direction(site.face)
    long = np.array([0.0, 0.0, 1.0])
    axes = np.column_stack([np.cross(long, face), long, face])
    return _from_matrix(axes)


def draw_mount(rng: Generator, site: Site, side: str, mount: str) -> Float:
    """(1, 4): the orientation of the sensor in the segment, for one wearing of it."""
    if mount not in MOUNTS:
        raise SimulationError(f"mount '{mount}' is not known; it is one of {', '.join(MOUNTS)}")
    nominal = nominal_mount(site, side)
    numbers = section("mount")
    roll = rng.normal(0.0, numbers["roll_sd_deg"])
    pitch = rng.normal(0.0, numbers["pitch_sd_deg"])
    slide = rng.normal(0.0, numbers["slide_sd_deg"])
    if site.pitch_offset_deg is not None:
        pitch += draw(rng, site.pitch_offset_deg)
    gross = {name: numbers[name] for name in ("flipped", "quarter_turned", "arbitrary")}
    drawn = draw_word(rng, {"worn": 1.0 - sum(gross.values()), **gross})
    direction, quarter = draw_direction(rng), rng.integers(3)
    angle = rng.uniform(0.3, np.pi)
    if mount == "nominal":
        return nominal
    small = np.deg2rad(np.array([[roll, pitch, 0.0], [0.0, 0.0, slide]]))
    if side == "left":
        small = rotations.mirror_axis(small)
    worn = rotations.multiply(rotations.from_rotvec(small[1:]), rotations.from_rotvec(small[:1]))
    worn = rotations.multiply(worn, nominal)
    kind = drawn if mount == "drawn" else mount
    square = np.eye(3)[quarter]
    turns = {
        "worn": np.zeros(3),
        "flipped": np.pi * square,
        "quarter_turned": 0.5 * np.pi * square * (1 if direction[0] > 0 else -1),
        "arbitrary": angle * direction,
    }
    return rotations.multiply(worn, rotations.from_rotvec(turns[kind][None]))


def draw_chip(rng: Generator, rate_hz: float, *, gyro_range_dps: float | None, acc_range_g: float | None) -> Chip:
    """One chip with its errors."""
    numbers = section("sensor")
    band_hz = numbers["band_share"] * rate_hz
    acc_noise_mg = draw_log(rng, numbers["acc_noise_mg_rthz"]) * np.sqrt(band_hz)
    kelvin = draw(rng, numbers["warm_up_k"]) * (1 if rng.uniform() < 0.5 else -1)
    return Chip(
        acc_bias=np.array([draw(rng, numbers["acc_bias_mg"]) for _ in range(3)]) * 1e-3 * G,
        gyro_bias_dps=np.array([draw(rng, numbers["gyro_bias_dps"]) for _ in range(3)]),
        acc_gain=_gain(rng, numbers["acc_scale_sd"], numbers["cross_axis_sd"]),
        gyro_gain=_gain(rng, numbers["gyro_scale_sd"], numbers["cross_axis_sd"]),
        gyro_per_g_dps=rng.normal(0.0, numbers["gyro_per_g_dps_sd"], (3, 3)),
        acc_noise=acc_noise_mg * 1e-3 * G,
        gyro_noise_dps=draw_log(rng, numbers["gyro_noise_dps_rthz"]) * np.sqrt(band_hz),
        gyro_wander_dps=draw_log(rng, numbers["gyro_instability_dph"]) / 3600.0,
        warm_up_dps=draw(rng, numbers["gyro_temperature_dps_per_k"]) * kelvin,
        acc_range_g=acc_range_g or float(rng.choice(numbers["acc_ranges_g"])),
        gyro_range_dps=gyro_range_dps or float(rng.choice(numbers["gyro_ranges_dps"])),
        bits=numbers["bits"],
    )


def ideal_chip() -> Chip:
    """A chip without errors and without limits that anything here would reach."""
    return Chip(np.zeros(3), np.zeros(3), np.eye(3), np.eye(3), np.zeros((3, 3)), 0.0, 0.0, 0.0, 0.0, 1e6, 1e6, 0)


def with_gyro_bias(chip: Chip, bias_dps: tuple[float, float, float]) -> Chip:
    """The same chip with a given constant bias of its gyroscope."""
    return replace(chip, gyro_bias_dps=np.array(bias_dps))


def measure(rng: Generator, chip: Chip, time_s: Float, acc: Float, gyr: Float) -> tuple[Float, Float]:
    """What the chip reports for true specific force (n, 3) m/s^2 and angular rate (n, 3) rad/s, same units."""
    n = len(time_s)
    warm = 1.0 - np.exp(-time_s / float(section("sensor")["warm_up_tau_s"]))
    drift_dps = chip.gyro_bias_dps + chip.warm_up_dps * warm[:, None]
    if chip.gyro_wander_dps > 0 and n > 1:
        drift_dps = drift_dps + _wander(rng, time_s) * chip.gyro_wander_dps
    acc_out = acc @ chip.acc_gain.T + chip.acc_bias + chip.acc_noise * rng.normal(size=(n, 3))
    gyr_out = (gyr / DPS) @ chip.gyro_gain.T + drift_dps + (acc / G) @ chip.gyro_per_g_dps.T
    gyr_out = gyr_out + chip.gyro_noise_dps * rng.normal(size=(n, 3))
    return (
        _digitise(acc_out / G, chip.acc_range_g, chip.bits) * G,
        _digitise(gyr_out, chip.gyro_range_dps, chip.bits) * DPS,
    )


def _gain(rng: Generator, scale_sd: float, cross_sd: float) -> Float:
    return np.asarray(np.eye(3) + np.diag(rng.normal(0, scale_sd, 3)) + _off_diagonal(rng, cross_sd))


def _off_diagonal(rng: Generator, sd: float) -> Float:
    cross = rng.normal(0.0, sd, (3, 3))
    return np.asarray(cross - np.diag(np.diag(cross)))


def _wander(rng: Generator, time_s: Float) -> Float:
    """(n, 3) bias instability of unit size: a random walk in steps of 10 s that forgets over minutes."""
    knots_s = np.arange(time_s[0], time_s[-1] + 20.0, 10.0)
    walk = np.zeros((len(knots_s), 3))
    kicks = rng.normal(size=(len(knots_s), 3))
    for k in range(1, len(knots_s)):
        walk[k] = 0.95 * walk[k - 1] + np.sqrt(1 - 0.95**2) * kicks[k]
    return np.column_stack([np.interp(time_s, knots_s, walk[:, axis]) for axis in range(3)])


def _digitise(values: Float, full_range: float, bits: int) -> Float:
    """Clips to the range, then rounds to the steps of a signed integer; 0 bits rounds nothing."""
    clipped = np.clip(values, -full_range, full_range)
    if bits == 0:
        return np.asarray(clipped)
    step = full_range / 2 ** (bits - 1)
    return np.asarray(np.clip(np.round(clipped / step), -(2 ** (bits - 1)), 2 ** (bits - 1) - 1) * step)


def _from_matrix(axes: Float) -> Float:
    """(1, 4) of a rotation matrix; its columns are the turned axes."""
    from scipy.spatial.transform import Rotation

    return np.asarray(Rotation.from_matrix(axes[None]).as_quat())
