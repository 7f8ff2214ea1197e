"""The figures of one participant's page: days, weeks, holds, pain."""

from __future__ import annotations

import datetime as dt
import importlib.util
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sciatrack_analytics.svg import COLOURS, Picture, new_figure, style, to_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Row = dict[str, Any]
PAIN_SITES = ("leg", "back")
NRS_MAX = 10
NAME_LETTERS = 34  # of an exercise's name beside a figure; the whole name stands in the table below it
MANY = 4  # exercises; more of them get lower rows, so that nine fit on the first printed page
SMOOTH_FROM = 10  # scores; a smooth line through fewer looks like more than there is
SMOOTH_RATIO = 2 / 3  # of the scores around each day: less follows single bad days, more is the straight line again

# How a day's state is drawn: fill, edge, hatch and what it is called; told apart in black and white too.
STATES = {
    "done": ("done", "done", "", "done (sensor)"),
    "some": ("some", "done", "", "too few repetitions"),
    "done_selfreport_only": ("said", "said", "", "done by their own word only"),
    "no_information": ("paper", "muted", "", "due, nothing known: counts as not done"),
    "reported_not_done": ("paper", "missed", "xxxx", "due, reported as not done"),
    "not_observable": ("faint", "muted", "////", "not observable by the sensor"),
    "device_fault": ("faint", "muted", "....", "device fault"),
    "excused": ("faint", "rule", "----", "excused"),
    "not_due": ("faint", "faint", "", "not due"),
}


def state_key(row: Row) -> str:
    """The drawn state of a day: `done_sensor` is told apart by whether the day qualifies."""
    if row["state"] == "done_sensor":
        return "done" if row["qualifies"] else "some"
    return str(row["state"])


def calendar(daily: Sequence[Row], names: dict[str, str]) -> Picture:
    """A strip of days for each exercise, each day drawn by its state."""
    from matplotlib.patches import Rectangle

    exercises = list(dict.fromkeys(row["exercise"] for row in daily))
    first = min(row["local_date"] for row in daily)
    last = max(row["local_date"] for row in daily)
    used: dict[str, None] = {}
    with style():
        figure = new_figure(1.05 + (0.3 if len(exercises) <= MANY else 0.165) * len(exercises))
        axes = figure.subplots()
        for row in daily:
            key = state_key(row)
            used[key] = None
            fill, edge, hatch, _ = STATES[key]
            at = ((row["local_date"] - first).days, exercises.index(row["exercise"]))
            small = 0.26 if key == "not_due" else 0.0
            axes.add_patch(Rectangle(
                (at[0] + 0.08 + small, at[1] + 0.14 + small), 0.84 - 2 * small, 0.72 - 2 * small,
                facecolor=COLOURS[fill], edgecolor=COLOURS[edge], hatch=hatch, linewidth=0.6,
            ))  # fmt: skip
        _day_axis(axes, first, last)
        axes.set_ylim(len(exercises), 0)
        middles = [i + 0.5 for i in range(len(exercises))]
        axes.set_yticks(middles, [short(names[exercise]) for exercise in exercises])
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        for label in axes.get_yticklabels():
            label.set_color(COLOURS["ink"])
        handles = [
            Rectangle((0, 0), 1, 1, facecolor=COLOURS[fill], edgecolor=COLOURS[edge], hatch=hatch, linewidth=0.6)
            for fill, edge, hatch, _ in (STATES[key] for key in STATES if key in used)
        ]
        labels = [STATES[key][3] for key in STATES if key in used]
        figure.legend(handles, labels, loc="outside lower left", ncols=4, frameon=False, handlelength=1.0,
                      handleheight=1.0, fontsize=7.5, columnspacing=1.4)  # fmt: skip
        svg = to_svg(
            figure, "days", "Every day of the plan", "One row an exercise, one square a local day, by state."
        )
    return Picture(
        svg,
        "Every day of the plan",
        "One square a day: filled where it was done, hollow where it was due and nothing is known, hatched where "
        "the sensor could not see or was broken, a dot where nothing was due.",
        ("date", *(names[exercise] for exercise in exercises)),
        _by_date(daily, exercises),
    )


def _by_date(daily: Sequence[Row], exercises: Sequence[str]) -> list[list[str]]:
    days: dict[dt.date, dict[str, str]] = {}
    for row in daily:
        words = STATES[state_key(row)][3]
        reps = f" ({row['reps_counted']} of {row['reps_rx']})" if row["reps_rx"] else ""
        days.setdefault(row["local_date"], {})[row["exercise"]] = words + reps
    return [[str(day), *(cells.get(exercise, "") for exercise in exercises)] for day, cells in sorted(days.items())]


def weeks(weekly: Sequence[Row], names: dict[str, str]) -> Picture:
    """Days done out of days due, week by week, one panel an exercise; numbers above every bar."""
    exercises = list(dict.fromkeys(row["exercise"] for row in weekly))
    starts = sorted({row["week_start"] for row in weekly})
    top = max(row["days_rx"] for row in weekly) + 2.4  # room for the numbers above the bars
    with style():
        figure = new_figure(0.35 + 0.95 * len(exercises))
        panels = figure.subplots(len(exercises), sharex=True, squeeze=False)[:, 0]
        for axes, exercise in zip(panels, exercises, strict=True):
            own = [row for row in weekly if row["exercise"] == exercise]
            at = [starts.index(row["week_start"]) for row in own]
            axes.bar(at, [row["days_rx"] for row in own], 0.78, facecolor="none", edgecolor=COLOURS["rule"])
            axes.bar(at, [row["days_done"] for row in own], 0.78, color=COLOURS["done"])
            for x, row in zip(at, own, strict=True):
                text = f"{row['days_done']}/{row['days_rx']}" if row["days_rx"] else "–"
                axes.text(
                    x, row["days_rx"] + 0.35, text, ha="center", va="bottom", fontsize=7, color=COLOURS["muted"]
                )
            _version_marks(axes, own, at, top)
            axes.set_title(names[exercise], color=COLOURS["ink"])
            axes.set_ylim(0, top)
            axes.set_yticks([])
            axes.spines["left"].set_visible(False)
            axes.tick_params(length=0)
        every = 1 + len(starts) // 14  # more dates than that run into each other
        panels[-1].set_xticks(range(0, len(starts), every), [f"{day.day} {day:%b}" for day in starts[::every]])
        panels[-1].set_xlim(-0.6, len(starts) - 0.4)
        svg = to_svg(figure, "weeks", "Days done and days due by week",
                     "Bars by week for each exercise: outline for days due, filled for days done.")  # fmt: skip
    return Picture(
        svg,
        "Days done and days due, by week",
        "Outline: days due in the week that begins on the date below. Filled: days done, with at least half of "
        "the day's repetitions. A dash: nothing was due that the sensor could have seen. A mark v2, v3 … "
        "shows where a new version of the prescription begins.",
        ("exercise", "week", "days", "repetitions", "hold time", "nothing known", "not observable", "excused",
         "device fault", "not due"),
        [_week_cells(row, names) for row in weekly],
    )  # fmt: skip


def _week_cells(row: Row, names: dict[str, str]) -> list[str]:
    counts = ("n_no_information", "not_observable_days", "excused_days", "device_fault_days", "not_due_days")
    return [
        names[row["exercise"]],
        row["iso_week"] + (" (part)" if row["partial_week"] else ""),
        of(row["days_done"], row["days_rx"]),
        of(row["reps_counted"], row["reps_rx"]),
        of(row["hold_s_counted"], row["hold_s_rx"], " s"),
        *(str(row[name]) for name in counts),
    ]


def _version_marks(axes: Axes, own: Sequence[Row], at: Sequence[int], top: float) -> None:
    before = ""
    for x, row in zip(at, own, strict=True):
        last = row["rx_versions"].split(",")[-1]
        if before and last != before:
            axes.axvline(x - 0.5, color=COLOURS["muted"], linewidth=0.6, linestyle=(0, (2, 2)))
            axes.text(x - 0.42, top, f"v{last}", fontsize=7, va="top", color=COLOURS["muted"])
        before = last


def holds(rows: Sequence[Row], names: dict[str, str]) -> Picture:
    """Each session's holds against the hold asked for, one panel an exercise."""
    exercises = list(dict.fromkeys(row["exercise"] for row in rows))
    first = min(row["local_date"] for row in rows)
    last = max(row["local_date"] for row in rows)
    with style():
        figure = new_figure(0.35 + 1.05 * len(exercises))
        panels = figure.subplots(len(exercises), sharex=True, squeeze=False)[:, 0]
        for axes, exercise in zip(panels, exercises, strict=True):
            own = [row for row in rows if row["exercise"] == exercise]
            day = [(row["local_date"] - first).days + 0.5 for row in own]
            target = [row["hold_target_s"] for row in own]
            axes.step(day, target, where="post", color=COLOURS["missed"], linewidth=1)
            words = f"{target[-1]:g} s asked"
            axes.text(day[-1] + 0.8, target[-1], words, fontsize=7, va="center", color=COLOURS["missed"])
            axes.vlines(day, [r["hold_q1_s"] for r in own], [r["hold_q3_s"] for r in own], color=COLOURS["some"])
            axes.plot(day, [r["hold_median_s"] for r in own], "o", color=COLOURS["done"], markersize=2.6)
            axes.set_title(names[exercise], color=COLOURS["ink"])
            axes.set_ylim(0, 1.15 * max(max(r["hold_q3_s"], r["hold_target_s"]) for r in own))
            axes.locator_params(axis="y", nbins=3)
            axes.set_ylabel("s")
        _day_axis(panels[-1], first, last)
        panels[-1].set_xlim(-0.5, (last - first).days + 9)
        words = "A dot for each session's median hold with its middle half, and a line for the hold asked for."
        svg = to_svg(figure, "holds", "Holds by session", words)
    return Picture(
        svg,
        "Holds against what was asked",
        "A dot is the median hold of a session, the line through it its middle half; the red line is the hold "
        "asked for. Sessions in which the sensor could not time holds are left out.",
        ("exercise", "session", "holds", "median", "middle half", "asked"),
        [
            [
                names[row["exercise"]], f"{row['start_local']:%Y-%m-%d %H:%M}", str(row["n_holds"]),
                f"{row['hold_median_s']:.1f} s", f"{row['hold_q1_s']:.1f} to {row['hold_q3_s']:.1f} s",
                f"{row['hold_target_s']:g} s",
            ]
            for row in rows
        ],
    )  # fmt: skip


def pain(scores: Sequence[Row], trends: Sequence[Row]) -> Picture:
    """Leg and back pain by day, with a straight line where there is enough data for one."""
    first = min(row["local_date"] for row in scores)
    last = max(row["local_date"] for row in scores)
    looked = ""
    with style():
        figure = new_figure(1.6)
        panels = figure.subplots(1, 2, sharey=True)
        for axes, site in zip(panels, PAIN_SITES, strict=True):
            own = [row for row in scores if row["site"] == site]
            day = [(row["local_date"] - first).days for row in own]
            axes.plot(day, [row["nrs"] for row in own], "o", color=COLOURS[site], markersize=2.6, alpha=0.75)
            for trend in (row for row in trends if row["site"] == site and row["slope_per_week"] is not None):
                mean_day, mean = sum(day) / len(day), sum(row["nrs"] for row in own) / len(own)
                ends = [day[0], day[-1]]
                axes.plot(ends, [mean + trend["slope_per_week"] / 7 * (x - mean_day) for x in ends],
                          color=COLOURS[site], linewidth=1.6)  # fmt: skip
            if (course := smoothed(day, [row["nrs"] for row in own])) is not None:
                axes.plot(day, course, color=COLOURS["muted"], linewidth=0.9, linestyle=(0, (4, 2)))
                looked = " Dashed: smoothed (LOESS over two thirds of the days), only to look at."
            axes.set_title(f"{site} pain", color=COLOURS[site])
            axes.set_ylim(-0.4, NRS_MAX + 0.4)
            axes.set_yticks([0, 2, 4, 6, 8, 10])
            axes.grid(axis="y", color=COLOURS["faint"])
            axes.set_axisbelow(True)
            _day_axis(axes, first, last, most=6)
        svg = to_svg(
            figure, "pain", "Pain by day", "Leg and back pain from 0 to 10 by local day, with a fitted line."
        )
    return Picture(
        svg,
        "Pain, 0 to 10",
        "A dot is the day's first score, before exercising; the line is fitted to all of them where there are at "
        f"least five over two weeks.{looked}",
        ("date", "leg", "back"),
        _pain_by_date(scores),
    )


def smoothed(day: Sequence[int], nrs: Sequence[int]) -> Sequence[float] | None:
    """The course of scores by LOESS (Cleveland 1979, doi 10.1080/01621459.1979.10481038), for the eye alone.

    day : whole days, increasing. None for fewer than SMOOTH_FROM scores, and without the extra `stats`.
    """
    if len(day) < SMOOTH_FROM or importlib.util.find_spec("statsmodels") is None:
        return None
    import numpy as np
    from statsmodels.nonparametric.smoothers_lowess import lowess

    course: Sequence[float] = lowess(
        np.array(nrs, dtype=float), np.array(day, dtype=float), frac=SMOOTH_RATIO, it=0, return_sorted=False
    ).tolist()
    return course


def _pain_by_date(scores: Sequence[Row]) -> list[list[str]]:
    days: dict[dt.date, dict[str, str]] = {}
    for row in scores:
        days.setdefault(row["local_date"], {})[row["site"]] = str(row["nrs"])
    return [[str(day), *(cells.get(site, "") for site in PAIN_SITES)] for day, cells in sorted(days.items())]


def _day_axis(axes: Axes, first: dt.date, last: dt.date, most: int = 12) -> None:
    """Days from `first`, with a tick at Mondays, so many weeks apart that there are at most `most`."""
    monday = first + dt.timedelta(days=-first.weekday() % 7)
    n = (last - first).days + 1
    every = 7 * max(1, math.ceil(n / 7 / most))
    ticks = list(range((monday - first).days, n, every))
    dates = [first + dt.timedelta(days=day) for day in ticks]
    axes.set_xticks(ticks, [f"{date.day} {date:%b}" for date in dates])
    axes.set_xlim(-0.5, n + 0.5)


def short(name: str) -> str:
    """A name that leaves room for its figure."""
    return name if len(name) <= NAME_LETTERS else name[: NAME_LETTERS - 1].rstrip() + "…"


def of(done: float, rx: float, unit: str = "") -> str:
    """`3 of 7, 43 %`, and a dash where nothing was asked for."""
    return f"{done:.0f} of {rx:.0f}{unit}, {done / rx:.0%}".replace("%", " %") if rx else "–"
