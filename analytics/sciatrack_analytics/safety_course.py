"""Rules about what earlier sessions left open, and about pain over weeks. They are asked before a session."""

from __future__ import annotations

import datetime as dt
import statistics
from collections.abc import Mapping
from itertools import combinations
from typing import Any

from sciatrack_analytics.answers import Answers
from sciatrack_analytics.safety_history import Moment, PastDecision
from sciatrack_analytics.safety_rules import REPEATS, rule_set

Details = dict[str, Any]
Limits = Mapping[str, float]
RED_FLAG = "red_flag"
DAY_S = 86400.0


def red_flag_open(moment: Moment, limits: Limits) -> Details | None:
    """A sign was reported, and no clinician has cleared it since."""
    if moment.answers.phase != "before":
        return None
    history = moment.history
    said = [past.at_utc for past in history.check_ins if past.red_flags]
    said += [past.at_utc for past in history.decisions if past.rule == RED_FLAG]
    last = max(said, default=None)
    if last is None or _cleared_since(moment, RED_FLAG, last):
        return None
    return {"since": last.isoformat()}


def consult_open(moment: Moment, limits: Limits) -> Details | None:
    """A rule asked to talk to a clinician before the next session, and nobody says that this was done."""
    if moment.answers.phase != "before":
        return None
    asked = {past.rule: past for past in _that_bar(moment, "consulted")}  # the last one of each rule
    still = {
        rule: past.at_utc.isoformat()
        for rule, past in asked.items()
        if not _consulted_since(moment, rule, past.at_utc)
    }
    return {"since": still} if still else None


def stopped_today(moment: Moment, limits: Limits) -> Details | None:
    """An earlier session of this local day was stopped, or was not to begin."""
    if moment.answers.phase != "before":
        return None
    today = moment.history.local_date(moment.answers)
    rules = sorted({past.rule for past in _that_bar(moment, "day") if past.local_date == today})
    return {"rules": rules} if rules else None


def weekly_trend(moment: Moment, limits: Limits) -> Details | None:
    """Pain before sessions rises from week to week, of leg or of back."""
    if moment.answers.phase != "before" or _quiet(moment, "weekly_trend", limits["quiet_days"]):
        return None
    found: Details = {}
    for name in ("leg_nrs", "back_nrs"):
        points = _course(moment, name)
        week, before = (
            _window(points, 0, limits["window_days"]),
            _window(points, limits["window_days"], 2 * limits["window_days"]),
        )
        enough = min(len(week), len(before)) >= limits["min_check_ins_each_week"]
        if enough and _median(week) - _median(before) >= limits["median_rise_nrs"]:
            found[name] = {"median_week_before": _median(before), "median_week": _median(week)}
        recent = _window(points, 0, limits["slope_days"])
        if len(recent) >= limits["min_check_ins_slope"]:
            slope = theil_sen(recent)
            if slope is not None and slope >= limits["slope_nrs_per_day"]:
                found.setdefault(name, {})["slope_nrs_per_day"] = round(slope, 4)
    return found or None


def long_course(moment: Moment, limits: Limits) -> Details | None:
    """After weeks of check-ins neither leg nor back has become better: time to have it looked at again."""
    if moment.answers.phase != "before" or _quiet(moment, "long_course", limits["quiet_days"]):
        return None
    found: Details = {}
    for name in ("leg_nrs", "back_nrs"):
        points = _course(moment, name)
        if not points or points[0][0] > -7 * limits["weeks"]:
            continue
        first = [p for p in points if p[0] < points[0][0] + limits["window_days"]]
        last = _window(points, 0, limits["window_days"])
        if min(len(first), len(last)) < limits["min_check_ins"]:
            continue
        then, now = _median(first), _median(last)
        if then > 0 and now > then - limits["improvement_nrs"]:
            found[name] = {"median_first_week": then, "median_last_week": now}
    return found or None


def past_unknown(moment: Moment, limits: Limits) -> Details | None:
    """Earlier sessions of this person that cannot be read."""
    problems = moment.history.problems
    return {"problems": list(problems)} if problems and moment.answers.phase == "before" else None


def theil_sen(points: list[tuple[float, int]]) -> float | None:
    """Median slope between all pairs of (day, score) (Sen 1968, doi 10.2307/2285891); None if no days differ."""
    slopes = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in combinations(points, 2) if b[0] != a[0]]
    return statistics.median(slopes) if slopes else None


def _course(moment: Moment, name: str) -> list[tuple[float, int]]:
    """(days before now, score) of every check-in before a session with an answer, oldest first, this one last."""
    now = moment.answers.at_utc
    said = [past for past in (*moment.history.check_ins, moment.answers) if past.phase == "before"]
    points = [((past.at_utc - now).total_seconds() / DAY_S, getattr(past, name)) for past in said]
    return sorted((day, score) for day, score in points if score is not None and day <= 0)


def _window(points: list[tuple[float, int]], from_days: float, to_days: float) -> list[tuple[float, int]]:
    """Points at least `from_days` and less than `to_days` ago."""
    return [point for point in points if -to_days < point[0] <= -from_days]


def _median(points: list[tuple[float, int]]) -> float:
    return statistics.median(score for _, score in points)


def _that_bar(moment: Moment, later: str) -> list[PastDecision]:
    """Earlier decisions, oldest first, whose action bars later sessions in this way."""
    rules = rule_set().rules
    return [
        past
        for past in moment.history.decisions
        if past.rule in rules and past.rule not in REPEATS and rules[past.rule].action.later == later
    ]


def _cleared_since(moment: Moment, rule: str, since: dt.datetime) -> bool:
    """A clinician's line for this rule, not older than that and not dated in the future."""
    return any(
        c.rule == rule and since <= c.cleared_utc <= moment.answers.at_utc for c in moment.history.clearances
    )


def _consults(moment: Moment) -> list[Answers]:
    return [said for said in (*moment.history.check_ins, moment.answers) if said.consulted]


def _consulted_since(moment: Moment, rule: str, since: dt.datetime) -> bool:
    said = any(answers.at_utc > since for answers in _consults(moment))
    return said or _cleared_since(moment, rule, since)


def _quiet(moment: Moment, rule: str, days: float) -> bool:
    """The rule has spoken, a clinician was asked after that, and this is not long ago."""
    spoke = [past.at_utc for past in moment.history.decisions if past.rule == rule]
    if not spoke:
        return False
    first_allowed = moment.answers.at_utc - dt.timedelta(days=days)
    asked = [answers.at_utc for answers in _consults(moment)]
    asked += [c.cleared_utc for c in moment.history.clearances if c.rule == rule]
    return any(min(spoke) <= at and first_allowed < at <= moment.answers.at_utc for at in asked)
