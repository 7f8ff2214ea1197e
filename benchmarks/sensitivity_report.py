"""The page of `sensitivity.py`: the thresholds that matter most first, then all with their reason."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from accuracy.tables import Table, as_markdown

if TYPE_CHECKING:
    from sensitivity import Outcome, Trial
    from thresholds import Threshold

# Name, what it is, digits shown, and the change that is one point of the order (a set, a false rep, 0.005 of F1).
SCORES = (
    ("real_right", "real sets right", 0, 1.0),
    ("real_false", "false, real", 0, 1.0),
    ("sets_right", "sim. sets right", 0, 1.0),
    ("f1", "F1", 3, 0.005),
    ("hold_short_s", "short holds MAE s", 3, 0.02),
    ("hold_long_s", "long holds MAE s", 3, 0.05),
    ("covered", "covered", 2, 0.02),
    ("brier", "Brier", 3, 0.005),
    ("quiet_false", "false, sim.", 0, 1.0),
    ("flags_hit", "flags hit", 0, 1.0),
    ("flags_false", "flags false", 0, 1.0),
)
TOP = 25
SIZE_WORDS = {
    "quick": "nobody real, a quarter of the simulated cells",
    "least": "every eighth recording of real people, one simulated set for every other cell graded full",
    "small": "every third recording of real people, one simulated set for each cell graded full",
    "full": "all recordings of real people, two simulated sets for each cell graded full",
}
SAME = "="
HEAD = """# What each threshold is worth

Written by `python benchmarks/sensitivity.py --write docs/sensitivity.md` with {algorithm} (source {source});
do not edit by hand.

Every named number of the detector ({n}), its reason, and what 30 % less and 30 % more of it do. Whole numbers move
by one at least. `{same}` is no change. The recordings of real people are those of [accuracy.md](accuracy.md); the
simulated panel is small, and nothing simulated is validation. The columns of real people and of simulation are
never summed. A threshold that moves nothing here is one that this panel does not reach, or that has room to both
sides; one that moves much stands on these data and deserves doubt on others.
"""


def as_page(known: Sequence[Threshold], outcomes: Mapping[Trial, Outcome], *, size: str, seeds: str) -> str:
    """Markdown of all tables."""
    from sciatrack_signal.pipeline import ALGORITHM
    from thresholds import fingerprint

    base = next(outcome for trial, outcome in outcomes.items() if trial.factor == 1.0).scores
    by_name: dict[str, dict[float, Outcome]] = {}
    for trial, outcome in outcomes.items():
        by_name.setdefault(trial.name, {})[trial.factor] = outcome
    # One that was tried to one side only, when the time was over, is left for the next run.
    tried = [found for found in known if len(by_name.get(found.name, ())) > 1]
    parts = [HEAD.format(algorithm=ALGORITHM, source=fingerprint(), n=len(known), same=SAME)]
    if len(tried) + sum(bool(found.exempt) for found in known) < len(known):
        parts.append(f"**Only {len(tried)} of them were tried in this run.**\n")
    parts += [
        f"Panel: {size} ({SIZE_WORDS[size]}), {seeds} seeds. {_sizes(base)}\n",
        "## The ones that move most\n",
    ]
    weights = {found.name: max(distance(base, o) for o in by_name[found.name].values()) for found in tried}
    top = sorted((f for f in tried if weights[f.name] > 0), key=lambda f: -weights[f.name])[:TOP]
    parts.append(as_markdown(_table("Largest change first", top, by_name, base)))
    unmoved = sum(weight == 0 for weight in weights.values())
    parts += [f"{unmoved} of {len(tried)} move nothing.\n", "## All, by module\n"]
    for module, members in groupby(tried, key=lambda found: found.name.partition(".")[0]):
        some = list(members)
        parts.append(as_markdown(_table(module, some, by_name, base)))
        parts += [f"- `{f.name.partition('.')[2]}`: {f.reason}" for f in some] + [""]
    parts += ["## Not varied\n", *(f"- `{f.name}` = {f.source}: {f.exempt}." for f in known if f.exempt), ""]
    waiting = [f for f in known if not f.exempt and f not in tried]
    if waiting:
        parts += ["## Not tried in this run\n", *(f"- `{f.name}` = {f.source}: {f.reason}" for f in waiting), ""]
    return "\n".join(parts)


def distance(base: Mapping[str, float], outcome: Outcome) -> float:
    """How far the scores lie from those without a change, in points; infinite where the detector failed."""
    if outcome.error:
        return math.inf
    total = 0.0
    for name, _, digits, point in SCORES:
        if name in base and _shown(outcome.scores[name], digits) != _shown(base[name], digits):
            off = abs(outcome.scores[name] - base[name])
            total += off / point if math.isfinite(off) else 1.0
    return total


def _table(
    title: str,
    members: Sequence[Threshold],
    by_name: Mapping[str, Mapping[float, Outcome]],
    base: Mapping[str, float],
) -> Table:
    shown = [score for score in SCORES if score[0] in base]
    rows = [("as it is", "", "", *(_shown(base[name], digits) for name, _, digits, _ in shown))]
    for found in members:
        for factor, outcome in sorted(by_name[found.name].items()):
            cells = [_cell(base[name], outcome, name, digits) for name, _, digits, _ in shown]
            rows.append((f"`{found.name}`", found.source, f"{factor - 1:+.0%}", *cells))
    header = ("threshold", "value", "change", *(words for _, words, _, _ in shown))
    return Table(title, header, rows, "real and simulated, each in columns of its own")


def _cell(base: float, outcome: Outcome, name: str, digits: int) -> str:
    if outcome.error:
        return f"fails ({outcome.error.partition(':')[0]})"
    now = _shown(outcome.scores[name], digits)
    return SAME if now == _shown(base, digits) else now


def _shown(value: float, digits: int) -> str:
    return "-" if math.isnan(value) else f"{value:.{digits}f}"


def _sizes(base: Mapping[str, float]) -> str:
    words = (
        ("real_sets", "{:.0f} sets of real people"), ("sets", "{:.0f} simulated sets"),
        ("holds", "{:.0f} simulated holds"), ("flags", "{:.0f} simulated reps with a fault"),
    )  # fmt: skip
    return ", ".join(text.format(base[name]) for name, text in words if name in base) + "."
