"""`Walk`: everything that is known of a session that goes on. Frozen; `machine.step` makes the next one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# Phases of a session, roughly in order.
NEW, CHECK_IN, BLOCKED = "new", "check_in", "blocked"
INSTRUCT, LEAD_IN, ACTIVE, REST, PAUSED = "instruct", "lead_in", "active", "rest", "paused"
PAIN_CHECK, STOPPED, CHECK_OUT, FINISHED = "pain_check", "stopped", "check_out", "finished"
PHASES = (
    NEW, CHECK_IN, BLOCKED, INSTRUCT, LEAD_IN, ACTIVE, REST, PAUSED, PAIN_CHECK, STOPPED, CHECK_OUT, FINISHED,
)  # fmt: skip
EXERCISING = (INSTRUCT, LEAD_IN, ACTIVE, REST, PAUSED)  # in these a person may exercise, or is about to

# How a set ended: the dose was reached, the person rested long, a key, a sensor that cannot see it.
DONE, RESTED, SKIPPED, REPEATED, ENDED, BY_WORD, GUIDED = (
    "done", "rested", "skipped", "repeated", "stopped", "by_word", "guided",
)  # fmt: skip


@dataclass(frozen=True)
class Step:
    """One set of one exercise with one side.

    side      : left | right | both | alternating (leg by leg within the set)
    placement : the sensor whose reps count, "" where none can see it; `sees` is its observability (contract)
    target    : reps at which the set is over: those of the sides that this sensor counts
    rest_s    : pause after it, before the next set of the same exercise
    """

    exercise: str
    side: str
    set: int
    sets: int
    reps: int
    hold_s: float
    rest_s: float
    placement: str
    sees: str
    target: int


@dataclass(frozen=True)
class Seen:
    """A rep as the online analysis last told it; `open` while it goes on. Times on the session's clock.

    beyond : the prompts for which it gives a reason beside what is usual for the person
    """

    id: str
    start_s: float
    side: str = "unknown"
    hold_start_s: float | None = None
    hold_end_s: float | None = None
    end_s: float | None = None
    hold_s: float | None = None
    complete: bool = False
    inferred: bool = False
    open: bool = True
    flags: tuple[str, ...] = ()
    beyond: tuple[str, ...] = ()


@dataclass(frozen=True)
class Run:
    """One attempt at a step. `counts_from_s`: what began before (getting into place, a pause) is no rep of it."""

    step: int
    start_s: float
    counts_from_s: float
    end_s: float | None = None
    ended: str = ""
    reps: tuple[Seen, ...] = ()
    corrected: int | None = None  # a count that a person put in place of ours, which is kept

    @property
    def count(self) -> int:
        """Reps that were done whole and seen themselves, as the contract counts."""
        return sum(rep.complete and not rep.inferred and not rep.open for rep in self.reps)


@dataclass(frozen=True)
class Cue:
    """Something to be heard or spoken at a moment: `kind` is a key of texts.toml (`cue.<kind>`) and of sounds."""

    at_s: float
    kind: str
    number: int | None = None


@dataclass(frozen=True)
class Walk:
    """The state of a session. Times are seconds on the session's clock.

    since_s     : when the phase began; `activity_s`: the last sign that the person exercises
    before      : the answers with which the exercises began; a rise of pain is judged against these
    resume      : the phase that a pause came from, and how long it had lasted
    check_ins, decisions, corrections : as the manifest will keep them
    pending     : decided at the button "my pain went up", in force unless the answers that follow say otherwise
    unsafe      : a rule barred or ended this session; from here no way leads back to exercising
    """

    session: Mapping[str, Any]
    plan: Mapping[str, Any]
    steps: tuple[Step, ...] = ()
    now_s: float = 0.0
    phase: str = NEW
    since_s: float = 0.0
    activity_s: float = 0.0
    at: int = 0
    runs: tuple[Run, ...] = ()
    before: Mapping[str, Any] | None = None
    resume: tuple[str, float] | None = None
    lost: frozenset[str] = frozenset()
    check_ins: tuple[Mapping[str, Any], ...] = ()
    decisions: tuple[Mapping[str, Any], ...] = ()
    corrections: tuple[Mapping[str, Any], ...] = ()
    pending: tuple[Mapping[str, Any], ...] = ()
    prompts: tuple[Mapping[str, Any], ...] = ()
    unsafe: bool = False

    @property
    def current(self) -> Step | None:
        """The step that is done or comes next; None before the plan is known and after its end."""
        return self.steps[self.at] if self.at < len(self.steps) else None

    @property
    def run(self) -> Run | None:
        """The attempt that goes on."""
        return self.runs[-1] if self.runs and self.runs[-1].end_s is None else None
