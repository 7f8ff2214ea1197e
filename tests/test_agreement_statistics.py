"""Intervals, errors and calibration against values worked out by hand or printed in the literature."""

from __future__ import annotations

import numpy as np
import pytest

from sciatrack_signal.agreement import (
    bland_altman,
    bootstrap_ratio,
    coverage,
    errors,
    macro_f1,
    reliability,
    wilson,
)


def test_wilson_as_printed():
    # Newcombe 1998 (Statistics in Medicine 17, 857), table I, method 3: 81/263, 15/148, 0/20, 1/29.
    printed = {
        (81, 263): (0.2553, 0.3662),
        (15, 148): (0.0624, 0.1605),
        (0, 20): (0.0, 0.1611),
        (1, 29): (0.0061, 0.1718),
    }
    for (k, n), bounds in printed.items():
        assert wilson(k, n) == pytest.approx(bounds, abs=5e-5)
    assert wilson(0, 0) == (0.0, 1.0)
    with pytest.raises(ValueError, match="k = 3, n = 2"):
        wilson(3, 2)


def test_bootstrap_draws_persons_not_observations():
    # Ten observations of each of two persons who differ: any draw of two persons gives 0, 0.5 or 1.
    value = np.repeat([0.0, 1.0], 10)
    assert bootstrap_ratio(value, np.ones(20), ["a"] * 10 + ["b"] * 10) == (0.0, 1.0)
    low, high = bootstrap_ratio(value, np.ones(20), list(range(20)))
    assert 0.2 < low < 0.4 < 0.6 < high < 0.8


def test_bootstrap_of_a_rate_weighs_by_hours():
    assert bootstrap_ratio(np.array([1.0, 2.0, 4.0]), np.array([0.5, 1.0, 2.0]), "abc") == (2.0, 2.0)
    assert all(np.isnan(bootstrap_ratio(np.ones(5), np.ones(5), ["one"] * 5)))
    assert all(np.isnan(bootstrap_ratio(np.empty(0), np.empty(0), [])))
    assert all(np.isnan(bootstrap_ratio(np.zeros(2), np.zeros(2), "ab")))


def test_errors_are_measured_minus_true():
    got = errors(np.array([2.0, 3.0, 7.0]), np.array([1.0, 4.0, 4.0]))
    assert (got.n, got.mae, got.bias) == (3, pytest.approx(5 / 3), pytest.approx(1.0))
    assert got.sd == pytest.approx(2.0)
    assert got.p95_abs == pytest.approx(2.8)
    assert np.isnan(errors(np.empty(0), np.empty(0)).mae)


def test_limits_of_agreement_by_hand():
    got = bland_altman(np.array([1.0, 2.0, 3.0]), np.array([0.0, 2.0, 4.0]))
    assert (got.bias, got.low, got.high) == (0.0, pytest.approx(-1.96), pytest.approx(1.96))
    # Differences 1, 0, -1 at means 0.5, 2, 3.5.
    assert got.slope == pytest.approx(-2 / 3)


def test_limits_hold_the_scatter_between_persons():
    truth = np.zeros(40)
    measured = np.repeat([0.0, 1.0, 2.0, 3.0], 10) + np.tile([-0.1, 0.1], 20)
    persons = np.repeat(["a", "b", "c", "d"], 10).tolist()
    naive, whole = bland_altman(measured, truth), bland_altman(measured, truth, persons)
    # Persons 0 to 3: variance between them 5/3, within 0.01 * 40 / 36; between those and their means it is shared.
    within = 0.4 / 36
    between = 5 / 3 - within / 10
    assert whole.high - whole.bias == pytest.approx(1.96 * np.sqrt(between + within))
    assert whole.high > naive.high
    once = bland_altman(measured[::10], truth[::10], ["a", "b", "c", "d"])
    assert once == bland_altman(measured[::10], truth[::10])
    assert np.isnan(bland_altman(np.array([1.0]), np.array([0.0])).low)


def test_coverage_counts_bounds_in():
    got = coverage(np.array([0.0, 1.0, 5.0]), np.array([1.0, 3.0, 6.0]), np.array([1.0, 0.5, 5.0]))
    assert (got.inside, got.n, got.median_width) == (2, 3, 1.0)
    assert got.share == pytest.approx(2 / 3)
    assert np.isnan(coverage(np.empty(0), np.empty(0), np.empty(0)).share)


def test_reliability_by_bins():
    said = np.array([0.2, 0.3, 0.9, 1.0])
    got = reliability(said, np.array([False, True, True, True]), (0.0, 0.5, 1.0))
    assert [(b.n, b.said, b.happened) for b in got.bins] == [(2, 0.25, 0.5), (2, 0.95, 1.0)]
    assert got.gap == pytest.approx((2 * 0.25 + 2 * 0.05) / 4)
    assert got.brier == pytest.approx((0.04 + 0.49 + 0.01 + 0.0) / 4)
    assert np.isnan(reliability(np.empty(0), np.empty(0, bool), (0.0, 1.0)).gap)


def test_names_with_refusals():
    true = ["a", "a", "b", "b", "other"]
    assert macro_f1(true, true) == 1.0
    # a: 1 of 2 found, none wrong: F1 2/3. b: both found, one stranger called b: 4/5.
    assert macro_f1(true, ["a", "", "b", "b", "b"], ("a", "b")) == pytest.approx((2 / 3 + 4 / 5) / 2)
    assert np.isnan(macro_f1([], []))
