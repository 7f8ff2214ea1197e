"""Events of the online analysis in the words of the walk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sciatrack.walk.events import Event

if TYPE_CHECKING:
    from sciatrack_signal.online import Event as OnlineEvent

REP_KINDS = {
    "rep_started": "started", "hold_started": "hold_started", "hold_ended": "hold_ended", "rep_done": "done",
    "rep_revised": "revised", "rep_withdrawn": "withdrawn",
}  # fmt: skip
# What the moment of an event is, while its rep has no end yet.
MOMENT_OF = {"rep_started": "start_s", "hold_started": "hold_start_s", "hold_ended": "hold_end_s"}
REP_FIELDS = ("start_s", "hold_start_s", "hold_end_s", "end_s", "hold_s", "side", "complete", "rom_deg", "flags")


def rep_event(
    at_s: float, online: OnlineEvent, placement: str, instance: int, beyond: tuple[str, ...] = ()
) -> Event | None:
    """The walk's event for one of an `OnlineAnalysis`; None for those that are not about a rep.

    at_s     : now, on the session's clock      placement : where the sensor sits
    instance : which OnlineAnalysis of this session it comes from, since each numbers its reps from 1
    beyond   : the prompts for which the rep gives a reason beside the person's own usual
    """
    what = REP_KINDS.get(online.kind)
    if what is None:
        return None
    data: dict[str, Any] = {"what": what, "id": f"{instance}.{online.rep_id}", "placement": placement}
    if online.rep is not None:
        data |= {name: getattr(online.rep, name) for name in REP_FIELDS}
        data |= {"flags": list(data["flags"])} | ({"beyond": list(beyond)} if beyond else {})
    elif online.kind in MOMENT_OF:
        data[MOMENT_OF[online.kind]] = online.time_s
    return Event(at_s, "rep", data)
