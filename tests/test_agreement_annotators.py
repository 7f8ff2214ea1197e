"""Two annotators: matched reps, differences of their marks, and the ICC as printed."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sciatrack_ingest.truth_file import Truth, TruthRep
from sciatrack_signal.annotators import agreement, icc, icc_interval, marks_of

# Shrout & Fleiss 1979, table 2: six targets, four judges; ICC(2,1) printed as .29 (table 4).
PRINTED = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], float)


def reps(*holds: float) -> np.ndarray:
    return np.array(
        [[10.0 * k, 10.0 * k + 1, 10.0 * k + 1 + hold, 10.0 * k + 2 + hold] for k, hold in enumerate(holds)]
    )


def test_the_icc_is_the_one_that_is_printed():
    assert icc(PRINTED) == pytest.approx(0.29, abs=0.005)


def test_annotators_who_agree_and_one_who_is_always_late():
    one = reps(2, 3, 4, 5, 6, 7)
    same = agreement(one, one)
    assert (same.tally.matched, same.tally.f1, same.icc) == (6, 1.0, pytest.approx(1.0))
    late = one + np.array([0.0, 0.0, 0.5, 0.5])
    found = agreement(one, late)
    assert found.marks["start_s"].bias == 0
    assert found.marks["hold_end_s"].bias == pytest.approx(0.5)
    assert found.holds.bias == pytest.approx(0.5)
    assert 0.9 < found.icc < 1.0
    low, high = found.icc_interval
    assert low <= found.icc <= high


def test_reps_of_one_annotator_only_are_counted_on_his_side():
    found = agreement(reps(2, 3, 4), reps(2, 3))
    assert (found.tally.matched, found.tally.missed, found.tally.false) == (2, 1, 0)
    assert math.isnan(found.icc)


def test_a_rep_without_a_hold_counts_but_has_no_hold_to_compare():
    truth = Truth("r", "A", (TruthRep(0, 1, 3, 4), TruthRep(5, None, None, 8)))
    marks = marks_of(truth)
    assert np.isnan(marks[1, 1:3]).all()
    found = agreement(marks, marks)
    assert (found.tally.matched, found.holds.n, found.marks["end_s"].n) == (2, 1, 2)
    assert marks_of(Truth("r", "A")).shape == (0, 4)


def test_nothing_marked_by_anybody():
    found = agreement(np.empty((0, 4)), np.empty((0, 4)))
    assert found.tally.matched == 0
    assert math.isnan(found.tally.f1)
    assert all(math.isnan(bound) for bound in icc_interval(np.empty((0, 2))))
