"""The same answers as `analyze`, packet by packet, in memory that does not grow.

    live = OnlineAnalysis(exercise="glute_bridge", placement="right_thigh", side="right")
    for event in live.push(time_s, acc, gyr): ...
    live.now().hold_s
    analysis = live.finish()          # equals analyze() of the same samples

What happens now is told by a small state machine (`live_tracker`) and is provisional; now and then the last
minutes are analysed as offline, and what that changes is told as a revision. Reps before those minutes stand. Only
the newest samples are kept (`live_window`): the recorder's raw log outlives a session, and `finish` takes it.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from sciatrack_ingest import Recording
from sciatrack_signal.excursion import unit_one
from sciatrack_signal.exercises import Exercise
from sciatrack_signal.live_steps import Up
from sciatrack_signal.live_tracker import LiveTracker, Move, Seen
from sciatrack_signal.live_window import KEPT_S, Window
from sciatrack_signal.pipeline import analyze, find_labels
from sciatrack_signal.result import Analysis, Rep

Float = npt.NDArray[np.float64]

EVENT_KINDS = (
    "rep_started", "hold_started", "hold_ended", "rep_done", "rep_revised", "rep_withdrawn", "set_done", "gap",
)  # fmt: skip
# Seconds without data that are told as a gap.
GAP_S = 0.5
# A review looks at so much: three holds of 30 s with what lies between, at some 60 ms of CPU.
REVIEW_S = 180.0
# Rest after which there is one, and the least time between two. What goes on without such a rest, a hold that may
# be none among it, is reviewed so often.
SETTLED_S = 2.0
REVIEW_EVERY_S = 15.0
STUCK_S = 20.0
# One rep alone is no set to the analysis; the state machine's stands so long before it must have a second (s).
ALONE_S = 40.0
# So near to where a review begins, a rep may be cut by that (seconds).
EDGE_S = 2.0
# The pose of rest is read off so many seconds beside a rep.
REST_S = 0.4
# Rest that ends a set (contract).
SET_PAUSE_S = 60.0
SAVED_VERSION = 4
# The state machine knows its last rep only: what comes at once (a log that is read in) goes through it in pieces in
# which no two reps can end.
PIECE_SAMPLES = 10
# A review that moves no time of a rep by more than this (seconds) says nothing.
TOLD_S = 0.1
# Reps whose range tells the state machine what is usual.
USUAL_REPS = 5


@dataclass(frozen=True)
class Event:
    """Something that happened at time_s (back-dated where it was noticed later).

    kind : one of EVENT_KINDS. rep_id : the rep that it is about, the same number through all its revisions, 0 for
    set_done and gap. rep : that rep as it is known now; None while it has no end, and when it is withdrawn.
    """

    kind: str
    time_s: float
    rep_id: int = 0
    rep: Rep | None = None


@dataclass(frozen=True)
class LiveState:
    """What is known at time_s, the last sample's time (NaN before the first).

    phase : rest | moving | holding. count : complete reps so far; set_count : of those, in the present set.
    hold_s : seconds held so far, from the arrival; 0.0 when nothing is held. set : number of the present set, 0
    before the first rep. last_rep : the last finished rep. provisional : whether any rep of the count is still the
    state machine's. note : why nothing can be seen here, or "".
    """

    time_s: float
    phase: str
    count: int
    set_count: int
    hold_s: float
    set: int
    last_rep: Rep | None
    provisional: bool
    note: str


class OnlineAnalysis:
    """Takes packets of one sensor in order of time. Raises UnknownExerciseError, RecordingError as `analyze`."""

    def __init__(
        self,
        *,
        exercise: str | None,
        placement: str | None,
        side: str | None,
        exercises: Mapping[str, Exercise] | None = None,
    ) -> None:
        self._asked = (exercise, placement, side, exercises)
        empty = Recording(np.empty(0), np.empty((0, 3)))
        labels = find_labels(empty, exercise, placement, side, exercises)
        self._seen = labels.view.observability != "none"
        self._note = "" if self._seen else labels.view.reason
        self._view = labels.view
        self._tracker = LiveTracker(labels.view.min_tilt_deg, labels.view.above_m)
        self._window = Window()
        self._reps: list[tuple[int, Rep]] = []
        self._firm_s = self._reviewed_s = -np.inf
        self._news = False  # something moved since the last review
        self._next_id = 1
        self._open_id = 0
        self._open_set = False

    @property
    def reps(self) -> tuple[Rep, ...]:
        """The rep table as it is known now, those of the state machine with it."""
        return tuple(rep for _, rep in self._reps)

    def push(self, time_s: Float, acc: Float, gyr: Float | None = None) -> tuple[Event, ...]:
        """Takes time_s (n,) increasing, acc (n, 3) m/s^2, gyr (n, 3) rad/s or None; tells what happened."""
        if len(time_s) == 0:
            return ()
        events: list[Event] = []
        last_s = self._tracker.time_s
        if np.isfinite(last_s) and time_s[0] - last_s > GAP_S:
            events.append(Event("gap", float(last_s)))
        self._window.add(time_s, acc, gyr)
        if not self._seen:
            self._tracker.time_s = float(time_s[-1])
            return tuple(events)
        for first in range(0, len(time_s), PIECE_SAMPLES):
            piece = slice(first, first + PIECE_SAMPLES)
            events += self._told(self._tracker.push(time_s[piece].tolist(), acc[piece].tolist()))
        self._look(events)
        return tuple(events)

    def at_rest(self) -> tuple[Event, ...]:
        """The person is in the start position now (a countdown has ended): what moved until here was no rep."""
        gone = [Event("rep_withdrawn", self._tracker.time_s, self._open_id)] if self._tracker.move else []
        self._tracker.at_rest()
        return tuple(gone)

    def _told(self, seen: Sequence[Seen]) -> list[Event]:
        return [self._event(one) for one in seen]

    def _event(self, seen: Seen) -> Event:
        self._news = True
        if seen.kind == "rep_started":
            self._open_id = self._next_id
            self._next_id += 1
        if seen.kind != "rep_done" or self._tracker.last is None:
            return Event(seen.kind, seen.time_s, self._open_id)
        rep = _provisional(self._tracker.last, self._set_at(self._tracker.last.start_s))
        self._reps.append((self._open_id, rep))
        self._open_set = True
        return Event(seen.kind, seen.time_s, self._open_id, rep)

    def _set_at(self, start_s: float) -> int:
        if not self._reps:
            return 1
        last = self._reps[-1][1]
        return last.set + (1 if start_s - last.end_s >= SET_PAUSE_S else 0)

    def _look(self, events: list[Event]) -> None:
        """Not too often, the analysis of the last minutes has its say; at the end of a set, always."""
        now_s = self._tracker.time_s
        last_s = self._reps[-1][1].end_s if self._reps else now_s
        rests = self._tracker.phase == "rest"
        over = rests and self._open_set and now_s - last_s >= SET_PAUSE_S
        if over:
            self._open_set = False
            events.append(Event("set_done", last_s))
        waited_s = now_s - self._reviewed_s
        pauses = rests and self._firm_s < last_s <= now_s - SETTLED_S and waited_s >= REVIEW_EVERY_S
        # an end in the middle of a hold can turn a set's poses round, so a set that is known waits for its rest
        stuck = waited_s >= STUCK_S and (self._news if rests else not self._tracker.knows_set)
        late = waited_s >= REVIEW_S  # what lies further back is not looked at any more
        if over or stuck or (self._news and (pauses or late)):
            events += self.review(is_over=over)

    def review(self, *, is_over: bool = True) -> tuple[Event, ...]:
        """What the analysis of the last minutes changes now; is_over: no rep of the present set is to come."""
        if not self._seen or not np.isfinite(self._tracker.time_s):
            return ()
        now_s = self._reviewed_s = self._tracker.time_s
        self._news = False
        recording = self._window.recording(now_s - REVIEW_S)
        patience_s = 0.0 if is_over else ALONE_S
        return tuple(self._revise(self._analyse(recording), recording, now_s, patience_s))

    def _revise(self, analysis: Analysis, recording: Recording, now_s: float, patience_s: float) -> list[Event]:
        """Puts the analysed reps in the place of those told before; tells each difference.

        As long as it sees nothing of the present set, what is newer than patience_s stands.
        """
        events: list[Event] = []
        whole = not self._reps or recording.time_s[0] <= self._reps[0][1].start_s - EDGE_S
        from_s = -np.inf if whole and not self._window.dropped else float(recording.time_s[0]) + EDGE_S
        new = [rep for block in analysis.blocks for rep in block.reps]
        new = [
            rep for rep in new if rep.start_s >= from_s and not ("cut" in rep.flags and rep.end_s > now_s - EDGE_S)
        ]
        old = [one for one in self._reps if one[1].start_s >= from_s]
        self._reps = [one for one in self._reps if one[1].start_s < from_s]
        for rep in new:
            if self._reps and rep.start_s < self._reps[-1][1].end_s:
                continue
            rep = replace(rep, set=self._set_at(rep.start_s))
            at = next((k for k, (_, o) in enumerate(old) if o.start_s < rep.end_s and rep.start_s < o.end_s), None)
            if at is None:
                self._reps.append((self._next_id, rep))
                events.append(Event("rep_done", rep.end_s, self._next_id, rep))
                self._open_set = True
                self._next_id += 1
                continue
            rep_id, before = old.pop(at)
            self._reps.append((rep_id, rep))
            if _differs(before, rep):
                events.append(Event("rep_revised", rep.end_s, rep_id, rep))
        sees_set = any(now_s - rep.end_s < SET_PAUSE_S for rep in new)
        waits = [] if sees_set else [one for one in old if now_s - one[1].end_s < patience_s]
        self._reps += waits
        events += [Event("rep_withdrawn", rep.end_s, rep_id) for rep_id, rep in old if (rep_id, rep) not in waits]
        self._firm_s = now_s
        return events + self._teach(new, recording)

    def _teach(self, reps: Sequence[Rep], recording: Recording) -> list[Event]:
        """Tells the state machine what the analysis knows of the set: its pose of rest and its range."""
        whole = [rep for rep in reps if rep.complete and rep.rom_deg and "inferred" not in rep.flags]
        if not whole or self._tracker.time_s - whole[-1].end_s >= SET_PAUSE_S:
            return []
        rest = _pose(recording, whole[-1].end_s, whole[-1].end_s + REST_S)
        if rest is None:
            return []
        ranges_deg = [self._view.tilt_deg(rep.rom_deg or 0.0) for rep in whole[-USUAL_REPS:]]
        return self._told(self._tracker.learn(rest, ranges_deg))

    def now(self) -> LiveState:
        """The present state; costs no more than looking it up."""
        tracker, reps = self._tracker, [rep for _, rep in self._reps]
        counted = [rep for rep in reps if rep.complete and "inferred" not in rep.flags]
        present = reps[-1].set if reps else 0
        move = tracker.move
        holding = tracker.phase == "holding" and move is not None and move.hold_start_s is not None
        return LiveState(
            time_s=tracker.time_s if np.isfinite(tracker.time_s) else float("nan"), phase=tracker.phase,
            count=len(counted), set_count=sum(rep.set == present for rep in counted),
            hold_s=max(0.0, tracker.time_s - move.hold_start_s) if holding and move and move.hold_start_s else 0.0,
            set=present, last_rep=reps[-1] if reps else None,
            provisional=bool(reps) and reps[-1].end_s > self._firm_s, note=self._note,
        )  # fmt: skip

    def finish(self, recording: Recording | None = None) -> Analysis:
        """The answer to all samples so far; more may follow.

        recording : the same samples as they were kept elsewhere (the raw log). Without it they must all be here
        still: raises ValueError where the oldest are not.
        """
        if recording is None and self._window.dropped:
            raise ValueError(f"only the last {KEPT_S:.0f} s are kept here; give the whole recording")
        return self._analyse(self._window.recording() if recording is None else recording)

    def _analyse(self, recording: Recording) -> Analysis:
        exercise, placement, side, exercises = self._asked
        return analyze(recording, exercise=exercise, placement=placement, side=side, exercises=exercises)

    def save(self) -> bytes:
        """All of the state, for `load` of the same version."""
        return pickle.dumps((SAVED_VERSION, self))

    @staticmethod
    def load(data: bytes) -> OnlineAnalysis:
        """The analysis as saved. Only for what this program wrote itself; raises ValueError for another version."""
        version, live = pickle.loads(data)
        if version != SAVED_VERSION:
            raise ValueError(f"the saved state has version {version}, this program reads {SAVED_VERSION}")
        assert isinstance(live, OnlineAnalysis)
        return live


def _provisional(move: Move, number: int) -> Rep:
    """The state machine's rep in the words of the contract; what it cannot know is None."""
    start_s, end_s = move.hold_start_s, move.hold_end_s
    hold_s = None if start_s is None or end_s is None else end_s - start_s
    return Rep(
        set=number, start_s=move.start_s, hold_start_s=start_s, hold_end_s=end_s, end_s=move.end_s or move.start_s,
        hold_s=hold_s, hold_longest_s=hold_s, hold_s_low=None, hold_s_high=None, side="unknown",
        rom_deg=move.top_deg, complete=True, confidence=0.5,
    )  # fmt: skip


def _differs(a: Rep, b: Rep) -> bool:
    times = ((a.start_s, b.start_s), (a.end_s, b.end_s), (a.hold_s or 0.0, b.hold_s or 0.0))
    return a.complete != b.complete or any(abs(x - y) > TOLD_S for x, y in times)


def _pose(recording: Recording, from_s: float, until_s: float) -> Up | None:
    """Where up was on average; None where no sample says."""
    rows = slice(*np.searchsorted(recording.time_s, (from_s, until_s)))
    acc = recording.acc[rows]
    acc = acc[np.isfinite(acc).all(axis=1)]
    if not len(acc):
        return None
    x, y, z = unit_one(acc.mean(axis=0)).tolist()
    return (x, y, z)
