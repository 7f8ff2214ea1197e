"""Prompts: reasons to ask that the sensor gives. Each is asked once; none concludes or stops anything."""

from __future__ import annotations

import pytest

from sciatrack.walk import Event, fold, prompt_events, step
from sciatrack_analytics.safety_prompts import prompt_rules, prompts_of
from sciatrack_analytics.safety_texts import LANGUAGES, safety_texts
from sciatrack_signal.result import FLAGS
from test_walk_session import begun, key, rep


@pytest.mark.parametrize(
    ("flags", "done", "dose", "expected"),
    [
        ([], 0, 10, {}),
        ([["short_hold"], ["shaky"], ["small_range"]], 3, 10, {}),
        ([["large_range"], []], 2, 2, {"over_range": 1}),
        ([["fast_entry", "bouncing"], ["bouncing"]], 2, 2, {"fast_entry": 1, "bouncing": 2}),
        ([["long_hold"]], 1, 1, {"overlong": 1}),
        ([["pelvis_roll"]] * 2, 2, 10, {}),
        ([["pelvis_roll"]] * 3, 3, 10, {"twist": 3}),
        ([[]], 13, 10, {}),
        ([[]], 14, 10, {"over_volume": 4}),
    ],
)
def test_what_gives_a_reason(flags: list[list[str]], done: int, dose: int, expected: dict[str, int]) -> None:
    assert prompts_of(flags, done, dose) == expected


def test_every_prompt_has_a_flag_that_exists_and_words() -> None:
    for name, rule in prompt_rules().items():
        assert rule.get("flag", FLAGS[0]) in FLAGS
        assert rule["article"]
        assert all(safety_texts()[f"prompt.{name}"][language] for language in LANGUAGES)


def flagged(number: int, start_s: float, *flags: str) -> list[Event]:
    events = rep(number, start_s)
    return [*events[:-1], Event(events[-1].at_s, "rep", {**events[-1].data, "flags": list(flags)})]


def test_a_set_is_asked_about_when_it_is_over_and_once() -> None:
    going = [*begun(), *flagged(1, 40, "bouncing")]
    assert prompt_events(fold(going)) == []  # nobody is asked in the middle of a set
    over = [*going, *flagged(2, 50, "bouncing", "large_range")]
    walk = fold(over)
    found = prompt_events(walk)
    assert [(one.data["prompt"]["name"], one.data["prompt"]["reps"]) for one in found] == [
        ("over_range", 1), ("bouncing", 2),
    ]  # fmt: skip
    for event in found:
        after, cues = step(walk, event)
        assert (after.phase, after.unsafe, [cue.kind for cue in cues]) == (walk.phase, False, ["prompt"])
        walk = after
    assert prompt_events(walk) == []
    again = [*over, *found, key(70, "start"), key(71, "start"), *flagged(3, 80, "bouncing"), *flagged(4, 90)]
    assert len(fold(again).runs) == 2
    assert prompt_events(fold(again)) == []


def test_reps_seen_only_indirectly_give_no_reason() -> None:
    walk = fold([*begun(), *flagged(1, 40, "bouncing", "inferred"), key(60, "done")])
    assert prompt_events(walk) == []


def test_far_more_than_the_dose_is_over_all_sets() -> None:
    events = begun()  # 2 sets of 2
    for number in range(4):  # each set of two again and again
        events += [*rep(2 * number, 100 * number + 60), *rep(2 * number + 1, 100 * number + 70)]
        events += [
            key(100 * number + 82, "repeat"),
            key(100 * number + 83, "start"),
            key(100 * number + 84, "start"),
        ]
    walk = fold([*events, key(500, "stop")])
    assert sum(run.count for run in walk.runs) == 8
    assert [one.data["prompt"]["name"] for one in prompt_events(walk)] == ["over_volume"]
