"""What the body does, second by second: a list of turns, moves and disturbances that is rendered at once.

The orientation of the segment under the sensor is R(t) = R_pose(t) exp(v(t)) exp(w(t)): the pose (standing, lying,
and the turns between), the deliberate rotation v of the exercise in the frame of the resting segment, and small or
foreign motion w. All of it is truth; sensor and link come later.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from sciatrack_ingest.recording import Float
from sciatrack_signal.simulate import rotations
from sciatrack_signal.simulate.draws import Generator
from sciatrack_signal.simulate.profiles import Shape, minimum_jerk
from sciatrack_signal.simulate.subjects import Subject


@dataclass(frozen=True, eq=False)
class Move:
    """A change by `delta` (3,) from start_s to end_s that stays: degrees of v, or metres of the hip joint."""

    start_s: float
    end_s: float
    delta: Float
    shape: Shape = minimum_jerk
    variant: float = 0.5


@dataclass(frozen=True, eq=False)
class Turn:
    """A change of pose: the segment turns by `rotvec_rad` (3,) in its own frame, in one sweep."""

    start_s: float
    end_s: float
    rotvec_rad: Float
    shape: Shape = minimum_jerk
    variant: float = 0.5


@dataclass(frozen=True, eq=False)
class Overlay:
    """Motion from start_s on at the script's rate: rot_deg (m, 3) in the segment, acc (m, 3) m/s^2 in the world.

    small : like tremor, it does not set soft tissue swinging.
    """

    start_s: float
    rot_deg: Float | None = None
    acc: Float | None = None
    small: bool = False


@dataclass(frozen=True, eq=False)
class Ambient:
    """Small motion from start_s on: breath_deg about `axis` (3,) per unit of the breathing wave, sway and tremor
    RMS about the same axis; less about the others."""

    start_s: float
    axis: Float
    breath_deg: float
    sway_deg: float
    tremor_deg: float


@dataclass(frozen=True)
class Effort:
    """A rep as small motion sees it: moving in `out` and `back`, holding between."""

    start_s: float
    hold_from_s: float
    hold_to_s: float
    end_s: float
    tremor_gain: float = 1.0
    sway_gain: float = 1.0
    breath_held: bool = False


@dataclass(frozen=True, eq=False)
class ScriptedRep:
    """One rep as planned; truth is measured from the rendered angle between these moments.

    axis (3,) and home_deg (3,) give the angle: (v - home) . axis. return_share : how far back the return goes.
    """

    side: str
    axis: Float
    home_deg: Float
    out: tuple[float, float]
    back: tuple[float, float]
    dips: tuple[tuple[tuple[float, float], tuple[float, float]], ...] = ()
    fades: bool = False
    return_share: float = 1.0
    indirect: bool = False
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class ScriptedBlock:
    exercise: str
    side: str
    placement: str
    start_s: float
    end_s: float
    reps: tuple[ScriptedRep, ...]


@dataclass
class Script:
    """Collects what happens; `now_s` is where the next thing is put.

    segment : pelvis | left_thigh | right_thigh, whatever wears the sensor.
    pose, pose_side : the pose and the working leg by which it is named; quat (1, 4) the orientation in it.
    on_bed : lies on a bed, not on the floor.
    lean_deg (3,) : the deliberate rotation v reached so far.
    """

    rng: Generator
    subject: Subject
    segment: str
    rate_hz: float
    pose: str
    pose_side: str
    quat: Float
    on_bed: bool = False
    now_s: float = 0.0
    start_quat: Float = field(default_factory=lambda: np.array([[0.0, 0.0, 0.0, 1.0]]))
    lean_deg: Float = field(default_factory=lambda: np.zeros(3))
    turns: list[Turn] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    travels: list[Move] = field(default_factory=list)
    overlays: list[Overlay] = field(default_factory=list)
    ambients: list[Ambient] = field(default_factory=list)
    efforts: list[Effort] = field(default_factory=list)
    blocks: list[ScriptedBlock] = field(default_factory=list)
    slips: list[Move] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.start_quat = self.quat

    @property
    def up(self) -> Float:
        """(3,) direction of up in the segment in its present pose."""
        return np.asarray(rotations.turn(rotations.inverse(self.quat), np.array([[0.0, 0.0, 1.0]]))[0])

    def mirrored(self, axis: Float) -> Float:
        """A drawn rotation (3,) as the working leg has it: one seed gives mirror images for left and right."""
        return rotations.mirror_axis(axis) if self.pose_side == "left" else axis

    def wait(self, seconds: float) -> None:
        self.now_s += max(seconds, 0.0)

    def lean(
        self, delta_deg: Float, lasts_s: float, shape: Shape = minimum_jerk, variant: float = 0.5
    ) -> tuple[float, float]:
        """Turns the segment by delta_deg (3,) within its pose; returns the interval it took."""
        start_s, self.now_s = self.now_s, self.now_s + lasts_s
        self.moves.append(Move(start_s, self.now_s, delta_deg, shape, variant))
        self.lean_deg = self.lean_deg + delta_deg
        return start_s, self.now_s

    def turn_to(self, up: Float, lasts_s: float, *, swing_rad: float = 0.0, shape: Shape = minimum_jerk) -> None:
        """Turns the pose until the segment's direction `up` points up, with a swing about the vertical."""
        now_up = self.up
        swing = rotations.from_rotvec((swing_rad * now_up)[None])
        shortest = rotations.from_rotvec(rotations.between(up, now_up)[None])
        rotvec = rotations.to_rotvec(rotations.multiply(swing, shortest))[0]
        self.turns.append(Turn(self.now_s, self.now_s + lasts_s, rotvec, shape))
        self.quat = rotations.multiply(self.quat, rotations.from_rotvec(rotvec[None]))
        self.now_s += lasts_s

    def travel(self, delta_m: Float, start_s: float, end_s: float, shape: Shape = minimum_jerk) -> None:
        """Moves the hip joint through the room."""
        self.travels.append(Move(start_s, end_s, delta_m, shape))


def track(moves: list[Move], n: int, rate_hz: float) -> Float:
    """(n, 3): the sum of all moves at each sample."""
    step = np.zeros((n, 3))
    for move in moves:
        first = max(int(np.ceil(move.start_s * rate_hz)), 0)
        last = min(int(np.floor(move.end_s * rate_hz)) + 2, n)
        if last <= first:
            step[first : first + 1] += move.delta
            continue
        at_s = np.arange(first - 1, last) / rate_hz
        phase = np.clip((at_s - move.start_s) / max(move.end_s - move.start_s, 1e-9), 0.0, 1.0)
        step[first:last] += np.diff(move.shape(phase, move.variant))[:, None] * move.delta
    return np.cumsum(step, axis=0)


def pose_track(script: Script, n: int) -> Float:
    """(n, 4): the orientation of the pose at each sample."""
    starts = [script.start_quat]
    index = np.zeros(n, dtype=np.int64)
    rotvec = np.zeros((n, 3))
    for k, turn in enumerate(script.turns):
        starts.append(rotations.multiply(starts[-1], rotations.from_rotvec(turn.rotvec_rad[None])))
        first = min(int(np.ceil(turn.start_s * script.rate_hz)), n)
        last = min(int(np.ceil(turn.end_s * script.rate_hz)), n)
        at_s = np.arange(first, last) / script.rate_hz
        phase = np.clip((at_s - turn.start_s) / (turn.end_s - turn.start_s), 0.0, 1.0)
        rotvec[first:last] = turn.shape(phase, turn.variant)[:, None] * turn.rotvec_rad
        index[last:] = k + 1
    poses = np.concatenate(starts)
    if not script.turns:
        return np.repeat(poses, n, axis=0)
    return rotations.multiply(poses[index], rotations.from_rotvec(rotvec))
