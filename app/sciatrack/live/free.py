"""Counting without a plan: one exercise, every rep from the first sample on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sciatrack_ingest.stream_decode import Fresh
from sciatrack_signal.exercises import OBSERVABILITY, Exercise
from sciatrack_signal.online import OnlineAnalysis

REP_EVENTS = ("rep_done", "rep_revised")


class FreeCount:
    """Counts the reps of one exercise by the sensor that sees it best; `exercise` "" is any deliberate move."""

    def __init__(
        self, exercise: str, side: str, placements: tuple[str, ...], exercises: Mapping[str, Exercise]
    ) -> None:
        self.exercise = exercises[exercise or "generic"]
        self.side = side
        views = {one: self.exercise.view(one, side or None) for one in placements}
        self.placement = min(views, key=lambda one: OBSERVABILITY.index(views[one].observability))
        self.sees = views[self.placement].observability
        self._analysis = OnlineAnalysis(
            exercise=self.exercise.id, placement=self.placement, side=side or None, exercises=exercises
        )
        self._reps: dict[int, tuple[float, float | None]] = {}  # id -> end_s, hold_s

    def push(self, placement: str, fresh: Fresh) -> int | None:
        """New samples; the count if a rep was added just now."""
        if placement != self.placement:
            return None
        before = self._analysis.now().count
        for event in self._analysis.push(fresh.time_s, fresh.acc, fresh.gyr):
            if event.kind in REP_EVENTS and event.rep is not None and event.rep.complete:
                self._reps[event.rep_id] = (event.rep.end_s, event.rep.hold_s)
            elif event.kind == "rep_withdrawn":
                self._reps.pop(event.rep_id, None)
        after = self._analysis.now().count
        return after if after > before else None

    def shown(self) -> dict[str, Any]:
        """What a page shows; times on the session's clock."""
        state = self._analysis.now()
        holding = state.phase == "holding"
        return {
            "exercise": self.exercise.id,
            "side": self.side,
            "placement": self.placement,
            "sees": self.sees,
            "note": state.note,
            "count": state.count,
            "provisional": state.provisional,
            "hold": {
                "state": state.phase if state.phase != "rest" else "",
                "since_s": state.time_s - state.hold_s if holding else None,
            },
            "hold_target_s": _finite(self.exercise.hold_target_s),
            "holds_s": [hold_s for _, hold_s in sorted(self._reps.values(), key=lambda one: one[0])],
        }


def _finite(seconds: float) -> float | None:
    return seconds if 0 < seconds < float("inf") else None
