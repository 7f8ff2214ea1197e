"""The figures of a study's page: everybody's weeks, the weeks of all together, pain before and now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sciatrack_analytics.figures import of
from sciatrack_analytics.svg import COLOURS, Picture, new_figure, style, to_svg

Row = dict[str, Any]
STEPS = ((0.8, "done", "80 % of due days and more"), (0.5, "some", "50 to 80 %"), (0.0, "faint", "below 50 %"))


def everybody(weekly: Sequence[Row]) -> Picture:
    """One row a participant, one square a week of the study, with days done out of days due in it."""
    from matplotlib.patches import Rectangle

    people = sorted({row["participant"] for row in weekly})
    n_weeks = max(row["study_week"] for row in weekly)
    with style():
        figure = new_figure(0.75 + 0.172 * len(people))
        axes = figure.subplots()
        for row in weekly:
            x, y = row["study_week"] - 1, people.index(row["participant"])
            ratio = row["freq_adherence"]
            fill = "paper" if ratio is None else next(name for limit, name, _ in STEPS if ratio >= limit)
            hatch = "////" if ratio is None else ""
            axes.add_patch(Rectangle((x + 0.03, y + 0.07), 0.94, 0.86, facecolor=COLOURS[fill], hatch=hatch,
                                     edgecolor=COLOURS["rule"], linewidth=0.5))  # fmt: skip
            if ratio is not None:
                axes.text(x + 0.5, y + 0.53, f"{row['days_done']}/{row['days_rx']}", ha="center", va="center",
                          fontsize=6.6, color=COLOURS["paper" if fill == "done" else "ink"])  # fmt: skip
        axes.set_xlim(0, n_weeks)
        axes.set_ylim(len(people), 0)
        axes.set_xticks([i + 0.5 for i in range(n_weeks)], [str(i + 1) for i in range(n_weeks)])
        axes.set_yticks([i + 0.5 for i in range(len(people))], people)
        axes.set_xlabel("week of the study")
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        handles = [
            Rectangle((0, 0), 1, 1, facecolor=COLOURS[fill], edgecolor=COLOURS["rule"]) for _, fill, _ in STEPS
        ]
        handles.append(Rectangle((0, 0), 1, 1, facecolor=COLOURS["paper"], hatch="////", edgecolor=COLOURS["rule"]))
        labels = [*(words for _, _, words in STEPS), "nothing due that could be seen"]
        figure.legend(handles, labels, loc="outside lower left", ncols=4, frameon=False, handlelength=1.0,
                      handleheight=1.0, fontsize=7.5)  # fmt: skip
        words = "One row a participant, one square a week, shaded by the share of due days that were done."
        svg = to_svg(figure, "everybody", "Days done by participant and week", words)
    return Picture(
        svg,
        "Everybody's weeks",
        "Days done out of days due, all exercises of a participant together; an exercise that is due on a day "
        "counts as one.",
        ("participant", "week", "days"),
        [[row["participant"], str(row["study_week"]), of(row["days_done"], row["days_rx"])] for row in weekly],
    )


def together(weekly: Sequence[Row]) -> Picture:
    """The middle of all participants week by week, with the middle half around it."""
    import numpy as np

    by_week: dict[int, list[float]] = {}
    for row in weekly:
        if row["freq_adherence"] is not None:
            by_week.setdefault(row["study_week"], []).append(row["freq_adherence"])
    number = sorted(by_week)
    low, mid, high = np.array([np.quantile(by_week[week], [0.25, 0.5, 0.75]) for week in number]).T
    with style():
        figure = new_figure(1.75)
        axes = figure.subplots()
        axes.fill_between(number, 100 * low, 100 * high, color=COLOURS["some"], alpha=0.45, linewidth=0)
        axes.plot(number, 100 * mid, "o-", color=COLOURS["done"], markersize=3.5, linewidth=1.4)
        for week in number:
            axes.text(week, 3, f"n={len(by_week[week])}", ha="center", fontsize=6.6, color=COLOURS["muted"])
        axes.set_ylim(0, 104)
        axes.set_xticks(number)
        axes.set_yticks([0, 50, 80, 100], ["0 %", "50 %", "80 %", "100 %"])
        axes.grid(axis="y", color=COLOURS["faint"])
        axes.set_axisbelow(True)
        axes.set_xlabel("week of the study")
        svg = to_svg(figure, "together", "Adherence of all participants by week",
                     "Median share of due days done, with quartiles, by week of the study.")  # fmt: skip
    return Picture(
        svg,
        "All together",
        "Median of the participants' shares of due days done, and the middle half of them. Those who fell silent "
        "stay in with what they did not do.",
        ("week", "participants", "median", "lower quartile", "upper quartile"),
        [
            [str(week), str(len(by_week[week])), *(f"{100 * value:.0f} %" for value in (b, a, c))]
            for week, a, b, c in zip(number, low, mid, high, strict=True)
        ],
    )


def pain_change(trends: Sequence[Row]) -> Picture:
    """Where each participant's pain began and where it is now, leg beside back, largest fall first."""
    known = [row for row in trends if row["baseline_nrs"] is not None]
    people = sorted(
        {row["participant"] for row in known},
        key=lambda who: min(row["change"] for row in known if row["participant"] == who),
    )
    with style():
        figure = new_figure(0.6 + 0.155 * len(people))
        panels = figure.subplots(1, 2, sharey=True)
        for axes, site in zip(panels, ("leg", "back"), strict=True):
            for row in (row for row in known if row["site"] == site):
                y = people.index(row["participant"])
                colour = COLOURS[site if row["change"] <= 0 else "missed"]
                axes.plot([row["baseline_nrs"], row["last_nrs"]], [y, y], color=colour, linewidth=1.2)
                axes.plot(
                    row["baseline_nrs"], y, "o", markerfacecolor=COLOURS["paper"], color=colour, markersize=3.6
                )
                axes.plot(row["last_nrs"], y, "o", color=colour, markersize=3.6)
            axes.set_title(f"{site} pain", color=COLOURS[site])
            axes.set_xlim(-0.3, 10.3)
            axes.set_xticks([0, 2, 4, 6, 8, 10])
            axes.grid(axis="x", color=COLOURS["faint"])
            axes.set_axisbelow(True)
            axes.tick_params(length=0)
        panels[0].set_ylim(len(people) - 0.4, -0.6)
        panels[0].set_yticks(range(len(people)), people, fontsize=7)
        svg = to_svg(figure, "change", "Pain in the first week and now",
                     "For each participant a line from the mean of the first week to the last score.")  # fmt: skip
    return Picture(
        svg,
        "Pain, first week to now",
        "Hollow: mean of the first week. Filled: the last score. Red: pain rose. Shown only where the first week "
        "has at least three scores.",
        ("participant", "site", "first week", "last", "change", "slope a week", "95 % interval"),
        [
            [
                row["participant"], row["site"], f"{row['baseline_nrs']:.1f}", str(row["last_nrs"]),
                f"{row['change']:+.1f}", *slope_words(row),
            ]
            for row in known
        ],
    )  # fmt: skip


def slope_words(row: Row) -> tuple[str, str]:
    """The slope a week and its interval; dashes where there is too little data for one."""
    if row["slope_per_week"] is None:
        return ("–", "–")
    return (f"{row['slope_per_week']:+.2f}", f"{row['slope_ci_low']:+.2f} to {row['slope_ci_high']:+.2f}")
