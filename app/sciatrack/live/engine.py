"""`Engine`: all that the live server knows, and what changes it. One thread; no sockets, no waiting.

Packets become samples, samples become reps, and these, time and what a person does become the state that pages
show. What must outlive this process is in the session folder: the raw logs, which the recorder writes, and
`live.jsonl`, which is written here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sciatrack.live.asking import ask_for, asked_of, told
from sciatrack.live.clock import SessionClock
from sciatrack.live.free import FreeCount
from sciatrack.live.free_safety import FreeSafety
from sciatrack.live.guided import Guided
from sciatrack.live.sensors import WornSensor, logged
from sciatrack.live.server import RefusedError
from sciatrack.live.setup import Setup
from sciatrack.live.wire import Arrived
from sciatrack.walk import Cue, screen
from sciatrack_analytics.safety_reading import read_history
from sciatrack_analytics.study import session_exercises

CUES_KEPT = 8  # a page that was away for a moment still gives the newest sounds, none of long ago


class Engine:
    """Feed it with `packets`, `status`, `act` and `tick`; `state` is what pages show."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.clock = SessionClock(setup.pace)
        self.sensors = {one: WornSensor(one, setup.zero_ns) for one in setup.sensors}
        self.cues: list[dict[str, Any]] = []
        self.over = False
        self.agreed = False  # questions on health may be shown on other devices of the network
        self.ended = False  # a person ended the session, or the walk is over: the recorder should stop
        exercises = session_exercises(Path(setup.folder))
        self._history = read_history(Path(setup.folder).parent, setup.participant, without=Path(setup.folder).name)
        self._free = FreeCount(setup.exercise, setup.side, setup.sensors, exercises)
        self._safety = FreeSafety(setup, self._history)
        self._guided = Guided(setup, exercises, self._history) if setup.plan else None

    def has_logs(self) -> bool:
        """Something was recorded before this process began."""
        return any(Path(self.setup.logs).glob("raw-*.mcap"))

    def catch_up(self) -> None:
        """Read from the raw logs what did not come by the wire."""
        arrived, families = logged(Path(self.setup.logs), self.setup.until_ns)
        for placement, family in families.items():
            if placement in self.sensors:
                self.sensors[placement].is_a(family)
        self.packets(arrived, heard=False)

    def packets(self, arrived: Sequence[Arrived], *, heard: bool = True) -> None:
        """Notifications, in the order in which they came; heard: what they tell is for ears, too."""
        for placement, sensor in self.sensors.items():
            mine = [one for one in arrived if one.placement == placement]
            while mine or sensor.has_more:
                fresh = sensor.take(mine)
                mine = []
                if not len(fresh.time_s):
                    continue
                if self._guided is not None:
                    cues = self._guided.samples(placement, fresh, self.clock.now_s)
                    self._hear(cues if heard else ())
                    continue
                count = self._free.push(placement, fresh)
                if count is not None and heard:
                    self._hear([Cue(self.clock.now_s, "count", count)])

    def status(self, body: Mapping[str, Any]) -> None:
        """What the recorder says of time and sensors."""
        self.clock.told(float(body["now_s"]))
        for one in body["sensors"]:
            sensor = self.sensors.get(one["placement"])
            if sensor is None:
                continue
            sensor.told(one)
            if self._guided is not None:
                self._hear(self._guided.sensor(one["placement"], sensor.lost, self.clock.now_s))

    def tick(self) -> None:
        """Time alone."""
        if self._guided is not None:
            self._hear(self._guided.tick(self.clock.now_s))
            self.ended = self.ended or self._guided.over

    def act(self, body: Mapping[str, Any], is_here: bool) -> dict[str, Any]:
        """What a person did on a page; raises RefusedError where it cannot be done.

        is_here : the page is open on this computer; another device says nothing on health before it was agreed to
        """
        if body.get("act") == "agree":
            self.agreed = True
            return {}
        if body.get("act") == "answers" and not (is_here or self.agreed):
            raise RefusedError("questions on health are answered on this computer, unless agreed otherwise", 403)
        if self._guided is not None:
            self._hear(self._guided.act(body, self.clock.now_s))
        else:
            self._act_freely(body)
        return {}

    def _act_freely(self, body: Mapping[str, Any]) -> None:
        key = body.get("key")
        if body.get("act") != "key" or key not in ("stop", "pain_up"):
            raise RefusedError("this is nothing that can be done here")
        if key == "stop":
            self.ended = True
            return
        self._safety.pain_up(self.clock.now_s)
        self._hear([Cue(self.clock.now_s, "safety")])

    def _hear(self, cues: Iterable[Cue]) -> None:
        for cue in cues:
            newest = self.cues[-1]["id"] if self.cues else 0
            told_cue = {"id": newest + 1, "kind": cue.kind, "number": cue.number}
            self.cues = [*self.cues, told_cue][-CUES_KEPT:]

    def state(self) -> dict[str, Any]:
        """Everything that a page shows, ready for JSON; `seen_from` takes out what is not for every page."""
        self.tick()
        shown = {
            "now_s": round(self.clock.now_s, 3),
            "pace": self.setup.pace,
            "sensors": [dict(sensor.status) for sensor in self.sensors.values()],
            "cues": self.cues,
            "over": self.over,
            "ended": self.ended,
            "agreed": self.agreed,
        }
        if self._guided is None:
            keys = [] if self.ended else ["stop"] if self._safety.unsafe else ["stop", "pain_up"]
            return shown | {
                "free": self._free.shown(),
                "walk": None,
                "keys": keys,
                "unsafe": self._safety.unsafe,
                "decisions": [told(one) for one in self._safety.decisions],
                "ask": None,
                "prompts": [],
                "at": None,
            }
        walk = screen(self._guided.walk)
        del walk["now_s"]  # time alone is no news: pages run their clocks on by themselves
        if walk["countdown"]:
            del walk["countdown"]["left_s"]
        return shown | {
            "free": None,
            "walk": walk,
            "keys": walk["keys"],
            "unsafe": walk["unsafe"],
            "decisions": [told(one) for one in walk["decisions"]],
            "ask": ask_for(walk, self._history),
            "prompts": asked_of(walk),
            "at": walk["at"],
        }
