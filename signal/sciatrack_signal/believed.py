"""Whether a run is what somebody says was done.

A label alone does not make a fidget a repetition.
"""

from __future__ import annotations

from sciatrack_signal.blocks import BREATHING, parts_of, walk_up
from sciatrack_signal.candidates import Candidate, Labels
from sciatrack_signal.exercises import catalogue
from sciatrack_signal.naming import Naming, can_name, name_runs
from sciatrack_signal.plausible import deliberate
from sciatrack_signal.segmentation import FEW_STROKES

# Where a placement shows an exercise only weakly, a run is taken for it if its chance, given that people mostly say
# the truth, is at least this. Simulated fidgets, turning over, a phone taken out, labelled so: below; the twelve
# MEx pelvic tilts with a count: 0.56 and above. Higher turns away people who move like nobody in the simulation.
LEAST_CHANCE = 0.5
# Where the placement shows it well, only what is surely something else is turned away. Of 90 MEx sets the lowest
# has 0.19, of 86 simulated ones that are found 0.11; turning over, phones and fidgets so labelled are below 0.06.
LEAST_CHANCE_SEEN = 0.08
# And if it is larger than what breathing does to a thigh or a belt: simulated tilts below 2.1 degrees were counted
# as often wrongly as rightly, those of 2.6 and more rightly; the smallest of MEx have 3.5.
CLEAR_DEG = 2.5
# Where nobody walks, breaths as large as cobras of 4 degrees were counted as those: 0.90 and 0.94. Bridges of 5
# degrees without a hold, one in four seconds, have 0.80 to 0.83.
SURELY_BREATH = 0.87


def believed(one: Candidate, labels: Labels) -> tuple[bool, str]:
    """Whether a candidate may be the exercise that was said, and a note: why not, or that only the label says so.

    Exercises of which the naming knows nothing (a study's own, `generic`) are taken at their word. An exercise of
    the catalogue with another dose is still the one that it knows.
    """
    exercise = labels.exercise
    if not known(labels):
        return True, ""
    weak = labels.view.observability == "weak"
    if weak and one.run.amplitude_deg < CLEAR_DEG:
        return False, f"less than {CLEAR_DEG:g} degrees were seen, too little to tell {exercise.id} from breathing"
    if not can_name(exercise.id, labels.placement):
        return True, ""
    names = _names(one, labels)
    likely = _chance(names, labels) >= (LEAST_CHANCE if weak else LEAST_CHANCE_SEEN)
    if _breath(names) or not (likely or (not weak and _regular(one, labels))):
        return False, unlike(labels)
    # Worn in any way, and nobody walks: then poses say little against a label.
    if not likely and walk_up(one) is not None:
        return True, f"it does not look like {exercise.id}; it was counted as the label says"
    return True, ""


def unlike(labels: Labels) -> str:
    """The note on what is something else."""
    return f"movement was seen, but it does not look like {labels.exercise.id}; it was not counted"


def known(labels: Labels) -> bool:
    """Whether the exercise that was said is the catalogue's own, in whatever dose."""
    own = catalogue().get(labels.exercise.id)
    return own is not None and own.views == labels.exercise.views


def _regular(one: Candidate, labels: Labels) -> bool:
    """Whether it would be counted whatever it is called: then the label stands, however somebody moves."""
    steady = deliberate(one.measured, one.run.amplitude_deg, on_thigh=labels.placement != "hip")
    return steady and one.run.reversals >= FEW_STROKES


def chance(one: Candidate, labels: Labels) -> float:
    """That the likeliest part of a run is the exercise that was said."""
    return _chance(_names(one, labels), labels)


def _chance(names: list[Naming], labels: Labels) -> float:
    return max((name.probabilities[labels.exercise.id] for name in names), default=1.0)


def _breath(names: list[Naming]) -> bool:
    """Whether every part of a run is surely breathing, although somebody said an exercise."""
    return bool(names) and all(name.probabilities.get(BREATHING, 0.0) >= SURELY_BREATH for name in names)


def _names(one: Candidate, labels: Labels) -> list[Naming]:
    up = walk_up(one)
    seen = [seen for _, _, seen in parts_of(one)]
    walks = [] if up is None else [up]
    return name_runs(seen, labels.placement, list(catalogue()), walks, said=labels.exercise.id)
