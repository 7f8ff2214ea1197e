"""The reports once more, day by day and in pandas: slow, plain, and written from docs/study.md, not the SQL."""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from random_study import RandomStudy, Row
from sciatrack_signal.exercises import catalogue

DAY = dt.timedelta(days=1)
STATES_LEFT_OUT = ("not_observable", "device_fault")
DISTANCE = {"none": 0, "back": 1, "buttock": 2, "thigh": 3, "calf": 4, "foot": 5}
HOME = "Europe/Berlin"
SIDES = ("left", "right", "both", "unknown")


def local_day(wall_clock: dt.datetime) -> dt.date:
    """A day begins at four."""
    return (wall_clock - dt.timedelta(hours=4)).date()


def monday(day: dt.date) -> dt.date:
    return day - dt.timedelta(days=day.weekday())


def ratio(done: float, asked: float) -> float:
    return done / asked if asked else math.nan


def certain(exercise: str, placement: str, leg: str) -> bool:
    return catalogue()[exercise].view(placement, leg).observability in ("full", "counts")


def last_line(rows: Iterable[Row], *keys: str) -> dict[tuple[Any, ...], Row]:
    """Of lines with the same key the last one stands."""
    return {tuple(row[key] for key in keys): row for row in rows}


class SlowStudy:
    """All reports of a study as DataFrames; `to` is the cut-off, None the last day known."""

    def __init__(self, rows: RandomStudy, to: dt.date | None = None) -> None:
        self.rows, self.to = rows, to
        unique: list[Row] = []  # the same session twice is once
        for row in rows.sessions:
            if row not in unique:
                unique.append(row)
        self.sessions = []
        for row in unique:
            wall = row["start_utc"].astimezone(ZoneInfo(row["timezone"])).replace(tzinfo=None)
            self.sessions.append(row | {"wall": wall, "day": local_day(wall)})
        self.checkins = [
            row | {"day": local_day(row["at_local"]),
                   "at": row["at_local"].replace(tzinfo=ZoneInfo(row["timezone"] or HOME)).astimezone(dt.UTC)}
            for row in rows.checkins
        ]  # fmt: skip
        self.names = sorted({row["participant"] for name in (
            "participants", "prescriptions", "sessions", "checkins", "selfreports"
        ) for row in getattr(rows, name)})  # fmt: skip
        self.of = {who: Person(self, who) for who in self.names}

    @cached_property
    def cut_off(self) -> dt.date | None:
        known = [row["day"] for row in (*self.sessions, *self.checkins)]
        known += [row["local_date"] for row in self.rows.selfreports]
        return self.to or max(known, default=None)

    def all(self, name: str) -> pd.DataFrame:
        return pd.DataFrame([row for who in self.names for row in getattr(self.of[who], name)])

    def cohort_week(self) -> pd.DataFrame:
        rows = []
        for (arm, week), own in self._by_arm_and_week().items():
            due = [row for row in own if row["days_rx"]]
            shares = [row["days_done"] / row["days_rx"] for row in due]
            known = [row["cc_done"] / row["cc_days"] for row in own if row["cc_days"]]
            rows.append({
                "arm": arm, "study_week": week, "n_at_risk": len(own), "n_active": sum(r["active"] for r in own),
                "n_due": len(due), "mean_adherence": np.mean(shares) if shares else math.nan,
                "median": np.median(shares) if shares else math.nan,
                "q1": np.quantile(shares, 0.25) if shares else math.nan,
                "q3": np.quantile(shares, 0.75) if shares else math.nan,
                "n_at_threshold": sum(share >= 0.8 for share in shares),
                "n_no_information": sum(row["unknown"] for row in own), "days_rx": sum(r["days_rx"] for r in own),
                "n_complete_case": len(known), "complete_case_mean": np.mean(known) if known else math.nan,
            })  # fmt: skip
        return pd.DataFrame(rows)

    def _by_arm_and_week(self) -> dict[tuple[str, int], list[Row]]:
        groups: dict[tuple[str, int], list[Row]] = defaultdict(list)
        for who in self.names:
            person = self.of[who]
            for week, row in person.study_weeks.items():
                groups[person.arm, week].append(row)
        return dict(sorted(groups.items()))

    def pain_cohort(self) -> pd.DataFrame:
        groups: dict[tuple[str, str, int], list[tuple[float, float]]] = defaultdict(list)
        for who in self.names:
            person = self.of[who]
            for site, scores in person.pain.items():
                weeks: dict[int, list[int]] = defaultdict(list)
                for day, nrs, _ in scores:
                    weeks[person.study_week(day)].append(nrs)
                for week, own in weeks.items():
                    groups[person.arm, site, week].append((float(np.mean(own)), person.baseline(site)))
        rows = []
        for (arm, site, week), pairs in sorted(groups.items()):
            based = [(now, base) for now, base in pairs if not math.isnan(base)]
            above = [(now, base) for now, base in based if base > 0]
            rows.append({
                "arm": arm, "site": site, "study_week": week, "n": len(pairs),
                "mean": np.mean([now for now, _ in pairs]), "n_baseline": len(based),
                "responders_abs": sum(now - base <= -2 for now, base in based),
                "n_baseline_above_0": len(above),
                "responders_pct": sum(100 * (now - base) / base <= -30 for now, base in above),
            })  # fmt: skip
        return pd.DataFrame(rows)

    def retention_km(self) -> pd.DataFrame:
        ends: dict[str, list[tuple[int, bool]]] = defaultdict(list)
        for who in self.names:
            person = self.of[who]
            if person.last is None or person.enrolled > person.last:
                continue
            seen = person.last_session or person.enrolled
            silent = (person.last - seen).days >= 14
            ends[person.arm].append((max(0, ((seen if silent else person.last) - person.enrolled).days), silent))
        rows = []
        for arm, own in sorted(ends.items()):
            survival = 1.0
            for day in sorted({day for day, _ in own}):
                at_risk = sum(other >= day for other, _ in own)
                events = sum(other == day and silent for other, silent in own)
                survival *= 1 - events / at_risk
                rows.append({
                    "arm": arm, "day": day, "n_at_risk": at_risk, "events": events,
                    "censored": sum(other == day and not silent for other, silent in own), "survival": survival,
                })  # fmt: skip
        return pd.DataFrame(rows)


class Person:
    """One participant, worked out day by day."""

    def __init__(self, study: SlowStudy, who: str) -> None:
        self.study, self.who = study, who
        rows = study.rows
        own = {
            name: [row for row in getattr(rows, name) if row["participant"] == who]
            for name in ("participants", "prescriptions", "excused", "selfreports", "ears")
        }
        self.lists = own
        self.sessions = [row for row in study.sessions if row["participant"] == who]
        self.checkins = [row for row in study.checkins if row["participant"] == who]
        entry = own["participants"][-1] if own["participants"] else {}
        self.arm = entry.get("arm") or ""
        known = [row["day"] for row in (*self.sessions, *self.checkins)]
        known += [row["local_date"] for row in own["selfreports"]]
        begins = [row["valid_from"] for row in own["prescriptions"]]
        first = entry.get("start_date") or (min(begins) if begins else min(known, default=None))
        self.enrolled, self.end = first, entry.get("end_date")

    @cached_property
    def last(self) -> dt.date | None:
        cut = self.study.cut_off
        return None if cut is None else min(cut, self.end or cut)

    @cached_property
    def last_session(self) -> dt.date | None:
        return max((row["day"] for row in self.sessions if row["day"] <= self.study.cut_off), default=None)

    def observed(self, day: dt.date) -> bool:
        return self.last is not None and self.enrolled is not None and self.enrolled <= day <= self.last

    def study_week(self, day: dt.date) -> int:
        return (monday(day) - monday(self.enrolled)).days // 7 + 1

    # ------------------------------------------------------------------ what the sensor saw of a day
    def seen(self, exercise: str, day: dt.date) -> Row | None:
        """What the blocks of a day say of an exercise; None where none speaks of it."""
        sessions = [row for row in self.sessions if row["day"] == day]
        blocks = [block for row in sessions for block in row["blocks"] if block["exercise"] == exercise]
        if not blocks:
            return None
        reps, hold_s = dict.fromkeys(SIDES, 0), dict.fromkeys(SIDES, 0.0)
        found: Row = {"sessions": 0, "holds": 0, "partial": 0, "inferred": 0, "reps": reps, "hold_s": hold_s}
        for session in sessions:
            did = False
            for side in SIDES:
                best = self._best_placement(session, exercise, side)
                if best is None:
                    continue
                did = did or best["reps"] > 0
                reps[side] += best["reps"]
                hold_s[side] += best["hold_s"]
                for key in ("holds", "partial", "inferred"):
                    found[key] += best[key]
            found["sessions"] += did
        found["timed"] = any(block["observability"] == "full" for block in blocks)
        for leg in ("left", "right", "both"):
            said = [self._statement(block, leg) for block in blocks]
            said = [word for word in said if word is not None]
            found[f"sees_{leg}"] = any(said) if said else None
        return found

    @staticmethod
    def _best_placement(session: Row, exercise: str, side: str) -> Row | None:
        """Two sensors that saw the same reps do not double them: the one that timed, then saw more speaks."""
        by_place: dict[str, list[Row]] = defaultdict(list)
        for block in session["blocks"]:
            if block["exercise"] == exercise:
                by_place[block["placement"]] += [rep for rep in block["reps"] if rep["side"] == side]
        options = []
        for place, reps in by_place.items():
            if reps:
                inferred = ["inferred" in rep["flags"].split() for rep in reps]
                counted = [r for r, guess in zip(reps, inferred, strict=True) if r["complete"] and not guess]
                holds = [rep["hold_s"] for rep in counted if rep["hold_s"] is not None]
                options.append({
                    "order": (-len(holds), -len(counted), place), "reps": len(counted), "holds": len(holds),
                    "hold_s": sum(holds), "partial": sum(not rep["complete"] for rep in reps),
                    "inferred": sum(inferred),
                })  # fmt: skip
        return min(options, key=lambda option: option["order"], default=None)

    @staticmethod
    def _statement(block: Row, leg: str) -> bool | None:
        """Whether a block shows a leg; None about the leg that it is not about."""
        seen = block["observability"]
        if leg == "both":
            return seen != "none" and (block["count"] > 0 or seen != "weak")
        counted = [r for r in block["reps"] if r["complete"] and "inferred" not in r["flags"].split()]
        if any(rep["side"] == leg for rep in counted):
            return True
        if block["side"] == ("right" if leg == "left" else "left"):
            return None
        if seen in ("none", "weak"):
            return False
        return block["side"] == leg or certain(block["exercise"], block["placement"], leg)

    # ------------------------------------------------------------------ what was asked, day by day
    @cached_property
    def asked(self) -> dict[str, list[tuple[dt.date, Row]]]:
        """The version in force on each observed day, by exercise; none where it is ended."""
        found: dict[str, list[tuple[dt.date, Row]]] = {}
        if self.last is None or self.enrolled is None:
            return found
        day = self.enrolled
        exercises = sorted({row["exercise"] for row in self.lists["prescriptions"]})
        while day <= self.last:
            for exercise in exercises:
                versions = [
                    row for row in self.lists["prescriptions"]
                    if row["exercise"] == exercise and row["valid_from"] <= day
                ]  # fmt: skip
                if versions and versions[-1]["days_per_week"]:
                    found.setdefault(exercise, []).append((day, versions[-1]))
            day += DAY
        return found

    @cached_property
    def days(self) -> list[Row]:
        """Every day under a prescription with its state, by exercise and day."""
        rows = []
        for exercise, asked in sorted(self.asked.items()):
            evidence = [self._evidence(exercise, day, version) for day, version in asked]
            self._hide_what_is_never_seen(evidence)
            own = [self._dosed(row) for row in evidence]
            self._take_due_days(own)
            rows += own
        return rows

    def _evidence(self, exercise: str, day: dt.date, version: Row) -> Row:
        fact = self.seen(exercise, day)
        worn = {b["placement"] for row in self.sessions if row["day"] == day for b in row["blocks"]}
        hidden = {}
        for leg in ("left", "right", "both"):
            said = fact[f"sees_{leg}"] if fact else None
            hidden[leg] = (not said) if said is not None else (
                bool(worn) and not any(certain(exercise, place, leg) for place in worn)
            )  # fmt: skip
        return {
            "exercise": exercise, "day": day, "version": version, "fact": fact, "looked": bool(worn),
            "hidden": hidden, "no_holds": fact is not None and not fact["timed"] and not fact["holds"],
        }  # fmt: skip

    @staticmethod
    def _hide_what_is_never_seen(rows: list[Row]) -> None:
        """A leg or a hold that no session shows does not weigh on missed days either."""
        looked = [row for row in rows if row["looked"]]
        ever = {leg: any(not row["hidden"][leg] for row in looked) for leg in ("left", "right")}
        told = [row for row in rows if row["fact"]]
        never_timed = bool(told) and all(row["no_holds"] for row in told)
        for row in rows:
            both_asked = row["version"]["side"] == "each"
            if not row["looked"] and looked:
                row["hidden"]["left"] = both_asked and not ever["left"] and ever["right"]
                row["hidden"]["right"] = both_asked and not ever["right"] and ever["left"]
                if row["version"]["side"] == "left":
                    row["hidden"]["left"] = False
                if row["version"]["side"] == "right":
                    row["hidden"]["right"] = False
            row["no_holds"] = row["no_holds"] or never_timed

    def _dosed(self, row: Row) -> Row:
        version, fact = row["version"], row["fact"]
        a_day = version["sessions_per_day"] * version["sets"] * version["reps"]
        side = version["side"]
        legs = {"left": ("left",), "right": ("right",), "each": ("left", "right"), "both": ("both",)}[side]
        unseen = [leg for leg in legs if row["hidden"][leg]]
        kept = [leg for leg in legs if leg not in unseen]
        reps = fact["reps"] if fact else dict.fromkeys(SIDES, 0)
        holds = fact["hold_s"] if fact else dict.fromkeys(SIDES, 0.0)

        def of(amounts: dict[str, float], leg: str) -> float:
            return sum(amounts.values()) if leg == "both" else amounts[leg] + amounts["both"]

        free = kept and side != "both"
        hold = 0.0 if row["no_holds"] else version["hold_s"]
        reps_rx, hold_rx = a_day * len(kept), hold * a_day * len(kept)
        loose = (reps["unknown"], holds["unknown"]) if free else (0, 0.0)
        counted = min(reps_rx, sum(min(a_day, of(reps, leg)) for leg in kept) + loose[0])
        held = min(hold_rx, sum(min(hold * a_day, of(holds, leg)) for leg in kept) + loose[1])
        return row | {
            "week": monday(row["day"]), "kept": kept, "reps_rx": reps_rx, "hold_rx": hold_rx, "counted": counted,
            "held": 0.0 if row["no_holds"] else held, "done": sum(of(reps, leg) for leg in kept) + loose[0],
            "hold_done": sum(of(holds, leg) for leg in kept) + loose[1],
            "qualifies": counted > 0 and counted >= 0.5 * reps_rx,
            "sides": " ".join(unseen) if row["looked"] else "", "sessions": fact["sessions"] if fact else 0,
            "known_as": self._known_as(row, counted, reps_rx),
        }  # fmt: skip

    def _known_as(self, row: Row, counted: float, reps_rx: float) -> str:
        excuse = self._line("excused", row)
        kind = excuse["kind"] if excuse else "none"
        if counted > 0 and (counted >= 0.5 * reps_rx or kind == "none"):
            return "done_sensor"
        if reps_rx == 0:
            return "not_observable"
        if kind != "none":
            return str(kind)
        word = self._line("selfreports", row)
        if word is None:
            return "no_information"
        return "done_selfreport_only" if word["done"] else "reported_not_done"

    def _line(self, name: str, row: Row) -> Row | None:
        """The line about this exercise, else the one about all of them."""
        lines = last_line(self.lists[name], "local_date", "exercise")
        return lines.get((row["day"], row["exercise"])) or lines.get((row["day"], None))

    @staticmethod
    def _take_due_days(rows: list[Row]) -> None:
        segments: dict[tuple[dt.date, int], list[Row]] = defaultdict(list)
        for row in rows:
            segments[row["week"], row["version"]["version"]].append(row)
        for own in segments.values():
            usable = [row for row in own if row["known_as"] != "excused"]
            n = math.floor(own[0]["version"]["days_per_week"] * len(usable) / 7 + 0.5)
            queue = [row for row in usable if row["known_as"] == "done_sensor" and row["qualifies"]]
            queue += [row for row in usable if row["known_as"] in STATES_LEFT_OUT]
            queue += [row for row in usable if row["known_as"] == "done_sensor" and not row["qualifies"]]
            queue += [row for row in usable if row["known_as"] == "done_selfreport_only"]
            queue += [row for row in reversed(usable) if row["known_as"] in ("no_information", "reported_not_done")]
            slots = {id(row) for row in queue[:n]}
            for row in own:
                idle = id(row) not in slots and row["known_as"] in ("no_information", "reported_not_done")
                row["state"] = "not_due" if idle else row["known_as"]
                row["due"] = id(row) in slots and row["known_as"] not in STATES_LEFT_OUT

    # ------------------------------------------------------------------ the reports
    @property
    def adherence_daily(self) -> list[Row]:
        return [
            {
                "participant": self.who, "local_date": row["day"], "exercise": row["exercise"],
                "rx_version": row["version"]["version"], "state": row["state"], "due": row["due"],
                "qualifies": row["qualifies"], "sessions_done": row["sessions"],
                "sessions_rx": row["version"]["sessions_per_day"] if row["due"] else 0, "reps_done": row["done"],
                "reps_counted": row["counted"] if row["due"] else 0, "reps_rx": row["reps_rx"] if row["due"] else 0,
                "hold_s_done": row["hold_done"], "hold_s_counted": row["held"] if row["due"] else 0.0,
                "hold_s_rx": row["hold_rx"] if row["due"] else 0.0, "sides_not_observable": row["sides"],
            }
            for row in self.days
        ]  # fmt: skip

    def _sums(self, rows: list[Row]) -> Row:
        """What is summed alike over a week and over all days."""
        due = [row for row in rows if row["due"]]
        done = sum(row["qualifies"] for row in due)
        word = sum(row["state"] == "done_selfreport_only" for row in due)
        known = sum(row["state"] != "no_information" for row in due)
        sums = {key: sum(row[key] for row in due) for key in ("counted", "reps_rx", "held", "hold_rx")}
        states = [row["state"] for row in rows]
        return {
            "days_done": done, "days_rx": len(due), "freq_adherence": ratio(done, len(due)),
            "reps_counted": sums["counted"], "reps_rx": sums["reps_rx"],
            "dose_reps": ratio(sums["counted"], sums["reps_rx"]), "hold_s_counted": sums["held"],
            "hold_s_rx": sums["hold_rx"], "dose_hold": ratio(sums["held"], sums["hold_rx"]),
            "over_dose": ratio(sum(row["done"] for row in rows), sums["reps_rx"]),
            "complete_case_done": done + word, "complete_case_days": known,
            "complete_case_adherence": ratio(done + word, known),
            "n_no_information": states.count("no_information"), "excused_days": states.count("excused"),
            "device_fault_days": states.count("device_fault"), "not_due_days": states.count("not_due"),
            "not_observable_days": states.count("not_observable"),
        }  # fmt: skip

    @property
    def adherence_weekly(self) -> list[Row]:
        groups: dict[tuple[str, dt.date], list[Row]] = defaultdict(list)
        for row in self.days:
            groups[row["exercise"], row["week"]].append(row)
        rows = []
        for (exercise, week), own in sorted(groups.items()):
            year, number, _ = week.isocalendar()
            window = [
                row for row in self.days
                if row["exercise"] == exercise and week - 21 * DAY <= row["week"] <= week and row["due"]
            ]  # fmt: skip
            versions = sorted({str(row["version"]["version"]) for row in own})
            rows.append({
                "participant": self.who, "exercise": exercise, "iso_week": f"{year}-W{number:02}",
                "week_start": week, "partial_week": len(own) < 7, "rx_versions": ",".join(versions),
                **self._sums(own), "days_done_4wk": sum(row["qualifies"] for row in window),
                "days_rx_4wk": len(window),
                "extra_days": sum(row["qualifies"] and not row["due"] for row in own),
            })  # fmt: skip
        return rows

    @property
    def adherence_patient(self) -> list[Row]:
        versions = [
            row for at, row in enumerate(self.lists["prescriptions"])
            if row["valid_from"] <= (self.study.cut_off or dt.date.min) and not any(
                later["exercise"] == row["exercise"] and later["version"] == row["version"] + 1
                and later["valid_from"] == row["valid_from"] for later in self.lists["prescriptions"]
            )
        ]  # fmt: skip
        weeks: dict[dt.date, list[Row]] = defaultdict(list)
        for row in self.days:
            if row["due"]:
                weeks[row["week"]].append(row)
        shares = [sum(row["qualifies"] for row in own) / len(own) for own in weeks.values()]
        sums = self._sums(self.days)
        daily = self.days and all(row["version"]["days_per_week"] == 7 for row in self.days)
        n = len({row["day"] for row in self.days if row["due"]})
        low, high = wilson(sums["freq_adherence"], n)
        scores = sorted(
            (day, row["total"]) for (day,), row in last_line(self.lists["ears"], "local_date").items()
            if self.last is not None and day <= self.last
        )  # fmt: skip
        observed = (self.last - self.enrolled).days + 1 if self.last and self.enrolled else math.nan
        return [{
            "participant": self.who, "arm": self.arm, "start": self.enrolled, "end": self.last,
            "days_observed": max(0, observed) if observed == observed else math.nan, "rx_versions": len(versions),
            **sums, "ci_low": low, "ci_high": high, "ci_days": n,
            "weeks_at_target": sum(share >= 0.8 for share in shares), "weeks_observed": len(shares),
            "pdc": sums["freq_adherence"] if daily else math.nan, "last_session": self.last_session,
            "status": self._status(), "ears_baseline": scores[0][1] if scores else math.nan,
            "ears_last": scores[-1][1] if scores else math.nan,
        }]  # fmt: skip

    def _status(self) -> str:
        if self.last is None:
            return "no_data"
        if self.last_session is None:
            return "never_started"
        if (self.last - self.last_session).days >= 14:
            return "dropped_out"
        return "completed" if self.end and self.end <= self.last else "active"

    @cached_property
    def study_weeks(self) -> dict[int, Row]:
        """What cohort_week takes of each week of observation."""
        found: dict[int, Row] = {}
        if self.last is None or self.enrolled is None or self.enrolled > self.last:
            return found
        for number in range(1, self.study_week(self.last) + 1):
            rows = [row for row in self.days if self.study_week(row["day"]) == number]
            sums = self._sums(rows)
            active = any(self.observed(s["day"]) and self.study_week(s["day"]) == number for s in self.sessions)
            found[number] = {
                "days_done": sums["days_done"], "days_rx": sums["days_rx"], "active": active,
                "cc_done": sums["complete_case_done"], "cc_days": sums["complete_case_days"],
                "unknown": sums["n_no_information"],
            }  # fmt: skip
        return found

    @cached_property
    def pain(self) -> dict[str, list[tuple[dt.date, int, str | None]]]:
        """Of each day the first score that exercising did not provoke, by site."""
        found: dict[str, list[tuple[dt.date, int, str | None]]] = {}
        for site in ("leg", "back"):
            days: dict[dt.date, list[Row]] = defaultdict(list)
            for row in self.checkins:
                if row["phase"] in ("before", "diary") and row[f"{site}_nrs"] is not None:
                    days[row["day"]].append(row)
            scores = []
            for day, own in sorted(days.items()):
                if self.observed(day):  # of two answers of the same moment the worse stands
                    named = [row for row in own if row["distal_site"] is not None]
                    named.sort(key=lambda row: (row["at"], -DISTANCE[row["distal_site"]]))
                    nrs = min((row["at"], -row[f"{site}_nrs"]) for row in own)[1]
                    scores.append((day, -nrs, named[0]["distal_site"] if named else None))
            if scores:
                found[site] = scores
        return found

    def baseline(self, site: str) -> float:
        scores = self.pain[site]
        early = [nrs for day, nrs, _ in scores if (day - scores[0][0]).days < 7]
        return float(np.mean(early)) if len(early) >= 3 else math.nan

    @property
    def pain_trend(self) -> list[Row]:
        rows = []
        for site, scores in sorted(self.pain.items()):
            x = np.array([(day - scores[0][0]).days for day, _, _ in scores], dtype=float)
            y = np.array([nrs for _, nrs, _ in scores], dtype=float)
            enough = len(x) >= 5 and x[-1] >= 14
            slope = np.polyfit(x, y, 1)[0] if enough else math.nan
            base, last = self.baseline(site), int(y[-1])
            change = last - base
            named = [word for _, _, word in scores if word is not None]
            final_three = [word for _, _, word in scores[-3:] if word is not None]
            centralised = None
            if len(named) >= 4 and len(final_three) == 3:
                centralised = max(DISTANCE[word] for word in final_three) < DISTANCE[named[0]]
            step = 1 if base < 4.5 else 2 if base < 7.5 else 3
            rows.append({
                "participant": self.who, "site": site, "n": len(x), "first_date": scores[0][0],
                "last_date": scores[-1][0], "baseline_nrs": base, "last_nrs": last, "change": change,
                "slope_per_week": 7 * slope, "mcid_abs": None if math.isnan(base) else change <= -2,
                "mcid_pct": None if math.isnan(base) or base == 0 else 100 * change / base <= -30,
                "mcid_baseline_adj": None if math.isnan(base) else change <= -step,
                "distal_first": named[0] if named else None, "distal_last": named[-1] if named else None,
                "centralised": centralised, "severe_days": int((y >= 8).sum()),
                "missing_days": max(0, (self.last - self.enrolled).days + 1) - len(x),
            })  # fmt: skip
        return rows

    @property
    def sensor_vs_selfreport(self) -> list[Row]:
        rows = []
        lines = last_line(self.lists["selfreports"], "local_date", "exercise")
        for exercise in sorted(self.asked):
            pairs, gaps, unworn = [], [], 0
            for row in (day for day in self.days if day["exercise"] == exercise):
                word = self._line("selfreports", row)
                if word is None or row["state"] in STATES_LEFT_OUT:
                    continue
                pairs.append((row["state"] == "done_sensor", word["done"]))
                unworn += word["done"] and not pairs[-1][0] and not row["looked"]
                own = lines.get((row["day"], exercise))
                if own and own["reps"] is not None and row["fact"] and not row["sides"]:
                    gaps.append(own["reps"] - row["done"])
            if not pairs:
                continue
            counts = {key: pairs.count(key) for key in ((a, b) for a in (True, False) for b in (True, False))}
            n = len(pairs)
            agree = (counts[True, True] + counts[False, False]) / n
            sensor, self_ = (sum(pair[at] for pair in pairs) / n for at in (0, 1))
            chance = sensor * self_ + (1 - sensor) * (1 - self_)
            sd = np.std(gaps, ddof=1) if len(gaps) > 1 else math.nan
            mean = np.mean(gaps) if gaps else math.nan
            rows.append({
                "participant": self.who, "exercise": exercise, "days_both": n, "both_yes": counts[True, True],
                "sensor_only": counts[True, False], "self_only": counts[False, True],
                "self_only_no_session": unworn, "both_no": counts[False, False],
                "kappa": (agree - chance) / (1 - chance) if chance < 1 - 1e-12 else math.nan,
                "days_reps": len(gaps), "mean_diff_reps": mean, "loa_low": mean - 1.96 * sd,
                "loa_high": mean + 1.96 * sd,
            })  # fmt: skip
        return rows

    @property
    def prescription_history(self) -> list[Row]:
        rows = []
        for row in sorted(self.lists["prescriptions"], key=lambda row: (row["exercise"], row["version"])):
            later = [
                other["valid_from"] for other in self.lists["prescriptions"]
                if other["exercise"] == row["exercise"] and other["version"] == row["version"] + 1
            ]  # fmt: skip
            dose = row["sessions_per_day"] * row["sets"] * row["reps"]
            rows.append(row | {"valid_to": later[0] if later else None, "reps_per_day": dose})
        return rows

    @property
    def session_log(self) -> list[Row]:
        """One row a session, exercise, placement and side; ordered by time, as far as times differ."""
        rows = []
        for session in self.sessions:
            if not self.observed(session["day"]):
                continue
            head = {"participant": self.who, "start_local": session["wall"], "tz": session["timezone"]}
            groups: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
            for block in session["blocks"]:
                groups[block["exercise"], block["placement"], block["side"]].append(block)
            if not groups:
                unknown = ("exercise", "placement", "side", "reps_detected", "reps_partial", "sets_done")
                rows.append(head | dict.fromkeys(unknown) | {"duration_s": 0.0, "flags": ""})
            for (exercise, placement, side), blocks in groups.items():
                reps = [(b["block"], rep) for b in blocks for rep in b["reps"]]
                counted = [r for _, r in reps if r["complete"] and "inferred" not in r["flags"].split()]
                holds = [rep["hold_s"] for rep in counted if rep["hold_s"] is not None]
                flags = {flag for _, rep in reps for flag in rep["flags"].split()}
                version = [
                    row["version"] for row in self.lists["prescriptions"]
                    if row["exercise"] == exercise and row["valid_from"] <= session["day"]
                ]  # fmt: skip
                partial = sum(not rep["complete"] for _, rep in reps)
                said = counted or any(block["observability"] in ("full", "counts") for block in blocks)
                rows.append(head | {
                    "exercise": exercise, "placement": placement, "side": side, "duration_s": 90.0 * len(blocks),
                    "rx_version": version[-1] if version else math.nan,
                    "reps_detected": len(counted) if said else None, "reps_partial": partial if said else None,
                    "sets_done": len({(number, rep["set"]) for number, rep in reps}) if said else None,
                    "hold_median_s": np.median(holds) if holds else math.nan,
                    "hold_max_s": max(holds) if holds else math.nan,
                    "rom_median_deg": np.median([r["rom_deg"] for r in counted]) if counted else math.nan,
                    "flags": " ".join(sorted(flags)),
                })  # fmt: skip
        return rows

    @property
    def data_quality(self) -> list[Row]:
        rows = []
        for device in sorted({session["device"] for session in self.sessions if self.observed(session["day"])}):
            own = [s for s in self.sessions if s["device"] == device and self.observed(s["day"])]
            empty = sum(not s["blocks"] for s in own)
            blind = sum(bool(s["blocks"]) and all(b["observability"] == "none" for b in s["blocks"]) for s in own)
            words = [f"{name}: {n}" for name, n in (("not_analysed", empty), ("not_observable", blind)) if n]
            rows.append({
                "participant": self.who, "device": device, "sessions": len(own), "rejected": empty + blind,
                "reason": ", ".join(words),
            })  # fmt: skip
        return rows


def wilson(share: float, n: int) -> tuple[float, float]:
    """By SciPy's formula for a share that need not be a whole number of n days."""
    if not n or math.isnan(share):
        return math.nan, math.nan
    z = 1.959964
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)
