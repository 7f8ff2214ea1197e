"""Every threshold of the detector has a reason and is tried or exempt; changing one changes it and what follows."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import thresholds
from sensitivity import BASE, Outcome, Trial, in_turn, read_state, run
from sensitivity_report import as_page, distance
from thresholds import EXEMPT, Threshold, changed, in_source

ROOT = Path(__file__).resolve().parents[1]
SOURCE = """
# Why A and B.
A = 2.0
B: float = 3.0 * A

C, D = 4, (1.0, 2.0)  # beside

NAME = "no number"
E = tuple(A * 2.0**k for k in range(2))
"""


def test_every_threshold_has_a_reason():
    without = [found.name for found in thresholds.thresholds() if not found.reason]
    assert without == [], "write above each, or beside it, why it has this value and what breaks on either side"


def test_every_exemption_names_a_threshold_that_is_there():
    assert EXEMPT.keys() <= {found.name for found in thresholds.thresholds()}


def test_the_detector_is_found_whole():
    # A module of the package is reached from the pipeline or known to stand beside it.
    beside = {"__init__", "agreement", "annotators", "flag_words", "online"}
    beside |= {path.stem for path in thresholds.ROOT.glob("live_*.py")}
    there = {path.stem for path in thresholds.ROOT.glob("*.py")}
    assert there - set(thresholds.reached()) - beside == set()
    names = {found.name for found in thresholds.thresholds()}
    assert {"walking.WALK_MIN_S", "quality.LEAVE_S", "segmentation.SCALES_DEG"} <= names


def test_names_values_and_comments_are_read():
    found = {f.name: f for f in in_source("m", SOURCE)}
    assert list(found) == ["m.A", "m.B", "m.C", "m.D", "m.E"]
    assert found["m.B"].source == "3.0 * A"
    assert found["m.B"].reason == "Why A and B."
    assert found["m.D"].reason == "beside"
    assert found["m.E"].reason == ""


@pytest.mark.parametrize(
    ("name", "factor", "values"),
    [
        ("A", 0.5, {"A": 1.0, "B": 3.0, "E": (1.0, 2.0)}),
        ("B", 2.0, {"A": 2.0, "B": 12.0}),
        ("C", 1.3, {"C": 5, "D": (1.0, 2.0)}),
        ("C", 0.7, {"C": 3}),
        ("D", 2.0, {"C": 4, "D": (2.0, 4.0)}),
        ("E", 0.5, {"A": 2.0, "E": (1.0, 2.0)}),
    ],
)
def test_one_is_changed_and_what_follows_from_it(name, factor, values):
    scope = {"_times": thresholds._times}
    exec(compile(changed(SOURCE, name, factor), "m", "exec"), scope)
    assert {key: scope[key] for key in values} == values


def test_a_name_that_is_not_there_is_refused():
    with pytest.raises(KeyError):
        changed(SOURCE, "F", 0.7)


def test_a_process_sees_the_changed_threshold_wherever_it_is_used():
    code = (
        "import thresholds; thresholds.change('pipeline.LONG_GAP_S', 1.3)\n"
        "import sciatrack_signal.pipeline as p, sciatrack_signal.walking as w\n"
        "print(p.LONG_GAP_S, w.WALK_MIN_S)"
    )
    value = {found.name: found.source for found in thresholds.thresholds()}
    path = [str(ROOT / name) for name in ("benchmarks", "signal", "ingest")]
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {path}\n{code}"], capture_output=True, text=True
    )
    assert done.stdout.split() == [str(float(value["pipeline.LONG_GAP_S"]) * 1.3), value["walking.WALK_MIN_S"]]


def test_a_package_that_is_loaded_can_not_be_changed():
    import sciatrack_signal  # noqa: F401

    with pytest.raises(RuntimeError, match="imported already"):
        thresholds.change("walking.WALK_MIN_S", 0.7)


def test_what_is_done_is_not_done_again(tmp_path):
    state = tmp_path / "state.jsonl"
    trial = Trial(BASE, 1.0)
    state.write_text(
        '{"trial": {"name": "as it is", "factor": 1.0}, "scores": {"f1": 0.5}, "error": ""}\n{"trial": {"na',
        encoding="utf-8",
    )
    assert read_state(state) == {trial: Outcome(trial, {"f1": 0.5})}
    # No panel is there, so anything that were run again would fail.
    assert run([trial], tmp_path / "none", state, 1)[trial].scores == {"f1": 0.5}


def test_trials_go_round_the_modules():
    found = [Threshold(name, "1", "r") for name in ("a.A", "a.B", "a.C", "b.A", "c.A", "c.B")]
    assert [one.name for one in in_turn(found)] == ["a.A", "b.A", "c.A", "a.B", "c.B", "a.C"]


def test_a_threshold_that_was_tried_to_one_side_only_is_left_out():
    base, one = Trial(BASE, 1.0), Trial("m.A", 0.7)
    outcomes = {base: Outcome(base, {"f1": 0.9}), one: Outcome(one, {"f1": 0.1})}
    page = as_page([Threshold("m.A", "1", "r")], outcomes, size="quick", seeds="development")
    assert "Only 0 of them were tried" in page
    assert "0.100" not in page
    assert "## Not tried in this run\n\n- `m.A` = 1: r" in page


def test_the_page_puts_first_what_moves_most():
    known = [Threshold("m.LITTLE", "1", "l"), Threshold("m.MUCH", "2", "m"), Threshold("m.NONE", "3", "n")]
    scores = {"m.LITTLE": 0.990, "m.MUCH": 0.8, "m.NONE": 0.995}
    outcomes = {Trial(BASE, 1.0): Outcome(Trial(BASE, 1.0), {"f1": 0.995})}
    for name, f1 in scores.items():
        for factor in (0.7, 1.3):
            outcomes[Trial(name, factor)] = Outcome(Trial(name, factor), {"f1": f1 if factor < 1 else 0.995})
    page = as_page(known, outcomes, size="quick", seeds="development")
    assert page.index("`m.MUCH`") < page.index("`m.LITTLE`") < page.index("`m.NONE`")
    assert "1 of 3 move nothing" in page
    assert "| `m.MUCH` | 2 | -30% | 0.800 |" in page
    assert "| `m.MUCH` | 2 | +30% | = |" in page


def test_a_failure_weighs_most():
    assert distance({"f1": 1.0}, Outcome(Trial("m.A", 0.7), {}, "ValueError: no")) == float("inf")
