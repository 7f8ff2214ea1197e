"""`Guided`: a session with a plan, from answers, keys and samples to a walk whose every event is on disk first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sciatrack.live.server import RefusedError
from sciatrack.live.setup import Setup
from sciatrack.walk import (
    Cue,
    Event,
    EventError,
    Step,
    Walk,
    advance,
    answers_event,
    begin_event,
    event_to_json,
    fold,
    pain_up_event,
    prompt_events,
    read_events,
    rep_event,
    screen,
    step,
    steps_of,
)
from sciatrack.walk import state as s
from sciatrack_analytics.answers import answers_from
from sciatrack_analytics.checkins import CheckInError
from sciatrack_analytics.live_log import LiveLog
from sciatrack_analytics.safety_history import History
from sciatrack_analytics.session_plan import plan_from_dict
from sciatrack_analytics.usual import beyond, read_usual
from sciatrack_ingest.manifest import text_to_utc, utc_to_text
from sciatrack_ingest.stream_decode import Fresh
from sciatrack_signal.exercises import Exercise
from sciatrack_signal.online import Event as OnlineEvent
from sciatrack_signal.online import OnlineAnalysis

# The analysis of a step looks so far back before its first sample that counts: the pose of rest is seen then.
BEFORE_S = 20.0
# and so far after a set, so that its last rep is seen to its end.
AFTER_S = 3.0
# Keys that mean the set that is shown: pressed twice on a page that lags, the second would skip another one.
OF_A_STEP = ("skip", "repeat", "done", "start")


@dataclass(frozen=True)
class _Over:
    """The analysis of a set that is over: whose it was, and until when it is fed."""

    analysis: OnlineAnalysis
    of: Step
    instance: int
    until_s: float


class Guided:
    """The walk of one session. `folder` may hold its log already: then it goes on where that ends."""

    def __init__(self, setup: Setup, exercises: Mapping[str, Exercise], history: History) -> None:
        self._setup, self._exercises, self._history = setup, exercises, history
        events, _ = read_events(Path(setup.folder))
        self.walk: Walk = fold(events)
        self._log = LiveLog(Path(setup.folder))
        self._usual = read_usual(Path(setup.folder).parent, setup.participant, without=Path(setup.folder).name)
        self._instance = 1 + max((_instance(event) for event in events), default=0)
        self._analysis: OnlineAnalysis | None = None
        self._of: Step | None = None
        self._over: _Over | None = None
        self._from_s = self.walk.since_s
        self._gone_s = -np.inf  # the newest start of a set that the analysis was told of
        if self.walk.phase == s.NEW:
            plan = plan_from_dict(setup.plan or {}, exercises)
            session = {
                "session_id": setup.session_id, "participant": setup.participant, "start_utc": setup.start_utc,
                "timezone": setup.timezone, "origin": setup.origin,
            }  # fmt: skip
            self._happens(begin_event(0.0, session, plan.to_dict(), steps_of(plan, setup.sensors, exercises)))
        elif (run := self.walk.run) is not None:
            # What was counted in the set that goes on is counted anew from the raw log, by this process.
            self._from_s = run.start_s - BEFORE_S
            for rep in run.reps:
                gone = {"what": "withdrawn", "id": rep.id, "placement": self.walk.steps[run.step].placement}
                self._happens(Event(self.walk.now_s, "rep", gone))

    @property
    def over(self) -> bool:
        """Nothing more will be asked or done."""
        return self.walk.phase in (s.FINISHED, s.BLOCKED)

    def tick(self, now_s: float) -> list[Cue]:
        """Time goes on; what is to be heard."""
        self.walk, cues = advance(self.walk, now_s)
        return [*cues, *self._ask_about_the_set()]

    def samples(self, placement: str, fresh: Fresh, now_s: float) -> list[Cue]:
        """New samples of a sensor; those of the one that counts now go into its analysis."""
        self._choose()
        cues = self._last_words(placement, fresh, now_s)
        current = self._of
        if self._analysis is None or current is None or placement != current.placement:
            return cues
        return cues + self._told(self._analysed(self._analysis, fresh), current, self._instance, now_s)

    def _told(self, seen: Iterable[OnlineEvent], of: Step, instance: int, now_s: float) -> list[Cue]:
        """What an analysis says becomes events of the walk, with what is far from what this person usually does."""
        cues: list[Cue] = []
        for online in seen:
            rep = online.rep
            usual = self._usual.get((of.exercise, of.placement, rep.side)) if rep is not None else None
            reasons = beyond(usual, rep.rom_deg, rep.out_s) if rep is not None else ()
            event = rep_event(now_s, online, of.placement, instance, reasons)
            if event is not None:
                cues += self._happens(event)
        return cues

    def _last_words(self, placement: str, fresh: Fresh, now_s: float) -> list[Cue]:
        """The analysis of a set that is over sees a little of the rest after it, then looks at it all again."""
        over = self._over
        if over is None or placement != over.of.placement:
            return []
        seen = [*_push(over.analysis, fresh)]
        if len(fresh.time_s) and fresh.time_s[-1] >= over.until_s:
            seen += over.analysis.review()
            self._over = None
        return self._told(seen, over.of, over.instance, now_s)

    def _analysed(self, analysis: OnlineAnalysis, fresh: Fresh) -> list[OnlineEvent]:
        """What the samples show; where a countdown ends among them, the person is in the start position."""
        run = self.walk.run
        go_s = run.counts_from_s if run is not None and run.counts_from_s != self._gone_s else np.inf
        fresh = _between(fresh, self._from_s, np.inf)
        events = list(_push(analysis, _between(fresh, -np.inf, go_s)))
        after = _between(fresh, go_s, np.inf)
        if len(after.time_s):
            self._gone_s = go_s
            events += [*analysis.at_rest(), *_push(analysis, after)]
        return events

    def sensor(self, placement: str, lost: bool, now_s: float) -> list[Cue]:
        """What the recorder says of a sensor."""
        if lost == (placement in self.walk.lost):
            return []
        return self._happens(Event(now_s, "sensor", {"placement": placement, "state": "lost" if lost else "back"}))

    def act(self, body: Mapping[str, Any], now_s: float) -> list[Cue]:
        """What a person did on a page or at a terminal; raises RefusedError saying why it cannot be done."""
        try:
            return self._happens(self._event(body, now_s))
        except (CheckInError, EventError, KeyError, TypeError, ValueError) as error:
            raise RefusedError(str(error), 422) from error

    def _event(self, body: Mapping[str, Any], now_s: float) -> Event:
        match body.get("act"):
            case "key":
                return self._key(str(body.get("key")), body.get("at"), now_s)
            case "answers":
                asked = screen(self.walk)["questions"]
                if not asked or body.get("phase") != asked:
                    raise RefusedError("these questions are not asked now", 409)
                given = dict(body["answers"]) | {
                    "phase": asked, "at_utc": utc_to_text(self._utc(now_s)), "timezone": self._setup.timezone,
                }  # fmt: skip
                return answers_event(now_s, answers_from(given), self._history, self.walk)[0]
            case "correct":
                facts = {"run": body["run"], "count": body["count"], "reason": str(body["reason"]).strip()}
                if not facts["reason"] or type(facts["run"]) is not int or type(facts["count"]) is not int:
                    raise RefusedError("a correction needs the set, a whole number and a reason", 422)
                if not 0 <= facts["run"] < len(self.walk.runs) or not 0 <= facts["count"] <= 1000:
                    raise RefusedError("there is no such set, or no such count", 422)
                return Event(now_s, "correct", facts | {"author": self._setup.participant})
        raise RefusedError("this is nothing that can be done here")

    def _key(self, key: str, at: Any, now_s: float) -> Event:
        if key == "pain_up":
            return pain_up_event(now_s, self._utc(now_s), self._setup.timezone, self._history, self.walk)
        if key in OF_A_STEP and at is not None and at != self.walk.at:
            raise RefusedError("the page showed an earlier set", 409)
        return Event(now_s, "key", {"key": key})

    def _happens(self, event: Event) -> list[Cue]:
        """On disk first, then true."""
        self._log.append(event_to_json(event))
        self.walk, cues = step(self.walk, event)
        return list(cues)

    def _ask_about_the_set(self) -> list[Cue]:
        """A set that is over may give a reason to ask something; on disk first, too."""
        return [cue for event in prompt_events(self.walk) for cue in self._happens(event)]

    def _choose(self) -> None:
        """The analysis that fits the present step: the one that runs, where only the set is another."""
        wanted, had = self.walk.current if self.walk.phase in s.EXERCISING else None, self._of
        if wanted is None or not wanted.placement:
            self._end_analysis()
            self._analysis, self._of = None, None
            return
        same = ("exercise", "side", "placement")
        if had is not None and all(getattr(had, name) == getattr(wanted, name) for name in same):
            self._of = wanted
            return
        if had is not None or self._analysis is not None:
            self._end_analysis()
            self._instance += 1
            self._from_s = self.walk.since_s
        side = wanted.side if wanted.side in ("left", "right", "both") else None
        self._analysis = OnlineAnalysis(
            exercise=wanted.exercise, placement=wanted.placement, side=side, exercises=self._exercises
        )
        self._of = wanted

    def _end_analysis(self) -> None:
        if self._analysis is not None and self._of is not None:
            until_s = self.walk.now_s + AFTER_S
            self._over = _Over(self._analysis, self._of, self._instance, until_s)

    def _utc(self, now_s: float) -> dt.datetime:
        return text_to_utc(self._setup.start_utc) + dt.timedelta(seconds=now_s)

    def close(self) -> None:
        self._log.close()


def _between(fresh: Fresh, from_s: float, until_s: float) -> Fresh:
    rows = slice(*np.searchsorted(fresh.time_s, (from_s, until_s)))
    return Fresh(fresh.time_s[rows], fresh.acc[rows], None if fresh.gyr is None else fresh.gyr[rows])


def _push(analysis: OnlineAnalysis, fresh: Fresh) -> tuple[OnlineEvent, ...]:
    return analysis.push(fresh.time_s, fresh.acc, fresh.gyr)


def _instance(event: Event) -> int:
    """Which analysis of the session told of a rep; 0 for an event about something else."""
    if event.kind != "rep":
        return 0
    number, _, _ = str(event.data.get("id", "")).partition(".")
    return int(number) if number.isdigit() else 0
