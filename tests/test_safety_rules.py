"""Every safety rule, its boundary and its overlaps: answers in, decisions out, strictest first."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from sciatrack_analytics.answers import Answers, answers_from
from sciatrack_analytics.checkins import KNOWN_SIGNS, NERVE_SYMPTOMS, RED_FLAGS, CheckInError
from sciatrack_analytics.safety import APPLIES, decide, may_start, stops
from sciatrack_analytics.safety_course import theil_sen
from sciatrack_analytics.safety_history import Clearance, History, PastDecision, Tolerance
from sciatrack_analytics.safety_rules import LATER, REPEATS, rule_set, waiting_rules
from sciatrack_analytics.safety_texts import LANGUAGES, message, safety_texts

NOW = dt.datetime(2026, 3, 20, 12, 0, tzinfo=dt.UTC)
NONE: dict[str, Any] = {"red_flags": (), "other_symptoms": ()}
NOBODY = History()
ALLOWED = History(tolerance=Tolerance(1, "PT1", "hurts a little while it stretches"))


def said(phase: str = "before", leg: int | None = 3, back: int | None = 2, **more: Any) -> Answers:
    return Answers(phase, more.pop("at", NOW), "UTC", leg, back, "thigh", **(NONE | more))


def rules(*args: Any) -> list[str]:
    return [decision.rule for decision in decide(*args)]


def past(rule: str, days_ago: float) -> PastDecision:
    at = NOW - dt.timedelta(days=days_ago)
    return PastDecision(rule, rule_set().rules[rule].action.name, at, (at - dt.timedelta(hours=4)).date())


def cleared(rule: str, days_ago: float) -> Clearance:
    return Clearance(rule, NOW - dt.timedelta(days=days_ago), "Dr. A")


# ---- what is said now
@pytest.mark.parametrize("sign", RED_FLAGS)
@pytest.mark.parametrize("phase", ["before", "after", "button", "diary"])
def test_each_sign_stops_whenever_it_is_said(sign: str, phase: str) -> None:
    found = decide(said(phase, red_flags=(sign,)), NOBODY, said())
    assert (found[0].rule, found[0].action) == ("red_flag", "seek_immediate_care")
    assert found[0].details == {"signs": [sign]}
    assert stops(found)
    assert not may_start(found)


@pytest.mark.parametrize("symptom", NERVE_SYMPTOMS)
def test_each_symptom_elsewhere_asks_for_a_clinician(symptom: str) -> None:
    found = decide(said(other_symptoms=(symptom,)), NOBODY)
    assert [(one.rule, one.action) for one in found] == [("nerve_symptom", "stop_and_consult_healthcare_provider")]
    assert stops(found)


NOW_CASES: list[tuple[str, Answers, History, Answers | None, list[str]]] = [
    ("well", said(), NOBODY, None, []),
    ("no pain at all", said(leg=0, back=0), NOBODY, None, []),
    # a rise since the start: 0, 1, 2, and which of leg and back rose
    ("as before", said("after"), NOBODY, said(), []),
    ("less pain", said("after", 1, 0), NOBODY, said(), []),
    ("leg by one", said("after", 4, 2), NOBODY, said(), ["exercise_pain_1"]),
    ("back by one", said("after", 3, 3), NOBODY, said(), ["exercise_pain_1"]),
    ("leg by two", said("after", 5, 2), NOBODY, said(), ["session_pain_2", "exercise_pain_1"]),
    ("back by two", said("after", 3, 4), NOBODY, said(), ["session_pain_2", "exercise_pain_1"]),
    ("one better, one worse", said("after", 0, 4), NOBODY, said(), ["session_pain_2", "exercise_pain_1"]),
    (
        "from nothing to ten",
        said("after", 10, 0),
        NOBODY,
        said(leg=0, back=0),
        ["session_pain_2", "exercise_pain_1"],
    ),
    ("a rise before the session is none", said(leg=7), NOBODY, said(leg=1), []),
    # the button says it without a number
    ("pressed", said("button", None, None), NOBODY, said(), ["exercise_pain_1", "unanswered"]),
    ("pressed, no rise told", said("button"), NOBODY, said(), ["exercise_pain_1"]),
    ("pressed, two points", said("button", 5), NOBODY, said(), ["session_pain_2", "exercise_pain_1"]),
    ("pressed before anything is known", said("button"), NOBODY, None, ["exercise_pain_1"]),
    # 8 at the start, of leg or back
    ("seven", said(leg=7, back=7), NOBODY, None, []),
    ("leg eight", said(leg=8), NOBODY, None, ["high_baseline"]),
    ("back eight", said(back=8), NOBODY, None, ["high_baseline"]),
    ("ten", said(leg=10, back=10), NOBODY, None, ["high_baseline"]),
    ("eight afterwards is judged as a rise", said("after", 8), NOBODY, said(leg=8), []),
    ("eight with the back unknown", said(leg=8, back=None), NOBODY, None, ["high_baseline", "unanswered"]),
    # unknown is never "no"
    ("nothing answered", Answers("before", NOW), NOBODY, None, ["unanswered"]),
    ("signs not answered", said(red_flags=None), NOBODY, None, ["unanswered"]),
    ("symptoms not answered", said(other_symptoms=None), NOBODY, None, ["unanswered"]),
    ("leg not answered", said(leg=None), NOBODY, None, ["unanswered"]),
    ("after, not answered", said("after", None, None), NOBODY, said(), ["unanswered"]),
    ("after, the leg then unknown", said("after", 9, 2), NOBODY, said(leg=None), []),
    ("a diary asks for nothing", Answers("diary", NOW), NOBODY, None, []),
    # a symptom elsewhere that may be one of the eight, while these are not answered
    (
        "weakness, signs unknown",
        said(red_flags=None, other_symptoms=("weakness",)),
        NOBODY,
        None,
        ["red_flag", "nerve_symptom", "unanswered"],
    ),
    (
        "numbness, signs unknown",
        said(red_flags=None, other_symptoms=("numbness",)),
        NOBODY,
        None,
        ["red_flag", "nerve_symptom", "unanswered"],
    ),
    (
        "tingling, signs unknown",
        said(red_flags=None, other_symptoms=("tingling",)),
        NOBODY,
        None,
        ["nerve_symptom", "unanswered"],
    ),
    # known signs: only a clinician makes a sign known
    (
        "known and unchanged",
        said(known_unchanged=("difficulty_walking",)),
        History(known_signs={"difficulty_walking": "Dr. A"}),
        None,
        [],
    ),
    (
        "known, and worse",
        said(red_flags=("difficulty_walking",)),
        History(known_signs={"difficulty_walking": "Dr. A"}),
        None,
        ["red_flag"],
    ),
    ("called known by nobody else", said(known_unchanged=("difficulty_walking",)), NOBODY, None, ["red_flag"]),
    (
        "another sign is known",
        said(known_unchanged=("fever",)),
        History(known_signs={"difficulty_walking": "Dr. A"}),
        None,
        ["red_flag"],
    ),
    (
        "tingling known and unchanged",
        said(known_unchanged=("tingling",)),
        History(known_signs={"tingling": "Dr. A"}),
        None,
        [],
    ),
    ("tingling called known", said(known_unchanged=("tingling",)), NOBODY, None, ["nerve_symptom"]),
    # a clinician's tolerance of one point
    ("allowed: one", said("after", 4), ALLOWED, said(), ["tolerated"]),
    ("allowed: one, pressed", said("button", 4), ALLOWED, said(), ["tolerated"]),
    ("allowed: both by one", said("after", 4, 3), ALLOWED, said(), ["tolerated"]),
    ("allowed: two", said("after", 5), ALLOWED, said(), ["session_pain_2", "exercise_pain_1"]),
    ("allowed: one and two", said("after", 4, 4), ALLOWED, said(), ["session_pain_2", "exercise_pain_1"]),
    ("allowed: the other unknown", said("after", 4, None), ALLOWED, said(), ["exercise_pain_1", "unanswered"]),
    ("allowed: pressed without a rise", said("button"), ALLOWED, said(), ["exercise_pain_1"]),
    ("allowed: no rise", said("after"), ALLOWED, said(), []),
    ("allowed, and a sign", said("after", 4, red_flags=("fever",)), ALLOWED, said(), ["red_flag", "tolerated"]),
    # overlaps: all are said, the strictest first
    (
        "sign, symptom, eight",
        said(leg=9, red_flags=("fever",), other_symptoms=("tingling",)),
        NOBODY,
        None,
        ["red_flag", "nerve_symptom", "high_baseline"],
    ),
    (
        "sign and a rise",
        said("after", 6, red_flags=("fever",)),
        NOBODY,
        said(),
        ["red_flag", "session_pain_2", "exercise_pain_1"],
    ),
    (
        "symptom and a rise",
        said("after", 6, other_symptoms=("tingling",)),
        NOBODY,
        said(),
        ["session_pain_2", "nerve_symptom", "exercise_pain_1"],
    ),
]


@pytest.mark.parametrize(
    ("answers", "history", "before", "expected"), [row[1:] for row in NOW_CASES], ids=[row[0] for row in NOW_CASES]
)
def test_what_is_said_now(answers: Answers, history: History, before: Answers | None, expected: list[str]) -> None:
    assert rules(answers, history, before) == expected


# ---- what earlier sessions left open
YES = {"consulted": True}
PAST_CASES: list[tuple[str, History, dict[str, Any], list[str]]] = [
    ("sign, never cleared", History(decisions=(past("red_flag", 300),)), {}, ["red_flag_open"]),
    ("sign, only said to be seen", History(decisions=(past("red_flag", 3),)), YES, ["red_flag_open"]),
    (
        "sign, cleared since",
        History(decisions=(past("red_flag", 3),), clearances=(cleared("red_flag", 1),)),
        {},
        [],
    ),
    (
        "sign, cleared at that moment",
        History(decisions=(past("red_flag", 3),), clearances=(cleared("red_flag", 3),)),
        {},
        [],
    ),
    (
        "sign after the clearance",
        History(decisions=(past("red_flag", 1),), clearances=(cleared("red_flag", 3),)),
        {},
        ["red_flag_open"],
    ),
    (
        "clearance of the future",
        History(decisions=(past("red_flag", 3),), clearances=(cleared("red_flag", -1),)),
        {},
        ["red_flag_open"],
    ),
    (
        "clearance of another rule",
        History(decisions=(past("red_flag", 3),), clearances=(cleared("nerve_symptom", 1),)),
        {},
        ["red_flag_open"],
    ),
    (
        "sign in a diary, no decision",
        History(check_ins=(said("diary", red_flags=("fever",), at=NOW - dt.timedelta(days=9)),)),
        {},
        ["red_flag_open"],
    ),
    (
        "a good session later",
        History(check_ins=(said(leg=0, back=0, at=NOW - dt.timedelta(days=1)),), decisions=(past("red_flag", 3),)),
        {},
        ["red_flag_open"],
    ),
    (
        "sign, and a new one",
        History(decisions=(past("red_flag", 3),)),
        {"red_flags": ("fever",)},
        ["red_flag", "red_flag_open"],
    ),
    ("two points, nobody asked", History(decisions=(past("session_pain_2", 3),)), {}, ["consult_open"]),
    (
        "two points, not talked",
        History(decisions=(past("session_pain_2", 3),)),
        {"consulted": False},
        ["consult_open"],
    ),
    ("two points, talked", History(decisions=(past("session_pain_2", 3),)), YES, []),
    ("symptom, nobody asked", History(decisions=(past("nerve_symptom", 3),)), {}, ["consult_open"]),
    (
        "symptom, cleared",
        History(decisions=(past("nerve_symptom", 3),), clearances=(cleared("nerve_symptom", 1),)),
        {},
        [],
    ),
    (
        "two left open, one cleared",
        History(
            decisions=(past("nerve_symptom", 4), past("session_pain_2", 3)),
            clearances=(cleared("nerve_symptom", 1),),
        ),
        {},
        ["consult_open"],
    ),
    (
        "talked about it before",
        History(decisions=(past("session_pain_2", 3),), check_ins=(said(at=NOW - dt.timedelta(days=1), **YES),)),
        {},
        [],
    ),
    (
        "talked before it happened",
        History(decisions=(past("session_pain_2", 3),), check_ins=(said(at=NOW - dt.timedelta(days=4), **YES),)),
        {},
        ["consult_open"],
    ),
    ("stopped today", History(decisions=(past("exercise_pain_1", 0.1),)), {}, ["stopped_today"]),
    (
        "stopped today, talked: still today",
        History(decisions=(past("exercise_pain_1", 0.1),)),
        YES,
        ["stopped_today"],
    ),
    ("stopped yesterday", History(decisions=(past("exercise_pain_1", 1),)), {}, []),
    ("eight this morning", History(decisions=(past("high_baseline", 0.2),)), {}, ["stopped_today"]),
    (
        "what only repeats opens nothing",
        History(decisions=(past("consult_open", 3), past("red_flag_open", 2), past("stopped_today", 0.1))),
        {},
        [],
    ),
    (
        "what asks or notes opens nothing",
        History(decisions=(past("unanswered", 0.1), past("tolerated", 0.1), past("long_course", 0.1))),
        {},
        [],
    ),
    (
        "all at once",
        History(decisions=(past("red_flag", 0.3), past("session_pain_2", 0.2), past("exercise_pain_1", 0.2))),
        {},
        ["red_flag_open", "consult_open", "stopped_today"],
    ),
]


@pytest.mark.parametrize(
    ("history", "now", "expected"), [row[1:] for row in PAST_CASES], ids=[row[0] for row in PAST_CASES]
)
def test_what_was_left_open(history: History, now: dict[str, Any], expected: list[str]) -> None:
    found = decide(said(**now), history)
    assert [decision.rule for decision in found] == expected
    assert may_start(found) == (not expected)


UNREADABLE = History(problems=("session P01-x: is damaged",))


def test_a_past_that_cannot_be_read_is_told_and_is_no_no() -> None:
    (found,) = decide(said(), UNREADABLE)
    assert (found.rule, found.details) == ("past_unknown", {"problems": ["session P01-x: is damaged"]})
    assert may_start((found,))
    assert rules(said("after"), UNREADABLE, said()) == []
    flagged = History(UNREADABLE.check_ins, (past("red_flag", 3),), problems=UNREADABLE.problems)
    assert rules(said(), flagged) == ["red_flag_open", "past_unknown"]


def test_a_local_day_begins_at_four() -> None:
    night = dt.datetime(2026, 3, 20, 3, 59, tzinfo=dt.UTC)
    stopped = PastDecision("exercise_pain_1", "stop_for_today", night, dt.date(2026, 3, 19))
    history = History(decisions=(stopped,))
    assert rules(said(at=night), history) == ["stopped_today"]
    assert rules(said(at=night + dt.timedelta(minutes=1)), history) == []


# ---- pain over weeks
def course(scores: dict[float, int | None], phase: str = "before") -> History:
    """Check-ins so many days ago with these scores of the leg, and a back that stays at 0."""
    ordered = sorted(scores, reverse=True)
    return History(check_ins=tuple(said(phase, scores[ago], 0, at=NOW - dt.timedelta(days=ago)) for ago in ordered))


def weekly(leg: int, history: History, **more: Any) -> list[str]:
    return rules(said(leg=leg, back=0, **more), history)


TWO_WEEKS = {12.0: 2, 10.0: 2, 8.0: 2, 4.0: 3, 2.0: 3}  # with 3 today: median 2 -> 3, slope 0.11 points a day
FLAT = {12.0: 3, 10.0: 3, 8.0: 3, 4.0: 3, 2.0: 3}


@pytest.mark.parametrize(
    ("scores", "today", "expected"),
    [
        (TWO_WEEKS, 3, ["weekly_trend"]),
        (FLAT, 3, []),
        ({ago: 5 - score for ago, score in TWO_WEEKS.items()}, 2, []),  # falling
        ({12.0: 2, 10.0: 2, 4.0: 3, 2.0: 3}, 3, []),  # two in the first week, five in all: too few to say
        ({12.0: 2, 10.0: 2, 8.0: 2, 2.0: 3}, 3, []),  # two in the last week
        # by slope alone: six in 14 days are enough, five are not
        ({13.0: 1, 12.0: 1, 11.0: 1, 10.0: 2, 9.0: 2}, 3, ["weekly_trend"]),
        ({12.0: 1, 11.0: 1, 10.0: 2, 9.0: 2}, 3, []),
        ({20.0: 0, 18.0: 0, 16.0: 0, **FLAT}, 3, []),  # a rise of the third week counts no more
        (dict.fromkeys(TWO_WEEKS), 3, []),  # unknown is not low
    ],
    ids=["rises", "flat", "falls", "few before", "few now", "slope", "short slope", "old", "unknown"],
)
def test_rising_weeks(scores: dict[float, int | None], today: int, expected: list[str]) -> None:
    assert weekly(today, course(scores)) == expected


def test_scores_after_sessions_are_not_the_course() -> None:
    assert weekly(3, course(TWO_WEEKS, phase="after")) == []


def test_the_back_rises_too() -> None:
    history = History(
        check_ins=tuple(said("before", 0, s.leg_nrs, at=s.at_utc) for s in course(TWO_WEEKS).check_ins)
    )
    (found,) = decide(said(leg=0, back=3), history)
    assert (found.rule, list(found.details)) == ("weekly_trend", ["back_nrs"])


def test_a_pause_ends_when_a_clinician_was_asked_and_comes_back_after_a_week() -> None:
    base = course(TWO_WEEKS)

    def asked(spoke_days: float, cleared_days: float | None) -> History:
        lines = () if cleared_days is None else (cleared("weekly_trend", cleared_days),)
        return History(check_ins=base.check_ins, decisions=(past("weekly_trend", spoke_days),), clearances=lines)

    assert weekly(3, asked(1, None)) == ["consult_open", "weekly_trend"]
    assert weekly(3, asked(1, 0.5)) == []
    assert weekly(3, asked(1, None), consulted=True) == []
    assert weekly(3, asked(9, 6.9)) == []
    assert weekly(3, asked(9, 7)) == ["weekly_trend"]


def long(first: int, last: int, first_day: float = 42.0, every: float = 2.0) -> History:
    """Check-ins every other day from `first_day` days ago: one score in the first weeks, another in the last."""
    days = [first_day - every * k for k in range(int(first_day / every))]
    return course({ago: first if ago > 21 else last for ago in days})


@pytest.mark.parametrize(
    ("history", "today", "expected"),
    [
        (long(4, 4), 4, ["long_course"]),
        (long(4, 3), 3, []),  # better by one
        (long(4, 4, first_day=41.9), 4, []),  # not six weeks yet
        (long(0, 0), 0, []),  # there was no pain to begin with
        (course({42.0: 4, 41.0: 4, 2.0: 4, 1.0: 4}), 4, []),  # two in the first week
        (course({42.0: 4, 41.0: 4, 40.0: 4, 1.0: 4}), 4, []),  # two in the last week
    ],
    ids=["six weeks", "better", "short of it", "no pain", "few then", "few now"],
)
def test_six_weeks_without_improvement(history: History, today: int, expected: list[str]) -> None:
    found = decide(said(leg=today, back=0), history)
    assert [decision.rule for decision in found] == expected
    assert may_start(found)  # it only asks for a review


def test_a_review_is_not_asked_for_again_at_once() -> None:
    history = long(4, 4)
    spoke = (past("long_course", 5),)
    assert "long_course" in rules(said(leg=4, back=0), History(history.check_ins, spoke))
    reviewed = History(history.check_ins, spoke, (cleared("long_course", 2),))
    assert rules(said(leg=4, back=0), reviewed) == []


def test_slope_is_the_median_of_pairs() -> None:
    assert theil_sen([(0.0, 1), (1.0, 2), (2.0, 9)]) == 4.0
    assert theil_sen([(1.0, 1), (1.0, 5)]) is None
    assert theil_sen([]) is None


# ---- what is kept, and the data
def test_a_decision_keeps_its_rule_its_version_and_its_answers() -> None:
    (found,) = decide(said(red_flags=("fever",)), NOBODY)
    assert found.to_dict() == {
        "rule": "red_flag", "action": "seek_immediate_care", "rule_set": rule_set().version, "phase": "before",
        "at_utc": "2026-03-20T12:00:00Z", "text": "safety.red_flag", "details": {"signs": ["fever"]},
        "answers": {
            "phase": "before", "at_utc": "2026-03-20T12:00:00Z", "timezone": "UTC", "leg_nrs": 3, "back_nrs": 2,
            "distal_site": "thigh", "red_flags": "fever", "other_symptoms": "none",
        },
    }  # fmt: skip


def test_the_rules_are_whole_and_in_the_order_of_their_actions() -> None:
    found = rule_set().rules
    assert set(found) == set(APPLIES)
    assert [rule.order for rule in found.values()] == list(range(1, len(found) + 1))
    assert all(rule.source and rule.action.later in LATER for rule in found.values())
    weights = [2 * rule.action.stops + (not rule.action.starts) for rule in found.values()]
    assert weights == sorted(weights, reverse=True)
    assert waiting_rules() == ("red_flag", "session_pain_2", "nerve_symptom", "weekly_trend", "long_course")
    assert set(REPEATS) < set(found)


def test_an_answer_that_is_not_given_is_left_out_and_none_is_said() -> None:
    kept = Answers("before", NOW, red_flags=()).to_dict()
    assert kept == {"phase": "before", "at_utc": "2026-03-20T12:00:00Z", "timezone": "UTC", "red_flags": "none"}
    again = answers_from(kept)
    assert (again.red_flags, again.other_symptoms) == ((), None)


@pytest.mark.parametrize("sign", KNOWN_SIGNS)
def test_answers_come_back_as_they_were(sign: str) -> None:
    flags = (sign,) if sign in RED_FLAGS else ()
    others = () if sign in RED_FLAGS else (sign,)
    given = said(red_flags=flags, other_symptoms=others, known_unchanged=(sign,), consulted=False, note="x")
    assert answers_from(given.to_dict()) == given


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"leg_nrs": 11}, "leg_nrs is 11"),
        ({"leg_nrs": -1}, "leg_nrs is -1"),
        ({"back_nrs": 2.5}, "back_nrs is 2.5"),
        ({"leg_nrs": True}, "leg_nrs is True"),
        ({"leg_nrs": "3"}, "leg_nrs is '3'"),
        ({"distal_site": "knee"}, "distal_site is 'knee'"),
        ({"red_flags": ["headache"]}, "red_flags is 'headache'"),
        ({"red_flags": ["none", "fever"]}, "both 'none' and fever"),
        ({"red_flags": 3}, "red_flags is 3"),
        ({"red_flags": [3]}, r"red_flags is \[3\]"),
        ({"other_symptoms": ["fever"]}, "other_symptoms is 'fever'"),
        ({"consulted": "yes"}, "consulted is 'yes'"),
        ({"phase": "during"}, "phase is 'during'"),
        ({"phase": None}, "lack 'phase'"),
        ({"at_utc": "yesterday"}, "at_utc"),
        ({"timezone": "Mars/Base"}, "Mars/Base"),
        ({"pain": 3}, "'pain' is not known"),
    ],
)
def test_wrong_answers_are_refused_by_name(wrong: dict[str, Any], words: str) -> None:
    body = {"phase": "before", "at_utc": "2026-03-20T12:00:00Z", "timezone": "UTC"}
    with pytest.raises(CheckInError, match=words):
        answers_from(body | wrong)


# ---- words
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_decision_has_words_without_holes(language: str) -> None:
    texts = safety_texts()
    every = [decide(*row[1:4]) for row in NOW_CASES] + [decide(said(**row[2]), row[1]) for row in PAST_CASES]
    every += [decide(said(leg=3, back=0), course(TWO_WEEKS)), decide(said(leg=4, back=0), long(4, 4))]
    every.append(decide(said(), UNREADABLE))
    heard = {found.rule for decisions in every for found in decisions}
    assert heard == set(rule_set().rules)
    for found in (found for decisions in every for found in decisions):
        words = message(found.to_dict(), language)
        assert words
        assert "{" not in words
    assert all(set(words) == set(LANGUAGES) for words in texts.values())


def test_a_red_flag_says_the_article_s_words() -> None:
    (found,) = decide(said(red_flags=("fever",)), NOBODY)
    assert message(found.to_dict(), "en").startswith("Please seek immediate medical attention. You said: Fever.")
    assert "sofort ärztliche Hilfe" in message(found.to_dict(), "de")


def test_a_rule_that_is_not_known_stops() -> None:
    assert "Please stop" in message({"rule": "of_tomorrow"}, "en")


@pytest.mark.parametrize("sign", KNOWN_SIGNS)
def test_every_sign_has_words(sign: str) -> None:
    assert all(safety_texts()[f"sign.{sign}"][language] for language in LANGUAGES)
