"""What the simulation knows of each exercise: the domain file beside the repository, and what it does not say."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float64]

ROOT = Path(__file__).resolve().parents[2]
DOMAIN = ROOT.parent / "shared" / "domain" / "exercises.toml"
ABSENT = f"the numbers of the exercises are not beside the repository ({DOMAIN}); nothing is simulated"

HIP, THIGH = "hip", "thigh"
# Exercise and segment that wears the sensor, wherever the exercise turns that segment enough to be counted.
CELLS = (
    ("glute_bridge", HIP),
    ("glute_bridge", THIGH),
    ("knee_to_chest", THIGH),
    ("clamshell", THIGH),
    ("bird_dog", THIGH),
    ("cobra_stretch", HIP),
    ("childs_pose", HIP),
    ("childs_pose", THIGH),
    ("standing_hamstring_stretch", HIP),
    ("pelvic_tilt", HIP),
    ("lying_gluteal_stretch", THIGH),
)
# Held for long and done a few times; the others are held for seconds and done many times.
STRETCHES = frozenset({"cobra_stretch", "childs_pose", "standing_hamstring_stretch", "lying_gluteal_stretch"})
BOTH_SIDES = frozenset({"glute_bridge", "childs_pose", "cobra_stretch", "pelvic_tilt"})

# Seconds that one way may last, from the fastest of the healthy to the slowest of the cautious.
WAY_S = {
    "glute_bridge": (0.6, 4.0),
    "knee_to_chest": (1.0, 5.0),
    "clamshell": (0.5, 3.0),
    "bird_dog": (0.7, 4.0),
    "cobra_stretch": (1.0, 5.0),
    "childs_pose": (1.0, 5.0),
    "standing_hamstring_stretch": (1.0, 5.0),
    "pelvic_tilt": (0.5, 2.5),
    "lying_gluteal_stretch": (0.6, 4.0),
}
# Degrees below which nobody would call it a repetition.
LEAST_RANGE_DEG = {
    "glute_bridge": 10.0,
    "knee_to_chest": 80.0,
    "clamshell": 20.0,
    "bird_dog": 45.0,
    "cobra_stretch": 5.0,
    "childs_pose": 11.0,
    "standing_hamstring_stretch": 13.0,
    "pelvic_tilt": 4.0,
    "lying_gluteal_stretch": 8.0,
}
# Metres that the segment is carried at full range, in the room: x ahead, y left, z up. All others turn in place.
CARRIED_M = {
    ("glute_bridge", HIP): (0.0, 0.0, 0.14),
    ("glute_bridge", THIGH): (0.0, 0.0, 0.14),
    ("childs_pose", HIP): (-0.33, 0.0, -0.1),
    ("childs_pose", THIGH): (-0.33, 0.0, -0.1),
    ("standing_hamstring_stretch", HIP): (-0.06, 0.0, 0.0),
    ("bird_dog", THIGH): (0.0, 0.03, 0.0),
    ("cobra_stretch", HIP): (0.0, 0.0, 0.02),
}


@dataclass(frozen=True)
class Turn:
    """How one segment turns in one exercise, of the right leg.

    axis, rest_up : (3,) unit vectors in the segment (x ahead, y left, z to the head): what it turns about outward,
    and what points up at rest. Amplitudes are degrees; sway and tremor are root mean squares.
    """

    axis: Float
    rest_up: Float
    range_mean_deg: float
    range_sd_deg: float
    range_most_deg: float
    rest_sd_deg: float
    breath_deg: float
    sway_deg: float
    tremor_deg: float


def available() -> bool:
    return DOMAIN.is_file()


@cache
def turn_of(exercise: str, segment: str) -> Turn:
    """The numbers of the domain file for a cell."""
    with DOMAIN.open("rb") as file:
        views = tomllib.load(file)["exercise"][exercise]
    view = views[HIP if segment == HIP else "thigh_same"]
    view = views[view["same_as"]] if "same_as" in view else view
    turned = view["rotation_deg"]
    return Turn(
        axis=unit(view["axis"]),
        rest_up=unit(view["u_rest"]),
        range_mean_deg=float(turned["mean"]),
        range_sd_deg=float(turned["sd"]),
        range_most_deg=float(turned["max"]),
        rest_sd_deg=float(view["rest_orientation_sd_deg"]),
        breath_deg=float(view["breath_amp_deg"]),
        sway_deg=float(view["hold_sway_rms_deg"]),
        tremor_deg=float(view["tremor_rms_deg"]),
    )


def unit(vector: tuple[float, ...] | list[float]) -> Float:
    """(3,) the vector with length 1."""
    array = np.array(vector, dtype=np.float64)
    return np.asarray(array / np.linalg.norm(array))
