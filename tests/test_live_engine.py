"""The engine behind the live page: packets in, states out; a restart loses nothing; who may see what of health."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from packet_streams import received
from sciatrack.live.asking import asked_of, seen_from
from sciatrack.live.engine import Engine
from sciatrack.live.server import RefusedError
from sciatrack.live.setup import Setup
from sciatrack.live.wire import Arrived
from sciatrack_analytics.safety_texts import say
from sciatrack_analytics.session_plan import Plan, PlanItem
from sciatrack_ingest.rawlog import CONNECT, RawHeader, RawLogWriter
from sciatrack_ingest.sensors import RawPacket
from test_usual import row as rep_row
from test_usual import write as write_session
from test_walk_closing import OWN

ZERO_NS = 100_000_000_000
RATE_HZ = 100.0
PLAN = Plan("bridges", (PlanItem("glute_bridge", "both", 1, 4, 5.0),))
WELL = {"leg_nrs": 3, "back_nrs": 2, "distal_site": "calf", "red_flags": ["none"], "other_symptoms": ["none"]}


def bridges(starts_s: list[float], until_s: float, turned_s: float | None = None) -> list[RawPacket]:
    """Packets of a thigh that rises by 20 degrees and stays 5 s at each of these moments; all without jitter.

    turned_s : a turn by 60 degrees, for good, that takes 1.5 s
    """
    time_s = np.arange(0.0, until_s, 1 / RATE_HZ)
    angle, rate = np.zeros_like(time_s), np.zeros_like(time_s)
    for start_s in starts_s:
        for sign, at_s in ((1, start_s), (-1, start_s + 6.5)):
            s = np.clip((time_s - at_s) / 1.5, 0, 1)
            angle += sign * np.radians(20) * (10 * s**3 - 15 * s**4 + 6 * s**5)
    if turned_s is not None:
        s = np.clip((time_s - turned_s) / 1.5, 0, 1)
        angle += np.radians(60) * (10 * s**3 - 15 * s**4 + 6 * s**5)
    rate = np.gradient(angle) * RATE_HZ
    acc = 9.81 * np.column_stack([np.cos(angle), np.zeros_like(angle), np.sin(angle)])
    gyr = np.column_stack([np.zeros_like(rate), rate, np.zeros_like(rate)])
    rng = np.random.default_rng(3)
    acc, gyr = acc + rng.normal(0, 0.02, acc.shape), gyr + rng.normal(0, 0.002, gyr.shape)
    return received("generic", acc, gyr, arrival_s=100.0)


def setup(folder: Path, plan: Plan | None = PLAN) -> Setup:
    return Setup(
        str(folder), str(folder), ZERO_NS, ("right_thigh",), "P01", "Europe/Berlin", folder.name,
        "2026-11-25T18:00:00Z", exercise="" if plan else "glute_bridge", plan=plan.to_dict() if plan else None,
        pace=0.0,
    )  # fmt: skip


class Session:
    """An engine that is told packets and time as a recorder would; `log` writes the raw log beside it."""

    def __init__(self, folder: Path, plan: Plan | None = PLAN, packets: list[RawPacket] | None = None) -> None:
        self.folder, self.plan, self.packets = folder, plan, packets or []
        folder.mkdir(parents=True, exist_ok=True)
        self.log: RawLogWriter | None = None
        self.engine = Engine(setup(folder, plan))
        self.now_s = 0.0

    def until(self, to_s: float, *, heard: bool = True) -> list[dict[str, Any]]:
        """Goes on to a moment; returns all cues. Not heard: packets reach the log only."""
        cues: dict[int, dict[str, Any]] = {}
        while self.now_s < to_s:
            self.now_s = round(self.now_s + 0.1, 3)
            due = [one for one in self.packets if one.monotonic_ns <= ZERO_NS + self.now_s * 1e9]
            self.packets = self.packets[len(due) :]
            for one in due if self.log else []:
                self.log.append(one)  # type: ignore[union-attr]
            self.status("recording")
            if heard:
                self.engine.packets([Arrived("right_thigh", 1, one) for one in due])
            cues |= {cue["id"]: cue for cue in self.engine.state()["cues"]}
        return list(cues.values())

    def status(self, state: str) -> None:
        sensor = {
            "placement": "right_thigh",
            "state": state,
            "label": "IMU",
            "family": "generic",
            "battery_percent": 80,
        }
        self.engine.status({"now_s": self.now_s, "sensors": [sensor]})

    def act(self, is_here: bool = True, **body: Any) -> None:
        self.engine.act(body, is_here)

    def answer(self, phase: str = "before", **changed: Any) -> None:
        self.act(act="answers", phase=phase, answers=WELL | changed)

    def walk(self) -> dict[str, Any]:
        found: dict[str, Any] = self.engine.state()["walk"]
        return found

    def write_log(self) -> None:
        header = RawHeader("generic", "right_thigh", "P01", self.folder.name, "2026-11-25T18:00:00Z", ZERO_NS)
        self.log = RawLogWriter(self.folder / "raw-right_thigh.mcap", header)
        self.log.event(CONNECT, monotonic_ns=ZERO_NS, wall_ns=0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "P01-20261125T180000Z-0"


STARTS_S = [32.0, 42.0, 52.0, 62.0]


def test_a_plan_is_walked_through_and_the_count_is_the_truth(folder: Path) -> None:
    session = Session(folder, packets=bridges(STARTS_S, 90.0))
    session.until(5.0)
    assert session.walk()["phase"] == "check_in"
    session.answer()
    cues = session.until(90.0)
    walk = session.walk()
    assert walk["phase"] == "check_out"
    (run,) = walk["runs"]
    assert (run["count"], run["ended"]) == (4, "done")
    # each hold is 5 s plus what the contract's rule adds of the two moves
    np.testing.assert_allclose(run["holds_s"], 5.4, atol=0.5)
    assert [cue["number"] for cue in cues if cue["kind"] == "count"] == [1, 2, 3, 4]
    session.answer("after")
    assert session.engine.state()["ended"]


def test_who_gets_into_place_just_before_the_start_is_at_rest_there(folder: Path) -> None:
    """The countdown ends at 30 s: what it is read against is the pose of that moment."""
    session = Session(folder, packets=bridges([30.6, 42.0, 52.0, 62.0], 90.0, turned_s=28.0))
    session.until(5.0)
    session.answer()
    session.until(35.5)
    countdown = session.walk()["countdown"]
    assert countdown["kind"] == "hold"
    assert countdown["end_s"] - PLAN.items[0].hold_s == pytest.approx(32.0, abs=0.3)
    session.until(39.0)
    assert session.walk()["count"] == 1


def test_a_set_that_is_over_is_looked_at_as_a_whole(folder: Path) -> None:
    """The last rep ends the set at once; its times become those of the analysis all the same."""
    session = Session(folder, packets=bridges(STARTS_S, 90.0))
    session.until(5.0)
    session.answer()
    session.until(90.0)
    lines = (json.loads(line) for line in (folder / "live.jsonl").read_text().splitlines())
    told = [line for line in lines if line["kind"] == "rep" and line["what"] in ("done", "revised")]
    first = [line["id"] for line in told][-1]
    last = [line for line in told if line["id"] == first][-1]
    assert "flags" in last
    assert last["hold_s"] == pytest.approx(5.26, abs=0.1)
    (run,) = session.walk()["runs"]
    np.testing.assert_allclose(run["holds_s"], 5.26, atol=0.1)


def test_a_restart_in_the_middle_of_a_set_counts_the_same(folder: Path) -> None:
    session = Session(folder, packets=bridges(STARTS_S, 90.0))
    session.write_log()
    session.until(5.0)
    session.answer()
    session.until(55.0)
    assert session.walk()["count"] == 2
    assert session.log is not None
    session.log.flush()
    session.engine = Engine(setup(folder))  # as after a crash: nothing but the folder is left
    assert session.walk()["phase"] == "active"
    session.until(57.0, heard=False)  # what comes before the new server reads the log is only in the log
    session.log.flush()
    session.engine.catch_up()
    assert session.walk()["count"] == 2
    session.until(90.0)
    session.log.close()
    (run,) = session.walk()["runs"]
    assert (run["count"], run["ended"]) == (4, "done")


def test_a_red_flag_bars_the_session_and_the_one_after_a_restart(folder: Path) -> None:
    session = Session(folder)
    session.until(1.0)
    session.answer(red_flags=["fever"])
    state = session.engine.state()
    assert (state["walk"]["phase"], state["keys"], state["ended"]) == ("blocked", [], True)
    assert state["decisions"][0]["words"]["en"].startswith("Please seek immediate medical attention.")
    assert Engine(setup(folder)).state()["walk"]["phase"] == "blocked"
    later = Session(folder.with_name("P01-20261126T180000Z-1"))
    later.until(1.0)
    later.answer()
    assert later.engine.state()["walk"]["phase"] == "blocked"


def test_a_missing_answer_is_asked_for_again(folder: Path) -> None:
    session = Session(folder)
    session.until(1.0)
    session.act(act="answers", phase="before", answers={"leg_nrs": 3, "back_nrs": 2})
    state = session.engine.state()
    assert state["walk"]["phase"] == "check_in"
    assert state["decisions"][0]["rule"] == "unanswered"
    assert state["ask"] is not None


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"act": "answers", "phase": "after", "answers": WELL}, 409),
        ({"act": "answers", "phase": "before", "answers": {"leg_nrs": 11}}, 422),
        ({"act": "answers", "phase": "before", "answers": {"leg_nrs": True}}, 422),
        ({"act": "answers", "phase": "before", "answers": {"shoe_size": 44}}, 422),
        ({"act": "answers", "phase": "before", "answers": 7}, 422),
        ({"act": "key", "key": "launch"}, 422),
        ({"act": "correct", "run": 9, "count": 3, "reason": "x"}, 422),
        ({"act": "correct", "run": 0, "count": 3}, 422),
        ({"act": "fly"}, 400),
        ({}, 400),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(
    folder: Path, body: dict[str, Any], status: int
) -> None:
    session = Session(folder)
    session.until(1.0)
    before = (folder / "live.jsonl").read_bytes()
    with pytest.raises(RefusedError) as caught:
        session.engine.act(body, True)
    assert caught.value.status == status
    assert (folder / "live.jsonl").read_bytes() == before


def test_another_device_sees_nothing_on_health_before_that_was_agreed_to(folder: Path) -> None:
    session = Session(folder)
    session.until(1.0)
    with pytest.raises(RefusedError):
        session.act(False, act="answers", phase="before", answers=WELL)
    elsewhere = seen_from(session.engine.state(), False)
    assert elsewhere["ask"] == {"consent": True}
    session.answer(red_flags=["fever"])
    text = json.dumps(seen_from(session.engine.state(), False))
    assert "fever" not in text
    assert "attention" not in text
    assert seen_from(session.engine.state(), False)["decisions"][0]["action"] == "seek_immediate_care"
    session.act(False, act="agree")
    assert "attention" in json.dumps(seen_from(session.engine.state(), False))


def test_what_a_set_gives_a_reason_to_ask_is_shown_until_the_next_begins() -> None:
    walk: dict[str, Any] = {
        "unsafe": False,
        "runs": [{"ended": "done"}, {"ended": "done"}],
        "prompts": [{"name": "bouncing", "run": 0}, {"name": "twist", "run": 1}],
    }
    (words,) = asked_of(walk)
    assert "spine" in words["en"]
    assert "Wirbelsäule" in words["de"]
    assert asked_of(walk | {"runs": [*walk["runs"], {"ended": ""}]}) == []
    assert asked_of(walk | {"unsafe": True}) == []
    hidden = seen_from({"prompts": [words], "walk": walk}, is_here=False)
    assert (hidden["prompts"], hidden["walk"]["prompts"]) == ([], [])


def test_an_exercise_of_the_study_can_be_walked_through(tmp_path: Path) -> None:
    (tmp_path / "exercises.toml").write_text(OWN, encoding="utf-8")
    plan = Plan("own", (PlanItem("heel_slide", "both", 1, 4, 4.0),))
    state = Session(tmp_path / "sessions" / "P01-x", plan).engine.state()
    assert state["walk"]["step"]["exercise"] == "heel_slide"


def test_a_lost_sensor_is_shown_and_heard(folder: Path) -> None:
    session = Session(folder, packets=bridges(STARTS_S, 90.0))
    session.until(5.0)
    session.answer()
    session.until(30.0)
    session.status("sensor lost")
    state = session.engine.state()
    assert state["walk"]["lost"] == ["right_thigh"]
    assert state["cues"][-1]["kind"] == "sensor_lost"
    assert (
        "recording" in {one["state"] for one in state["sensors"]} or state["sensors"][0]["state"] == "sensor lost"
    )


def test_without_a_plan_reps_are_counted_and_the_button_is_there(folder: Path) -> None:
    session = Session(folder, None, bridges([5.0, 15.0, 25.0], 40.0))
    session.until(40.0)
    state = session.engine.state()
    assert (state["free"]["count"], state["keys"]) == (3, ["stop", "pain_up"])
    assert not (folder / "live.jsonl").exists()
    session.act(act="key", key="pain_up")
    state = session.engine.state()
    assert (state["unsafe"], state["keys"]) == (True, ["stop"])
    assert "stop the exercises for today" in state["decisions"][0]["words"]["en"]
    assert Engine(setup(folder, None)).state()["unsafe"]
    session.act(act="key", key="stop")
    assert session.engine.state()["ended"]


def test_packets_that_come_twice_are_taken_once(folder: Path) -> None:
    packets = bridges([5.0, 15.0, 25.0], 40.0)
    engine = Engine(replace(setup(folder, None)))
    sensor = {"placement": "right_thigh", "state": "recording", "family": "generic"}
    engine.status({"now_s": 40.0, "sensors": [sensor]})
    for one in packets:
        engine.packets([Arrived("right_thigh", 1, one)])
        engine.packets([Arrived("right_thigh", 1, one)])
    assert engine.state()["free"]["count"] == 3


def test_more_than_was_usual_in_earlier_sessions_is_asked_about(folder: Path) -> None:
    """Bridges of 20 degrees, where 12 have been usual."""
    write_session(folder.parent, 20, [rep_row(rom_deg=12.0, out_s=1.5)] * 10)
    session = Session(folder, packets=bridges(STARTS_S, 90.0))
    session.until(5.0)
    session.answer()
    session.until(90.0)
    assert [one["en"] for one in session.engine.state()["prompts"]] == [say("prompt.over_range", "en")]
    assert session.walk()["phase"] == "check_out"  # a question, and nothing is stopped
