"""The figures about groups: adherence by week, staying in the study, pain by week. No line is about one person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from sciatrack_analytics.svg import COLOURS, Picture, new_figure, style, to_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Row = dict[str, Any]
Look = tuple[Any, ...]
SITES = ("leg", "back")
# Arms are told apart by dash and marker as well as by colour: in print, and by those who see no colours.
ARM_LOOKS = (("done", "-", "o"), ("missed", (0, (5, 2)), "s"), ("said", (0, (1.5, 1.5)), "^"), ("ink", "-.", "D"))
NONE = "–"


def adherence(rows: Sequence[Row]) -> Picture:
    """The mean of each arm by week of the study, with its interval."""
    shown = [row for row in rows if row["mean_adherence"] is not None]
    with style():
        figure = new_figure(2.1)
        axes = figure.subplots()
        for arm, own, look in _arms(shown):
            week = [row["study_week"] for row in own]
            _band(axes, week, [_times(100, row["ci_low"]) for row in own],
                  [_times(100, row["ci_high"]) for row in own], look[0])  # fmt: skip
            _line(axes, week, [100 * row["mean_adherence"] for row in own], arm, look)
        axes.set_ylim(0, 104)
        axes.set_yticks([0, 20, 40, 60, 80, 100], [f"{share} %" for share in range(0, 101, 20)])
        _weeks_axis(axes, shown)
        _legend(axes, shown)
        svg = to_svg(figure, "groups", "Adherence by arm and week",
                     "Mean share of due days done by week of the study, by arm, with 95 % intervals.")  # fmt: skip
    return Picture(
        svg,
        "Due days done, mean by week of the study",
        "The mean of the participants' shares, with a 95 % interval (participants drawn with replacement). Days of "
        "which nothing is known count as not done; those who fell silent stay in.",
        ("arm", "week", "at risk", "active", "mean", "95 % interval", "median", "middle half", "at target",
         "nothing known", "known days only"),
        [
            [
                row["arm"] or NONE, str(row["study_week"]), _count(row["n_at_risk"]), _count(row["n_active"]),
                _percent(row["mean_adherence"]), _span(row["ci_low"], row["ci_high"]), _percent(row["median"]),
                _span(row["q1"], row["q3"]), _points(row["pct_at_threshold"]), _points(row["pct_no_information"]),
                _percent(row["complete_case_mean"]),
            ]
            for row in rows
        ],
    )  # fmt: skip


def retention(rows: Sequence[Row]) -> Picture:
    """Kaplan-Meier curves of staying in the study, one an arm, with their intervals."""
    with style():
        figure = new_figure(2.1)
        axes = figure.subplots()
        for arm, own, look in _arms(rows):
            day = [0, *(row["day"] for row in own)]
            low = [None, *(_times(100, row["ci_low"]) for row in own)]
            high = [None, *(_times(100, row["ci_high"]) for row in own)]
            _band(axes, day, low, high, look[0], step="post")
            share = [100.0, *(100 * row["survival"] for row in own)]
            axes.step(day, share, where="post", color=COLOURS[look[0]], linestyle=look[1], linewidth=1.4, label=arm)
            ended = [row for row in own if row["censored"]]
            axes.plot([row["day"] for row in ended], [100 * row["survival"] for row in ended], "|",
                      color=COLOURS[look[0]], markersize=6)  # fmt: skip
        axes.set_ylim(0, 104)
        axes.set_yticks([0, 25, 50, 75, 100], [f"{share} %" for share in (0, 25, 50, 75, 100)])
        axes.set_xlim(0, max(row["day"] for row in rows) * 1.02 + 1)
        axes.set_xlabel("days since observation began")
        axes.grid(axis="y", color=COLOURS["faint"])
        _legend(axes, rows)
        svg = to_svg(figure, "staying", "Participants still exercising",
                     "Kaplan-Meier curves by arm with 95 % intervals; ticks where observation ended.")  # fmt: skip
    p = next((row["logrank_p"] for row in rows if row["logrank_p"] is not None), None)
    test = "" if p is None else f" Log-rank test of the arms: p = {p:.3f}."
    return Picture(
        svg,
        "Still exercising",
        "Kaplan-Meier curve: falling silent is the last session before two weeks or more without one (the days are "
        f"a setting). A tick is where somebody's observation ended before that.{test}",
        ("arm", "day", "at risk", "fell silent", "ended", "staying", "95 % interval"),
        [
            [
                row["arm"] or NONE, *(str(row[name]) for name in ("day", "n_at_risk", "events", "censored")),
                _percent(row["survival"]), _span(row["ci_low"], row["ci_high"]),
            ]
            for row in rows
        ],
    )  # fmt: skip


def pain(rows: Sequence[Row]) -> Picture:
    """The mean pain of each arm by week, leg beside back, with its interval."""
    shown = [row for row in rows if row["mean"] is not None]
    with style():
        figure = new_figure(2.2)
        panels = figure.subplots(1, 2, sharey=True)
        for axes, site in zip(panels, SITES, strict=True):
            here = [row for row in shown if row["site"] == site]
            for arm, own, look in _arms(here, shown):
                week = [row["study_week"] for row in own]
                _band(axes, week, [row["ci_low"] for row in own], [row["ci_high"] for row in own], look[0])
                _line(axes, week, [row["mean"] for row in own], arm, look)
            axes.set_title(f"{site} pain", color=COLOURS["ink"])
            axes.set_ylim(-0.2, 10.2)
            axes.set_yticks([0, 2, 4, 6, 8, 10])
            _weeks_axis(axes, shown)
        _legend(panels[1], shown)
        svg = to_svg(figure, "painweeks", "Pain by arm and week",
                     "Mean pain from 0 to 10 by week of the study, by arm, with 95 % intervals.")  # fmt: skip
    return Picture(
        svg,
        "Pain, mean by week of the study",
        "The mean of the participants' means of the week, with a 95 % interval (participants drawn with "
        "replacement). Only those who scored that week are in it.",
        ("arm", "site", "week", "participants", "mean", "95 % interval", "2 points less", "30 % less"),
        [
            [
                row["arm"] or NONE, row["site"], str(row["study_week"]), _count(row["n"]), _nrs(row["mean"]),
                NONE if row["ci_low"] is None else f"{row['ci_low']:.1f} to {row['ci_high']:.1f}",
                _part(row["responders_abs"], row["n_baseline"]),
                _part(row["responders_pct"], row["n_baseline_above_0"]),
            ]
            for row in rows
        ],
    )  # fmt: skip


def _arms(
    rows: Sequence[Row], all_rows: Sequence[Row] | None = None
) -> list[tuple[str, list[Row], tuple[Any, ...]]]:
    """Each arm with its rows and its look; a look belongs to an arm in every panel."""
    arms = sorted({row["arm"] for row in (all_rows or rows)})
    looks = {arm: ARM_LOOKS[at % len(ARM_LOOKS)] for at, arm in enumerate(arms)}
    return [(arm, [row for row in rows if row["arm"] == arm], looks[arm]) for arm in arms]


def _line(axes: Axes, x: Sequence[float], y: Sequence[float], arm: str, look: Look) -> None:
    colour, dash, marker = look
    axes.plot(x, y, color=COLOURS[colour], linestyle=dash, marker=marker, markersize=3.2, linewidth=1.4, label=arm)


def _band(
    axes: Axes, x: Sequence[float], low: Sequence[float | None], high: Sequence[float | None], colour: str,
    step: Literal["post"] | None = None,
) -> None:  # fmt: skip
    nan = float("nan")
    axes.fill_between(x, [nan if v is None else v for v in low], [nan if v is None else v for v in high],
                      color=COLOURS[colour], alpha=0.16, linewidth=0, step=step)  # fmt: skip


def _weeks_axis(axes: Axes, rows: Sequence[Row]) -> None:
    last = max((row["study_week"] for row in rows), default=1)
    every = 1 if last <= 14 else 2 if last <= 28 else 4
    axes.set_xticks(range(1, last + 1, every))
    axes.set_xlim(0.6, last + 0.4)
    axes.set_xlabel("week of the study")
    axes.grid(axis="y", color=COLOURS["faint"])
    axes.set_axisbelow(True)


def _legend(axes: Axes, rows: Sequence[Row]) -> None:
    """Names of the arms, where there are several."""
    if len({row["arm"] for row in rows}) > 1:
        axes.legend(frameon=False, fontsize=7.5, loc="best", handlelength=2.6)


def _times(factor: float, value: float | None) -> float | None:
    return None if value is None else factor * value


def _count(value: int | None) -> str:
    return NONE if value is None else str(value)


def _percent(value: float | None) -> str:
    return NONE if value is None else f"{100 * value:.0f} %"


def _points(value: float | None) -> str:
    return NONE if value is None else f"{value:.0f} %"


def _nrs(value: float | None) -> str:
    return NONE if value is None else f"{value:.1f}"


def _span(low: float | None, high: float | None) -> str:
    return NONE if low is None or high is None else f"{100 * low:.0f} % to {100 * high:.0f} %"


def _part(count: int | None, of: int | None) -> str:
    return NONE if count is None or not of else f"{count} of {of}"
