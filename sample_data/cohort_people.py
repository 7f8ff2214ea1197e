"""The 24 invented participants of the sample cohort: who was asked for what, and what became of it.

Nobody here exists. Numbers are chosen so that each thing a report must get right happens to somebody:
prescriptions that change, pain that falls or rises, silence, drop-out, over-doing, sessions that the sensor
could not see, excused days, a broken device, a journey across time zones, and the night of 2026-03-29 in which
Berlin's clocks went forward.
"""

from __future__ import annotations

from dataclasses import dataclass

BERLIN = "Europe/Berlin"
BRIDGE, KNEE, CLAM, BIRD = "glute_bridge", "knee_to_chest", "clamshell", "bird_dog"
COBRA, CHILD, HAM = "cobra_stretch", "childs_pose", "standing_hamstring_stretch"
TILT, GLUTEAL = "pelvic_tilt", "lying_gluteal_stretch"


@dataclass(frozen=True)
class Change:
    """A new version of one exercise's prescription, from the Monday of a week (counted from 0)."""

    week: int
    exercise: str
    reason: str
    reps: int | None = None
    sets: int | None = None
    hold_s: float | None = None
    days_per_week: int | None = None


@dataclass(frozen=True)
class Spell:
    """Days off: the day on which they begin (from 0), how many there are, and why."""

    day: int
    n_days: int
    kind: str  # excused | device_fault
    reason: str


@dataclass(frozen=True)
class Person:
    """One invented participant.

    attendance : share of days on which the person sits down, at the start and at the end of the 12 weeks.
    dose       : share of the prescribed reps that are done on such a day.
    leg, back  : pain from 0 to 10 at the start and at the end.
    site       : most distal site of pain at the start and at the end.
    """

    id: str
    placement: str
    painful: str
    exercises: tuple[str, ...]
    days_per_week: int
    attendance: tuple[float, float]
    leg: tuple[float, float]
    back: tuple[float, float]
    site: tuple[str, str]
    story: str
    dose: float = 1.0
    arm: str = "exercise"
    start_week: int = 0
    zone: str = BERLIN
    changes: tuple[Change, ...] = ()
    spells: tuple[Spell, ...] = ()
    silent_weeks: tuple[int, ...] = ()
    other_placement: tuple[str, tuple[int, ...]] | None = None  # worn elsewhere in these weeks
    travel: tuple[str, tuple[int, ...]] | None = None  # in another zone in these weeks
    night_owl: bool = False  # exercises between 23:00 and 04:00
    self_reports: float = 0.0  # share of days on which the diary is answered


MORE_BRIDGES = Change(4, BRIDGE, "easy by now: a second set", sets=2)
LONGER_HOLD = Change(6, COBRA, "tolerates it well: longer hold", hold_s=30.0)

PEOPLE = (
    Person("S01", "right_thigh", "right", (BRIDGE, CLAM, CHILD), 5, (0.70, 0.66), (6, 2), (4, 2),
           ("calf", "buttock"), "steady, better from week to week", changes=(MORE_BRIDGES,), self_reports=0.6),
    Person("S02", "hip", "left", (BRIDGE, COBRA, TILT), 7, (0.90, 0.86), (5, 1), (5, 1), ("thigh", "back"),
           "does nearly every day", changes=(LONGER_HOLD,)),
    Person("S03", "left_thigh", "left", (KNEE, CLAM, GLUTEAL), 3, (0.36, 0.33), (7, 4), (3, 3), ("foot", "calf"),
           "three days a week, most of them", arm="exercise+calls", self_reports=0.5),
    Person("S04", "right_thigh", "right", (BRIDGE, KNEE, CHILD), 5, (0.66, 0.10), (5, 5), (5, 5), ("calf", "calf"),
           "drops out in week 6", silent_weeks=tuple(range(6, 12))),
    Person("S05", "hip", "right", (COBRA, TILT, HAM), 7, (0.82, 0.76), (4, 2), (6, 2), ("thigh", "none"),
           "does far more than asked from week 3", dose=2.4),
    Person("S06", "right_thigh", "right", (BRIDGE, CLAM, BIRD), 5, (0.66, 0.45), (3, 7), (3, 5),
           ("buttock", "foot"), "pain rises; bird-dog is taken out", changes=(
               Change(7, BIRD, "pain went up: taken out", days_per_week=0),
               Change(7, BRIDGE, "pain went up: fewer", reps=8))),
    Person("S07", "right_thigh", "right", (BRIDGE, TILT, COBRA), 5, (0.64, 0.58), (5, 3), (5, 3), ("calf", "thigh"),
           "thigh sensor, two exercises that it cannot see", arm="exercise+calls", self_reports=0.7),
    Person("S08", "hip", "left", (BRIDGE, CHILD, COBRA), 3, (0.36, 0.32), (6, 4), (4, 3), ("calf", "buttock"),
           "travels for two weeks", travel=("America/New_York", (4, 5)), start_week=1),
    Person("S09", "left_thigh", "left", (BRIDGE, CLAM, CHILD), 5, (0.56, 0.52), (6, 3), (2, 2), ("foot", "thigh"),
           "broken sensor for six days", spells=(Spell(38, 6, "device_fault", "does not switch on"),)),
    Person("S10", "right_thigh", "right", (KNEE, CHILD, GLUTEAL), 7, (0.60, 0.40), (5, 4), (4, 4),
           ("thigh", "thigh"), "less and less", start_week=1),
    Person("S11", "hip", "right", (BRIDGE, COBRA, CHILD), 5, (0.66, 0.64), (7, 2), (5, 2), ("foot", "back"),
           "influenza in week 3", spells=(Spell(22, 7, "excused", "influenza"),), changes=(MORE_BRIDGES,),
           arm="exercise+calls", self_reports=0.5),
    Person("S12", "right_thigh", "right", (BRIDGE, CLAM, BIRD), 3, (0.42, 0.40), (4, 1), (3, 1), ("calf", "none"),
           "exercises after midnight", night_owl=True, start_week=2),
    Person("S13", "left_thigh", "left", (BRIDGE, KNEE, CLAM), 5, (0.30, 0.25), (6, 6), (6, 6), ("calf", "calf"),
           "seldom", arm="exercise+calls", self_reports=0.8),
    Person("S14", "hip", "left", (BRIDGE, COBRA, HAM), 5, (0.62, 0.56), (5, 2), (7, 3), ("thigh", "buttock"),
           "silent for three weeks, then goes on", silent_weeks=(4, 5, 6)),
    Person("S15", "right_thigh", "right", (BRIDGE, CLAM, CHILD), 7, (0.80, 0.76), (8, 5), (4, 3), ("foot", "calf"),
           "much pain, slowly less", dose=0.8, start_week=1),
    Person("S16", "right_thigh", "left", (CLAM, KNEE, BRIDGE), 5, (0.56, 0.60), (5, 3), (3, 2), ("calf", "thigh"),
           "sensor on the other leg for two weeks", other_placement=("left_thigh", (3, 4)), arm="exercise+calls"),
    Person("S17", "hip", "right", (BRIDGE, TILT, CHILD), 5, (0.58, 0.50), (3, 3), (5, 4), ("buttock", "buttock"),
           "does about half of each day's dose", dose=0.5),
    Person("S18", "left_thigh", "left", (BRIDGE, CHILD, CLAM), 3, (0.32, 0.52), (6, 3), (5, 3), ("foot", "calf"),
           "three days, later five", changes=(
               Change(5, BRIDGE, "wants to do more", days_per_week=5),
               Change(5, CHILD, "wants to do more", days_per_week=5)), start_week=2),
    Person("S19", "right_thigh", "right", (BRIDGE, KNEE, CLAM), 5, (0.74, 0.02), (4, 4), (4, 4), ("thigh", "thigh"),
           "drops out in week 2", silent_weeks=tuple(range(2, 12)), arm="exercise+calls"),
    Person("S20", "hip", "left", (COBRA, CHILD, TILT), 7, (0.70, 0.74), (2, 5), (4, 6), ("thigh", "calf"),
           "back and leg pain rise in the last month", arm="exercise+calls", self_reports=0.6),
    Person("S21", "right_thigh", "right", (BRIDGE, CLAM, GLUTEAL), 5, (0.60, 0.64), (6, 2), (3, 1),
           ("calf", "buttock"), "on holiday for ten days", start_week=1,
           spells=(Spell(50, 10, "excused", "holiday agreed at the start"),)),
    Person("S22", "left_thigh", "left", (BRIDGE, BIRD, CHILD), 5, (0.52, 0.46), (5, 4), (5, 2), ("foot", "foot"),
           "back better, leg hardly", changes=(MORE_BRIDGES,), start_week=2),
    Person("S23", "hip", "right", (BRIDGE, COBRA, CHILD), 7, (0.0, 0.0), (5, 5), (5, 5), ("calf", "calf"),
           "never starts", arm="exercise+calls", self_reports=0.15),
    Person("S24", "right_thigh", "right", (KNEE, CLAM, CHILD), 5, (0.72, 0.78), (7, 3), (5, 2), ("calf", "buttock"),
           "lives in London", zone="Europe/London", changes=(
               Change(4, CLAM, "easy by now: a second set", sets=2),
               Change(8, CLAM, "and one more day", sets=2, days_per_week=6))),
)  # fmt: skip
