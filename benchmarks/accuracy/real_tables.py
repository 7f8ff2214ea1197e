"""Tables of real people: k of n, errors and false reps, for every method in the same run."""

from __future__ import annotations

import numpy as np
import pandas as pd

from accuracy.people import MEX_CLASSES, OTHER
from accuracy.real import METHODS, OURS
from accuracy.tables import NOTHING, Table, between, k_of_n, number, share, signed
from sciatrack_signal.agreement import bootstrap_ratio, macro_f1

ABOUT = "real people"
SURE, UNSURE = "MEx thigh, sure", "MEx thigh, may be off by one"
LEG_BELOW = "MEx, leg below in the clamshell"
UCI, TEMPLATES = "UCI working thigh", "UCI working thigh, templates (9 = 3 + 3 + 3)"
STANDING, NOBODY = "Squats and sit-to-stand", "Nobody exercising"
APART = "UCI left thighs that move along (apart)"
# What is asked of each row: first the foundation's figure, then the one to reach.
BLOCKS, THREE = "blocks of ten", "bridge, clamshell, bird-dog"
ASKED_RIGHT = {
    (SURE, THREE): "50; 52 of 52",
    (SURE, "pelvic_tilt"): "7 of 8",
    (UNSURE, "all but cobra"): "16 of 17",
    (UCI, BLOCKS): "32; 34 of 36",
    (STANDING, "squats, thigh"): "30 of 30",
    (STANDING, "squats, lower back"): "29 of 30",
    (STANDING, "sit-to-stand, both"): "4 of 4",
    (STANDING, "all"): "58; 63 of 64",
}
COUNTED = (
    "row", "method", "right", "asked", "95 %", "in range", "MAE", "95 %, persons", "bias", "false", "missed", "of",
    "in phase",
)  # fmt: skip


def real_tables(rows: pd.DataFrame) -> list[Table]:
    """All tables of real people, in the order of the data sets."""
    mex = "Counts read off the same signal by one person: right is any count from the complete reps to these and "
    mex += "those cut by the file's edges. False and missed where the rep times are known, in either phase; which "
    mex += "way is out was read off the signal too, and in phase says how many recordings agree with that reading."
    uci = "The protocol's count. A block is right with exactly ten reps, complete or not, whose middle lies in its "
    uci += "window widened by 2 s; thigh moves of 1.3 degrees (s1_e5, low amplitude) make 35 the ceiling."
    standing = "By protocol. In range: the truth lies in count_low to count_high."
    return [
        _counting(rows, SURE, {THREE: ("glute_bridge", "clamshell", "bird_dog")}, mex),
        _counting(rows, UNSURE, {"all but cobra": ("glute_bridge", "clamshell", "bird_dog", "pelvic_tilt")}, mex),
        _silence(rows, LEG_BELOW, "asked: at most 3 false reps; then silence in all but one recording."),
        _counting(rows[rows.row != "idle"], UCI, {BLOCKS: ("correct", "fast", "low amplitude")}, uci),
        _silence(rows[rows.row == "idle"], UCI, "Outside the blocks of the same recordings; asked: 0."),
        _counting(rows, TEMPLATES, {}, "Only the total of nine attempts is known; nobody marked their times."),
        _counting(rows, STANDING, STANDING_GROUPS, standing),
        _silence(rows, NOBODY, "asked: at most 6 false reps in all 2.1 h; then 0. Trunk flexion is in that."),
    ]


STANDING_GROUPS = {
    "sit-to-stand, both": ("sit-to-stand, thigh", "sit-to-stand, pelvis"),
    "all": ("sit-to-stand, thigh", "sit-to-stand, pelvis", "squats, thigh", "squats, lower back"),
}


def plate_table(rows: pd.DataFrame) -> Table:
    """Times against the force plate in the seat, the one clock here that is not the sensor's own."""
    out = []
    for name, part in rows.groupby("recording"):
        found = part[part.found]
        inside = found.hold_inside.dropna() if "hold_inside" in found else found.found.iloc[:0]
        out.append((
            str(name), k_of_n(len(found), len(part)), *[_mean_sd(found[k]) for k in ("start", "end", "length")],
            k_of_n(int(inside.sum()), len(inside)),
        ))  # fmt: skip
    return Table(
        "Sit-to-stand against the seat's force plate",
        ("recording", "found", "start - lift-off s", "end - contact s", "length s", "hold between"),
        out, ABOUT,
        "Mean and standard deviation. The plate feels the seat being left and met again: for a thigh that is the "
        "beginning of the out-move and shortly before the end of the return; a pelvis leans forward before it. "
        "Where standing begins and ends the plate can't feel: of holds it can only say that they lie between. "
        "The thigh sensor of s3 reads 12.8 m/s^2 at rest, a fault in the source.",
    )  # fmt: skip


def _mean_sd(values: pd.Series) -> str:
    return f"{signed(values.mean())} ± {number(values.std())}" if len(values) > 1 else NOTHING


def name_table(rows: pd.DataFrame) -> Table:
    """Names that `auto` gives to unlabelled recordings of three exercises and of others."""
    out = []
    for true, part in rows.groupby("true"):
        named = part[part.named != ""]
        wrong = named[named.named != true].named.value_counts()
        others = ", ".join(f"{name} {n}" for name, n in wrong.items())
        right = named if true == OTHER else part
        n_right = int((part.named == "").sum()) if true == OTHER else int((right.named == true).sum())
        out.append((str(true), str(len(part)), str(len(named)), k_of_n(n_right, len(part)), others or NOTHING))
    low, high = _names_interval(rows)
    return Table(
        "MEx thigh as auto: three exercises and others",
        ("true", "recordings", "named", "right", "wrong names"), out, ABOUT,
        f"macro-F1 of the three with reject {number(names_f1(rows), 3)} ({between((low, high), 3)} over "
        "persons); asked: 0.90. Others are right when no name is given.",
    )  # fmt: skip


def names_f1(rows: pd.DataFrame) -> float:
    """Macro-F1 of the three classes; naming another exercise one of them costs precision."""
    return macro_f1(list(rows.true), list(rows.named), MEX_CLASSES)


def _names_interval(rows: pd.DataFrame, draws: int = 500) -> tuple[float, float]:
    """95 % over persons drawn again."""
    persons = [part for _, part in rows.groupby("person")]
    rng = np.random.default_rng(0)
    scores = [
        names_f1(pd.concat([persons[k] for k in rng.integers(len(persons), size=len(persons))]))
        for _ in range(draws)
    ]
    low, high = np.quantile(scores, [0.025, 0.975])
    return float(low), float(high)


def _counting(rows: pd.DataFrame, table: str, groups: dict[str, tuple[str, ...]], note: str) -> Table:
    part = rows[rows.table == table]
    parts = {str(name): part[part.row == name] for name in part.row.unique()}
    parts |= {name: part[part.row.isin(members)] for name, members in groups.items()}
    out = []
    for name, some in parts.items():
        for method in METHODS:
            mine = some[some.method == method]
            if len(mine):
                asked = ASKED_RIGHT.get((table, name), NOTHING) if method == OURS else ""
                out.append((name, method, *_counted(mine, asked)))
    return Table(table, COUNTED, out, ABOUT, note)


def _counted(part: pd.DataFrame, asked: str) -> tuple[str, ...]:
    right, n = int(part.right.sum()), len(part)
    off = part.error.to_numpy(float)
    known = part[part.false.notna()]
    return (
        k_of_n(right, n), asked, share(right, n), k_of_n(int(part.in_range.sum()), n), number(np.abs(off).mean()),
        between(bootstrap_ratio(np.abs(off), np.ones(n), part.person)), signed(off.mean()),
        str(int(known.false.sum())) if len(known) else NOTHING,
        str(int(known.missed.sum())) if len(known) else NOTHING,
        str(int(known.known.sum())) if len(known) else NOTHING, _phase(known),
    )  # fmt: skip


def _phase(known: pd.DataFrame) -> str:
    """Recordings whose reps lie in the phase of the truth, where that is known at all."""
    said = known.in_phase.dropna() if "in_phase" in known else known.false.iloc[:0]
    return k_of_n(int(said.sum()), len(said))


def _silence(rows: pd.DataFrame, table: str, note: str) -> Table:
    """False reps where there is nothing to count, in all and an hour."""
    part = rows[rows.table == table]
    parts = {str(name): part[part.row == name] for name in part.row.unique()}
    if len(parts) > 1:
        parts["all but those apart"] = part[part.row != APART]
    out = []
    for name, some in parts.items():
        for method in METHODS:
            mine = some[some.method == method]
            if len(mine):
                out.append((name, method, *_silent(mine)))
    title = f"{table}: idle stretches" if table == UCI else table
    header = (
        "row", "method", "false reps", "hours", "an hour", "95 %, persons", "silent", "95 %", "false min an hour",
    )  # fmt: skip
    return Table(title, header, out, ABOUT, note)


def _silent(part: pd.DataFrame) -> tuple[str, ...]:
    false, hours = part.false.to_numpy(float), part.hours.to_numpy(float)
    silent = int((false == 0).sum())
    return (
        str(int(false.sum())), number(hours.sum()), number(false.sum() / hours.sum(), 1),
        between(bootstrap_ratio(false, hours, part.person), 1), k_of_n(silent, len(part)), share(silent, len(part)),
        number(part.false_min.sum() / hours.sum(), 3) if part.false_min.notna().all() else NOTHING,
    )  # fmt: skip
