"""`auto`: which stretches of an unlabelled recording are exercise, and which exercise.

Candidates of all stretches are cut where two exercises follow each other, named together (one mount serves all),
and those kept that are deliberate by themselves or surely one of the known exercises; neighbours of one kind
become a block.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from sciatrack_signal.candidates import Candidate, alike
from sciatrack_signal.cutting import cuts
from sciatrack_signal.dwells import Timed, time_each, time_moves
from sciatrack_signal.evidence import Arcs, Evidence, arcs_of, summary
from sciatrack_signal.excursion import unit_one
from sciatrack_signal.exercises import Exercise, view_name
from sciatrack_signal.naming import Naming, name_runs
from sciatrack_signal.order import median, quantile
from sciatrack_signal.plausible import STRIDE_MAX_S, Likeness, deliberate, likeness
from sciatrack_signal.segmentation import FEW_STROKES, conviction

Float = npt.NDArray[np.float64]

GENERIC = "generic"
BREATHING = "breathing"
# While nobody knows what moves, nothing is said of where it turns: so were the numbers of naming_arcs.toml taken.
NO_LEVER_M = 0.0
# What is breathing first of all and with this chance is passed over; half let a fast breath at the hip through.
BREATHING_CHANCE = 0.35
# A run that does not pass for deliberate by itself is kept if it is one of the exercises with this probability.
SURE_ALONE = 0.92
# So sure, and it may be a stroke shorter than three repetitions: one end of a set of three, or a set of two, is
# often lost in lying down and getting up.
SURE_FEW = 0.97
LEAST_REVERSALS = FEW_STROKES - 1
# The working side is said from this share of the name's probability on; below, `unknown`.
SURE_SIDE = 0.75
# Of two runs that overlap, one with a name wins over a livelier one without.
NAMED_WORTH = 2.0
# A long run may take in the way to the next exercise and a repetition of it, which are so many points, and gives
# them up if three times as many are left. More are the run's own.
SHARED_POINTS, LEFT_SHARE = 4, 3
# Pauses within a block: to rest, to be told something, to walk a few steps.
BLOCK_PAUSE_S = 150.0
# A set reaches no further than so many of its repetitions beyond what was found of it. In simulated visits 4 of 5
# that were read further off were none, or of another exercise; at 8 a set that a gap parted would lose some.
REACH_REPS = 12
# Poses of one block differ by less than this.
BLOCK_POSE_COSINE = 0.8
# One move out and back at least.
LEAST_STROKES = 2
# What is most likely none of the known exercises must go on for this many reversals (six repetitions): fewer are
# met wherever people lie down, turn over and tidy their clothes. More would pass over short sets of other moves.
STRANGE_REVERSALS = 11
# A shorter run must be one of the exercises with at least this chance once its likeness is weighed in.
# Simulated: 115 of 119 short sets with a name pass, and 5 of 34 named chance runs in 41 h;
# at 0.8 it is 118 and 9, at 0.95 109 and 4.
KNOWN_SHORT = 0.93
# How alike the moves of short runs are (Likeness.unlike): median of sets, and of what happens to look like an
# exercise where nobody does one, with the spread of the logarithm of both (simulated, 118 and 62 runs).
ALIKE, BY_CHANCE, ALIKE_SPREAD = 0.07, 0.20, 0.6
# No two moves are more alike than an accelerometer's noise lets them be.
UNLIKE_LEAST = 0.01
# And how many reversals they have: each one beyond three repetitions makes chance half as likely.
USUAL_REVERSALS, LESS_BY_CHANCE = 6, 2.0
# No name is surer than that one run in so many is something nobody thought of.
UNKNOWN_LEAST = 1e-6
# So many strokes at each end of a short run may be of lying down, getting up or a shift. Simulated visits: 0 loses
# one set of 290, 2 and 3 find no more.
STRAY_STROKES = 1
# Slow strides are reps of generic by their length, but never dwell in a pose (s), and are shaken by steps.
STRIDE_DWELL_S, STRIDE_JOLT_RATIO = 0.1, 1.6
# What this quantile of a run's strokes falls short of is too small for any part of it.
LARGER_PART = 0.75
# Candidates that are worth a word in the note.
WORTH_TELLING = 0.15


@dataclass(frozen=True, eq=False)
class Piece:
    """A part of a candidate in which one exercise is done, and what it may be."""

    one: Candidate
    seen: Evidence
    naming: Naming

    @property
    def named(self) -> str:
        """The exercise, or `generic`."""
        return self.naming.sure or GENERIC


@dataclass(frozen=True, eq=False)
class Found:
    """One block: the exercise (or `generic`), its candidates in order of time, and what is said of the name."""

    exercise: str
    side: str
    pieces: tuple[Piece, ...]
    note: str


def find_blocks(
    found: Sequence[Candidate], placement: str, said_side: str, exercises: Mapping[str, Exercise],
    walks: Sequence[Float],
) -> list[Found]:  # fmt: skip
    """The blocks of one recording in order of time; none where nobody exercised.

    said_side : of the working leg as somebody said, which stands; `unknown` where nobody did.
    """
    known = [e for e in exercises if e != GENERIC]
    # Most runs of an idle hour are breathing, too small for anything: they are not timed.
    large = [one for one in found if _large_enough(one, placement, exercises)]
    # Each by itself first: chance runs must not speak for a mount.
    single: list[Piece | Candidate] = []
    enough = (one for one in large if one.run.reversals >= LEAST_REVERSALS)
    timed = time_each((one.trace, one.run, NO_LEVER_M) for one in enough)
    for one in large:
        if one.run.reversals < LEAST_REVERSALS:  # only beside a set they may be more of it
            single.append(one)
        else:
            parts = parts_of(one, next(timed))
            single += [_clearest(part, placement, exercises, walks) for part in parts]
    kept = _apart([piece for piece in single if isinstance(piece, Piece) and _kept(piece, placement, exercises)])
    # One mount serves all, but a chance run among them does not take the name that another bears by itself.
    together = name_runs([piece.seen for piece in kept], placement, known, walks)
    pieces = [replace(p, naming=n if n.sure else p.naming) for p, n in zip(kept, together, strict=True)]
    pieces = _with_kin(pieces, single)
    groups = [_bounded(group, pieces) for group in _groups(pieces)]
    return [_block(group, placement, said_side, exercises) for group in groups]


def walk_up(one: Candidate) -> Float | None:
    """(3,) direction of up while walking in the stretch of a candidate; None where nobody walks."""
    return one.trace.walk_up


def parts_of(one: Candidate, timed: Timed | None = None) -> list[tuple[Candidate, Arcs, Evidence]]:
    """A candidate cut where two exercises follow each other, each part with its strokes and their medians.

    timed : the candidate's moves where they were timed before, with NO_LEVER_M.
    """
    whole = arcs_of(one.trace, timed or time_moves(one.trace, one.run, NO_LEVER_M))
    if whole.count < LEAST_STROKES:
        return []
    edges = [0, *cuts(whole), whole.count]
    first = int(one.run.passed[0])
    parts = []
    for a, b in itertools.pairwise(edges):
        arcs = whole.part(a, b)
        part = one if len(edges) == 2 else _cut(one, first + a, first + b, arcs)
        parts.append((part, arcs, summary(arcs)))
    return parts


def _cut(one: Candidate, first: int, last: int, arcs: Arcs) -> Candidate:
    """A part of a candidate, which is as alike as its own moves are."""
    run = replace(
        one.run, points=one.run.points[first : last + 1], levels=one.run.levels[first : last + 1],
        amplitude_deg=median(arcs.ranges_deg), passed=(False, False),
    )  # fmt: skip
    return replace(one, run=run, measured=likeness(one.trace, run))


def _clearest(
    part: tuple[Candidate, Arcs, Evidence], placement: str, exercises: Mapping[str, Exercise],
    walks: Sequence[Float],
) -> Piece:  # fmt: skip
    """A part as a piece; a short one that does not pass, without the strokes at its ends without which it does."""
    one, arcs, seen = part
    known = [e for e in exercises if e != GENERIC]
    whole = Piece(one, seen, name_runs([seen], placement, known, walks)[0])
    if one.run.reversals >= STRANGE_REVERSALS or _kept(whole, placement, exercises):
        return whole
    passing = []
    for a, b in _inner_parts(arcs.count):
        inner = arcs.part(a, b)
        seen = summary(inner)
        naming = name_runs([seen], placement, known, walks)[0]
        # Of several parts one is alike by chance: its name alone must speak for it.
        if _known(naming, exercises) >= KNOWN_SHORT:
            first = int(one.run.passed[0])
            piece = Piece(_cut(one, first + a, first + b, inner), seen, naming)
            passing += [piece] if _kept(piece, placement, exercises) else []
    return max(passing, key=lambda piece: _odds(piece, exercises), default=whole)


def _inner_parts(count: int) -> list[tuple[int, int]]:
    """First and last point of each part of so many strokes that lacks a few of them at its ends."""
    ends = itertools.product(range(STRAY_STROKES + 1), range(count - STRAY_STROKES, count + 1))
    return [(a, b) for a, b in ends if LEAST_REVERSALS <= b - a < count]


def _kept(piece: Piece, placement: str, exercises: Mapping[str, Exercise]) -> bool:
    """Whether it passes for exercise although nobody said so."""
    run = piece.one.run
    name, p = piece.naming.best
    if name == BREATHING and p > BREATHING_CHANCE:
        return False
    known = _known(piece.naming, exercises)
    if run.reversals < (LEAST_REVERSALS if known >= SURE_FEW else FEW_STROKES):
        return False
    if (run.reversals < STRANGE_REVERSALS or piece.one.slow) and not _likely(piece, placement, exercises):
        return False
    if _strides(piece):
        return False
    if _by_itself(piece.one, placement, exercises):
        return True
    # Where a placement shows the exercise only weakly, breathing and rocking look like it too.
    seen = name in exercises and exercises[name].view(placement, None).observability != "weak"
    return seen and known >= SURE_ALONE


def _known(naming: Naming, exercises: Mapping[str, Exercise]) -> float:
    """The chance that it is one of the exercises, whichever; where nobody walked, so that poses say little, the
    likeliest one's."""
    chances = [chance for kind, chance in naming.probabilities.items() if kind in exercises]
    return sum(chances) if naming.walked else max(chances, default=0.0)


def _likely(piece: Piece, placement: str, exercises: Mapping[str, Exercise]) -> bool:
    """Whether a short run is an exercise: it is as large as the likeliest one, and that it is one of them, its
    likeness and its length together speak for somebody who exercises."""
    name = piece.naming.best[0]
    if name not in exercises or (piece.named != name and (piece.one.slow or not piece.naming.walked)):
        return False
    large = piece.one.run.amplitude_deg >= exercises[name].view(placement, None).min_tilt_deg
    return large and _odds(piece, exercises) * (1.0 - KNOWN_SHORT) >= KNOWN_SHORT


def _odds(piece: Piece, exercises: Mapping[str, Exercise]) -> float:
    """Odds that a run is an exercise, by its poses and times, its likeness and its length."""
    known = min(_known(piece.naming, exercises), 1.0 - UNKNOWN_LEAST)
    length = LESS_BY_CHANCE ** (piece.one.run.reversals - USUAL_REVERSALS)
    return known / (1.0 - known) * _alike_odds(piece.one.measured) * length


def _alike_odds(measured: Likeness) -> float:
    """How much likelier it is that moves are as alike as these in a set than by chance."""
    of_set, of_chance = (math.log(max(measured.unlike, UNLIKE_LEAST) / usual) for usual in (ALIKE, BY_CHANCE))
    return math.exp(0.5 * (of_chance**2 - of_set**2) / ALIKE_SPREAD**2)


def _by_itself(one: Candidate, placement: str, exercises: Mapping[str, Exercise]) -> bool:
    """Whether a run passes for exercise whatever it is called."""
    amplitude_deg = one.run.amplitude_deg
    large = amplitude_deg >= exercises[GENERIC].view(placement, None).min_range_deg
    return large and deliberate(one.measured, amplitude_deg, on_thigh=placement != "hip")


def _large_enough(one: Candidate, placement: str, exercises: Mapping[str, Exercise]) -> bool:
    """Whether a run passes by itself, or a quarter of it is as large as the smallest repetition of any exercise: a
    part of it may be one."""
    views = [exercise.view(placement, None) for name, exercise in exercises.items() if name != GENERIC]
    least_deg = min((v.min_range_deg for v in views if v.observability not in ("weak", "none")), default=math.inf)
    large_deg = quantile(np.abs(np.diff(one.run.levels)), LARGER_PART)
    return large_deg >= least_deg or _by_itself(one, placement, exercises)


def _with_kin(kept: list[Piece], others: Sequence[Piece | Candidate]) -> list[Piece]:
    """With shorter runs beside those that are kept, of the same moves: a walk or a rest parted them."""
    kin: list[Piece] = []
    for other in others:
        one = other.one if isinstance(other, Piece) else other
        near = [piece for piece in kept if _pause_s(piece.one, one) < BLOCK_PAUSE_S and piece.named != GENERIC]
        free = all(_pause_s(piece.one, one) >= 0.0 for piece in (*kept, *kin))
        like = next((piece for piece in near if alike(piece.one, one)), None)
        if free and like is not None and _alike_odds(one.measured) >= 1.0:
            kin += _named_as(other, like.naming)
    return sorted((*kept, *kin), key=lambda piece: piece.one.span_s)


def _named_as(other: Piece | Candidate, naming: Naming) -> list[Piece]:
    """A piece with the name of another one; none of a candidate that has no whole move out and back."""
    if isinstance(other, Piece):
        return [replace(other, naming=naming)]
    return [Piece(one, seen, naming) for one, _, seen in parts_of(other)]


def _pause_s(a: Candidate, b: Candidate) -> float:
    """Time between two candidates; negative where they overlap."""
    (start, end), (first, last) = a.span_s, b.span_s
    return max(first - end, start - last)


def _strides(piece: Piece) -> bool:
    """Whether it is somebody walking slowly, whose steps are too soft to say so by themselves."""
    measured = piece.one.measured
    restless = bool((piece.seen.dwells_s < STRIDE_DWELL_S).all())
    return restless and measured.period_s < STRIDE_MAX_S and measured.jolt_ratio > STRIDE_JOLT_RATIO


def _apart(pieces: list[Piece]) -> list[Piece]:
    """Those that overlap none better, in order of time."""
    kept: list[Piece] = []
    for piece in sorted(pieces, key=_worth, reverse=True):
        touched = [other for other in kept if _pause_s(piece.one, other.one) < 0.0]
        shorter = [_without(other, piece) for other in touched]
        if all(shorter):
            kept = [*(other for other in kept if other not in touched), *filter(None, shorter), piece]
    return sorted(kept, key=lambda piece: piece.one.span_s)


def _without(longer: Piece, piece: Piece) -> Piece | None:
    """The longer of two runs of different names without the few strokes of it that lie in the other one; None where
    there is more to lose."""
    run, (start, end) = longer.one.run, piece.one.run.span
    outside = np.flatnonzero((run.points <= start) | (run.points >= end))
    lost = len(run.points) - len(outside)
    one_side = len(outside) > 0 and outside[-1] - outside[0] + 1 == len(outside)
    few = one_side and lost <= SHARED_POINTS and len(outside) > max(FEW_STROKES, LEFT_SHARE * lost)
    if not few or GENERIC in (longer.named, piece.named) or longer.named == piece.named:
        return None
    points = run.points[outside[0] : outside[-1] + 1]
    levels = run.levels[outside[0] : outside[-1] + 1]
    passed = (run.passed[0] and outside[0] == 0, run.passed[1] and outside[-1] == run.count)
    return replace(longer, one=replace(longer.one, run=replace(run, points=points, levels=levels, passed=passed)))


def _worth(piece: Piece) -> float:
    lively = conviction(np.abs(np.diff(piece.one.run.levels))) * (1.0 - piece.one.measured.unlike)
    known = sum(p for name, p in piece.naming.probabilities.items() if name in piece.naming.sides)
    return lively * (1.0 + NAMED_WORTH * known)


def _groups(pieces: list[Piece]) -> list[list[Piece]]:
    groups: list[list[Piece]] = []
    for piece in pieces:
        if groups and _one_block(groups[-1][-1], piece):
            groups[-1].append(piece)
        else:
            groups.append([piece])
    return groups


def _bounded(group: list[Piece], pieces: list[Piece]) -> list[Piece]:
    """The pieces with barriers where those of other blocks lie, and far away: so far no set grows."""
    bounded, mine = [], {id(piece) for piece in group}
    elsewhere = [piece.one for piece in pieces if id(piece) not in mine]
    for piece in group:
        others = [one for one in elsewhere if one.trace is piece.one.trace]
        (first, last), n = piece.one.run.span, piece.one.trace.n
        rows = [[int(one.run.points[0]), int(one.run.points[-1])] for one in others]
        # A point at which one run was cut belongs to both its parts.
        rows = [[max(a, last + 1), b + 1] if b > last else [a, min(b, first)] for a, b in rows]
        reach = round(REACH_REPS * piece.one.measured.period_s * piece.one.trace.rate_hz)
        rows += [[0, first - reach]] * (first > reach) + [[last + reach, n]] * (last + reach < n)
        barriers = np.concatenate([piece.one.barriers, np.array(rows, dtype=np.int64).reshape(-1, 2)])
        bounded.append(replace(piece, one=replace(piece.one, barriers=barriers)))
    return bounded


def _one_block(a: Piece, b: Piece) -> bool:
    if a.named != b.named or b.one.span_s[0] - a.one.span_s[1] > BLOCK_PAUSE_S:
        return False
    mean_a, mean_b = (unit_one(piece.seen.poses.sum(axis=0)) for piece in (a, b))
    return float(mean_a @ mean_b) > BLOCK_POSE_COSINE


def _block(group: list[Piece], placement: str, said_side: str, exercises: Mapping[str, Exercise]) -> Found:
    largest = max(group, key=lambda piece: piece.one.run.count)
    naming, name = largest.naming, largest.named
    if name == GENERIC:
        return Found(GENERIC, said_side, tuple(group), _doubt(naming))
    if exercises[name].view(placement, said_side).observability == "none":
        note = f"not named: it looks like {name}, which the sensor cannot see if the {said_side} leg works"
        return Found(GENERIC, said_side, tuple(group), note)
    sides = naming.sides[name]
    side, p = max(sides.items(), key=lambda item: item[1])
    sure = side == "both" or p >= SURE_SIDE * sum(sides.values())
    note = f"named by its poses, range and times; probability {naming.probabilities[name]:.2f}"
    if said_side == "unknown":
        said_side = _side(exercises[name], side if sure else "unknown", placement)
    return Found(name, said_side, tuple(group), note)


def _side(exercise: Exercise, side: str, placement: str) -> str:
    """The working side as a block says it: `both` where legs work together or in turn."""
    if exercise.sides in ("both", "alternating"):
        return "both"
    return side if view_name(placement, side) != "thigh_other" else "unknown"


def _doubt(naming: Naming) -> str:
    """What the block may be, in words."""
    likely = sorted(((p, name) for name, p in naming.probabilities.items() if p >= WORTH_TELLING), reverse=True)
    words = ", ".join(f"{name} {p:.2f}" for p, name in likely)
    return (
        f"not named: the sensor's view fits {words}" if words else "not named: it fits none of the known exercises"
    )
