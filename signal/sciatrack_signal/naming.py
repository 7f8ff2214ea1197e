"""Which exercise a run of alike moves is, with a probability, for any mount.

A sensor is worn along the body's axes, but nobody says along which, and some are worn askew. So every way to
wear it is weighed together with every kind of movement: poses and axes come from the catalogue, numbers of the arcs
from naming.toml, and one mount serves all runs of a recording and the walking in it. What the poses would decide
only for a sensor worn one certain way stays undecided, which is the point. Own model; Bayes' rule throughout.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sciatrack_signal.evidence import Evidence
from sciatrack_signal.exercises import Exercise, catalogue
from sciatrack_signal.wearing import (
    ASKEW,
    AXIS_SD_DEG,
    POSE_SD_DEG,
    WALK_SD_DEG,
    Way,
    about,
    head_mounts,
    mounts_of,
    near,
)

Float = npt.NDArray[np.float64]
Head = tuple[float, float, float]

# A name is given from this probability on: likelier than all else together. Below, the block is `generic` and its
# note says between what. MEx, each person by a fit on the others: 0.35 names 48 of 68 rightly and 8 of 148 wrongly,
# 0.5 names 44 and 5, 0.65 names 35 and 4; simulated visits change by 3 names of 140.
SURE = 0.5
# Where nobody walks, so that the sensor may be worn in any way, the name must also be so many times likelier than
# any other exercise. Of 99 bundled sessions cut to the set and turned at random 14 get a wrong name without, 7 with
# it (a child's pose or a hamstring stretch, alike then); 2 leaves 4, but names 7 of 20 MEx bird-dogs, not 11.
LEAD = 1.6
# Of sensors worn askew so many stay as they were in the walk; walks agree if their mean is so long at least.
WALKED_ASKEW, WALKS_AGREE = 0.7, 0.9
# Arcs of anything: median and spread of the logarithm of range, hold, rest, move and repetitions.
ANY = ((12.0, 1.2), (1.5, 1.3), (1.5, 1.3), (1.2, 0.8), (6.0, 0.9))
ANY_LOGS = np.array([(np.log(median), sd) for median, sd in ANY])
# Density of a pose and an axis that may be any.
ANY_POSE_AND_AXIS = 1.0 / (4.0 * np.pi) / (2.0 * np.pi)
ODD_NUMBER = 0.06
ANY_RISE_SD_M = 0.12
ODD_RISE = 0.15
# Of runs of alike moves: the nine share what the strangers and anything else leave.
STRANGER_PRIOR = 0.2
ANYTHING_PRIOR = 0.25
# Somebody who names the exercise is mostly right.
SAID_PRIOR = 0.6


@dataclass(frozen=True, eq=False)
class Kind:
    """One kind of movement as one sensor sees it. name: the exercise, or words for a stranger.

    logs (5, 2) : mean and standard deviation of ln of range, hold, rest, move and repetitions. side: of the leg.
    rest_up, axis : in the body's frame; None where any pose will do. spread_deg: of poses and of axes.
    """

    name: str
    exercise: str
    side: str
    rest_up: Float | None
    axis: Float | None
    logs: Float
    rise_m: tuple[float, float]
    spread_deg: tuple[float, float]
    prior: float


@dataclass(frozen=True)
class Naming:
    """What a run may be: probabilities by exercise id, strangers and anything else under their own words.

    sides : for each exercise the probability of `left`, `right`. hold_is_1 : probability that pose 1 is the hold.
    walked : whether somebody walked, which says how the sensor is worn.
    """

    probabilities: Mapping[str, float]
    sides: Mapping[str, Mapping[str, float]]
    hold_is_1: float
    walked: bool

    @property
    def best(self) -> tuple[str, float]:
        return max(self.probabilities.items(), key=lambda item: item[1])

    @property
    def sure(self) -> str:
        """The exercise if the name may be given; else empty."""
        name, p = self.best
        others = [chance for kind, chance in self.probabilities.items() if kind in self.sides and kind != name]
        leads = self.walked or p >= LEAD * max(others, default=0.0)
        return name if name in self.sides and p >= SURE and leads else ""


ANYTHING = "another movement"


def name_runs(
    runs: Sequence[Evidence], placement: str, exercises: Collection[str], walks: Sequence[Float] = (),
    said: str | None = None,
) -> list[Naming]:  # fmt: skip
    """Names every run of one recording.

    exercises : ids that may have been done; walks : directions of up (3,) while walking; said : the exercise that
    somebody says was done.
    """
    kinds = _kinds(placement, frozenset(exercises), said)
    head = _head(walks)
    weight = _worn(placement, tuple(tuple(up.tolist()) for up in walks), head)
    # What all runs of a day are in all mounts is too much to be kept until the weights are known.
    for run in runs:
        weight = weight + _in_each_mount(run, kinds, placement, head)[1]
    weight = np.exp(weight - weight.max())
    weight /= weight.sum()
    inner = (_in_each_mount(run, kinds, placement, head)[0] for run in runs)
    return [_naming(one, weight, kinds, walked=len(walks) > 0) for one in inner]


def _head(walks: Sequence[Float]) -> Head | None:
    """Direction of the head by the walks; None where nobody walked, or with the sensor in one way and another."""
    head = np.sum(walks, axis=0) / len(walks) if len(walks) else np.zeros(3)
    size = float(np.linalg.norm(head))
    if size < WALKS_AGREE:
        return None
    x, y, z = (head / size).tolist()
    return x, y, z


@lru_cache(maxsize=16)  # the same for every run of a recording
def _worn(placement: str, walks: tuple[Head, ...], head: Head | None) -> Float:
    """(mounts + 1) log weights after the walks; the last is of a sensor worn anyhow.

    A sensor worn askew may point anywhere, but walking says which way is up, and only the turn about it stays open.
    """
    mounts, prior = mounts_of(placement)
    weight = np.log(prior * (1.0 - ASKEW))
    for up in walks:
        weight = weight + np.log(near(mounts[:, :, 2] @ np.array(up), WALK_SD_DEG))
    anyhow = np.log(ASKEW) - len(walks) * np.log(4.0 * np.pi)
    if head is None:
        return np.append(weight, anyhow)
    _, share = head_mounts(np.array(head))
    return np.concatenate([weight, anyhow + np.log(WALKED_ASKEW * share), [anyhow + np.log(1.0 - WALKED_ASKEW)]])


@lru_cache(maxsize=16)
def _all_mounts(placement: str, head: Head | None) -> Float:
    """(g, 3, 3): along the body, then with the head where the walks say it is."""
    mounts, _ = mounts_of(placement)
    return mounts if head is None else np.concatenate([mounts, head_mounts(np.array(head))[0]])


def can_name(exercise: str, placement: str) -> bool:
    """Whether anything is known of the arcs of the exercise as a sensor there sees them."""
    view = "hip" if placement == "hip" else "thigh_working"
    return any(record.get("exercise") == exercise and record["view"] == view for record in records())


def other_ways(exercise: str, view: str) -> list[Way]:
    """Poses of ways to do the exercise that the catalogue does not have: rest and hold, for a right working leg."""
    known = [r for r in records() if r.get("exercise") == exercise and r["view"] == view]
    return [(r["rest_up"], r["hold_up"]) for r in known if "rest_up" in r and "hold_up" in r]


def _naming(inner: Float, weight: Float, kinds: Sequence[Kind], *, walked: bool) -> Naming:
    """inner (mounts + 1, kinds + 1, 2) : probabilities for a sensor worn in each way, weight of those."""
    share = np.tensordot(weight, inner, 1)
    probabilities: dict[str, float] = {}
    sides: dict[str, dict[str, float]] = {}
    for kind, p in zip(kinds, share[: len(kinds)].sum(axis=1), strict=True):
        probabilities[kind.name] = probabilities.get(kind.name, 0.0) + float(p)
        if kind.exercise:
            of = sides.setdefault(kind.exercise, {})
            of[kind.side] = of.get(kind.side, 0.0) + float(p)
    probabilities[ANYTHING] = float(share[len(kinds) :].sum())
    return Naming(probabilities, sides, float(share[:, 1].sum()), walked)


@lru_cache(maxsize=64)  # a run is named by itself and again with the others of its recording
def _in_each_mount(
    run: Evidence, kinds: tuple[Kind, ...], placement: str, head: Head | None
) -> tuple[Float, Float]:  # fmt: skip
    """(mounts + 1, kinds + 1, 2) probabilities of what a run is for a sensor worn in each way, and (mounts + 1) log
    likelihoods of the run for such a sensor; the last mount is any, the last kind is anything; the last axis says
    which pose is the hold."""
    table = _table(kinds, placement, head)
    arcs = _arcs(run, table)
    highest = float(arcs.max())  # of logarithms; densities of poses and axes are neither tiny nor huge
    arc = np.exp(arcs - highest)
    inner = np.empty((table.rest_ups.shape[0] + 1, *arc.shape))
    inner[:] = arc * ANY_POSE_AND_AXIS
    for hold, sign in ((0, -1.0), (1, 1.0)):
        fits = near(table.rest_ups @ run.poses[1 - hold], table.spread_deg[:, 0])
        fits *= about(table.axes @ (sign * run.axis), table.spread_deg[:, 1])
        fits *= arc[table.placed, hold]
        inner[:-1, table.placed, hold] = fits
    total = inner.sum(axis=(1, 2))
    inner /= total[:, None, None]
    return inner, highest + np.log(total)


def _arcs(run: Evidence, table: Table) -> Float:
    """(kinds + 1, 2) log of prior times likelihood of a run's numbers for each kind, the last one is anything, and
    either pose as the hold."""
    dwells_s = run.dwells_s.tolist()
    arcs = np.empty((len(table.logs) + 1, 2))
    for hold, sign in ((0, -1.0), (1, 1.0)):
        seen = (run.range_deg, dwells_s[hold], dwells_s[1 - hold], run.move_s, run.reps)
        numbers = np.log(np.maximum(seen, 1e-3))
        rise_m = sign * run.rise_m
        odd = _normal(numbers, ANY_LOGS[:, 0], ANY_LOGS[:, 1])
        arcs[-1, hold] = np.log(0.5 * ANYTHING_PRIOR) + odd.sum() + _normal(rise_m, 0.0, ANY_RISE_SD_M)
        arcs[:-1, hold] = table.log_prior + _arc(numbers, table.logs, odd) + _rise(rise_m, table.rise_m)
    return arcs


@dataclass(frozen=True, eq=False)
class Table:
    """All kinds side by side. k kinds, of which p have a place; g mounts.

    log_prior (k) : half of it for each pose that may be the hold. logs (k, 5, 2), rise_m (k, 2) : as of a Kind.
    placed (p) : their indices. rest_ups, axes (g, p, 3) : in the sensor's frame. spread_deg (p, 2).
    """

    log_prior: Float
    logs: Float
    rise_m: Float
    placed: npt.NDArray[np.int64]
    rest_ups: Float
    axes: Float
    spread_deg: Float


@lru_cache(maxsize=16)
def _table(kinds: tuple[Kind, ...], placement: str, head: Head | None) -> Table:
    mounts = _all_mounts(placement, head)
    placed = [k for k, kind in enumerate(kinds) if kind.rest_up is not None and kind.axis is not None]
    ups, axes = (np.array([getattr(kinds[k], name) for k in placed]).reshape(-1, 3) for name in ("rest_up", "axis"))
    return Table(
        np.log([0.5 * kind.prior for kind in kinds]), np.array([kind.logs for kind in kinds]),
        np.array([kind.rise_m for kind in kinds]), np.array(placed, dtype=np.int64),
        np.einsum("gij,pj->gpi", mounts, ups), np.einsum("gij,pj->gpi", mounts, axes),
        np.array([kinds[k].spread_deg for k in placed]).reshape(-1, 2),
    )  # fmt: skip


def _arc(numbers: Float, logs: Float, odd: Float) -> Float:
    """(k,) log likelihood of the five numbers for each kind; one that is not known says nothing, an odd one not
    everything. logs (k, 5, 2), odd (5,) of the numbers for anything."""
    usual = _normal(numbers, logs[:, :, 0], logs[:, :, 1])
    either = np.logaddexp(usual + np.log(1 - ODD_NUMBER), odd + np.log(ODD_NUMBER))
    return np.asarray(np.where(np.isfinite(numbers), either, 0.0).sum(axis=1))


def _rise(rise_m: float, usual_m: Float) -> Float:
    usual, odd = _normal(rise_m, usual_m[:, 0], usual_m[:, 1]), _normal(rise_m, 0.0, 2 * ANY_RISE_SD_M)
    return np.asarray(np.logaddexp(usual + np.log(1 - ODD_RISE), odd + np.log(ODD_RISE)))


def _normal(x: Float | float, mean: Float | float, sd: Float | float) -> Float:
    """Log density; 0 where x is not known."""
    density = -0.5 * ((x - mean) / sd) ** 2 - np.log(sd * np.sqrt(2.0 * np.pi))
    return np.asarray(np.where(np.isfinite(x), density, 0.0))


@cache
def _kinds(placement: str, exercises: frozenset[str], said: str | None) -> tuple[Kind, ...]:
    """All kinds that a sensor there may see, for a left and a right working leg where it matters."""
    segment = "hip" if placement == "hip" else "thigh_working"
    seen = [r for r in records() if r["view"] in (segment, "any") and r.get("exercise", "") in {"", *exercises}]
    found = [kind for record in seen for kind in sided(record, placement)]
    alike = Counter((kind.name, kind.exercise) for kind in found)
    classes = Counter(bool(exercise) for _, exercise in alike)
    rest = 1.0 - (SAID_PRIOR if said in exercises else 0.0)

    def prior(kind: Kind) -> float:
        if kind.exercise == said:
            return SAID_PRIOR / alike[kind.name, kind.exercise]
        share = 1.0 - STRANGER_PRIOR - ANYTHING_PRIOR if kind.exercise else STRANGER_PRIOR
        return rest * share / classes[bool(kind.exercise)] / alike[kind.name, kind.exercise]

    return tuple(replace(kind, prior=prior(kind)) for kind in found)


def sided(record: Mapping[str, Any], placement: str) -> list[Kind]:
    name = str(record.get("exercise") or record["stranger"])
    exercise = catalogue()[name] if "exercise" in record else None
    legs = {"left_thigh": ("left",), "right_thigh": ("right",)}.get(placement, ("right", "left"))
    logs = np.array([(np.log(median), sd) for median, sd in (record[key] for key in NUMBERS)])
    spread_deg = tuple(record.get("spread_deg", (POSE_SD_DEG, AXIS_SD_DEG)))
    kinds = []
    for leg in legs:
        rest, axis = _geometry(record, exercise)
        if leg == "left" and rest is not None and axis is not None:
            rest, axis = rest * (1, -1, 1), axis * (-1, 1, -1)
        side = "both" if exercise is not None and exercise.sides == "both" else leg
        rise = tuple(record.get("rise_m", (0.0, ANY_RISE_SD_M)))
        kinds.append(Kind(name, name if exercise else "", side, rest, axis, logs, rise, spread_deg, 0.0))
    return kinds


BY_HAND, FITTED = "naming.toml", "naming_arcs.toml"
NUMBERS = ("range_deg", "hold_s", "rest_s", "move_s", "reps")


def _geometry(record: Mapping[str, Any], exercise: Exercise | None) -> tuple[Float | None, Float | None]:
    """(3,) rest pose and (3,) axis of the out-move in the body's frame; None for any."""
    view = exercise.views[record["view"]] if exercise else None
    rest_up = record.get("rest_up", view and view.rest_up)
    hold_up = record.get("hold_up", view and view.hold_up)
    if rest_up is None or hold_up is None:
        return None, None
    rest = np.asarray(rest_up) / np.linalg.norm(rest_up)
    axis = np.cross(rest, hold_up)
    return rest, axis / np.linalg.norm(axis)


@lru_cache(maxsize=1)
def records() -> tuple[Mapping[str, Any], ...]:
    """All that is known of kinds of movement."""
    return (*by_hand(), *_read(FITTED))


def by_hand() -> list[Mapping[str, Any]]:
    return _read(BY_HAND)


def _read(name: str) -> list[Mapping[str, Any]]:
    with Path(__file__).with_name(name).open("rb") as file:
        return list(tomllib.load(file)["kind"])
