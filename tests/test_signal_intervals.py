"""Half widths and confidence: what they rise with, and that the fit gives what it promises."""

from __future__ import annotations

import math
from dataclasses import fields, replace

import numpy as np
import pytest

import calibrate
from sciatrack_signal.intervals import (
    MOST,
    HalfWidth,
    HoldEvidence,
    Odds,
    RepEvidence,
    confidence,
    half_width_s,
)

HOLD = HoldEvidence(edge_error_s=0.1, moves_s=1.5, level_share=0.05, disturbed=False, gyroscope=True)
SET = RepEvidence(range_ratio=3.0, stroke_spread=0.1, polarity_sure=True)


def test_a_coefficient_for_each_term() -> None:
    assert len(fields(HalfWidth)) == len(HOLD.terms())
    assert len(fields(Odds)) == len(SET.terms())


@pytest.mark.parametrize(
    "worse",
    [{"edge_error_s": 0.3}, {"level_share": 0.4}, {"disturbed": True}, {"gyroscope": False}],
    ids=lambda change: next(iter(change)),
)
def test_what_makes_a_hold_harder_to_time_makes_its_interval_wider(worse: dict[str, float]) -> None:
    assert half_width_s(replace(HOLD, **worse)) > half_width_s(HOLD)


def test_slow_moves_make_no_interval_narrower() -> None:
    # Wider they need not make it: the error of their edges is larger already.
    assert half_width_s(replace(HOLD, moves_s=4.0)) >= half_width_s(HOLD)


def test_less_sure_of_small_moves_of_uneven_strokes_and_of_assumed_rests() -> None:
    sure = confidence(SET)
    assert confidence(replace(SET, range_ratio=1.0)) < sure
    assert confidence(replace(SET, stroke_spread=0.5)) < sure
    assert confidence(replace(SET, polarity_sure=False)) < sure
    assert confidence(RepEvidence(1e9, 0.0, polarity_sure=True)) <= MOST


def test_nothing_known_is_still_a_number() -> None:
    assert math.isfinite(half_width_s(HoldEvidence(0.0, 0.0, 9.0, disturbed=True, gyroscope=False)))
    assert 0.0 < confidence(RepEvidence(0.0, 9.0, polarity_sure=False)) < 0.5


def made_up(n: int, seed: int) -> list[calibrate.Seen]:
    """Holds whose errors grow with the edge error and with the duration of the moves, and reps real by a law."""
    rng = np.random.default_rng(seed)
    seen = []
    for k in range(n):
        edge_s, moves_s = float(rng.uniform(0.03, 0.5)), float(rng.uniform(0.5, 4.0))
        hold = HoldEvidence(edge_s, moves_s, float(rng.uniform(0, 0.4)), bool(k % 7 == 0), bool(k % 3))
        rep = RepEvidence(float(rng.uniform(1, 4)), float(rng.uniform(0, 0.5)), polarity_sure=bool(k % 5))
        real = bool(rng.random() < 1 / (1 + math.exp(-(rep.terms()[1] * 3 - 2 * rep.terms()[3]))))
        error_s = float(rng.standard_t(3)) * edge_s * moves_s * (3.0 if hold.disturbed else 1.0)
        seen.append(calibrate.Seen(k, k % 2 == 0, rep, real, hold, error_s))
    return seen


def test_fitted_intervals_cover_nine_of_ten_of_others_in_every_class() -> None:
    model = calibrate.fit_half_width(made_up(1500, seed=1))
    others = made_up(4000, seed=2)
    inside = np.abs([one.error_s for one in others if one.error_s is not None]) <= calibrate.half_widths(
        others, model
    )
    assert inside.mean() == pytest.approx(calibrate.COVERAGE, abs=0.03)
    for which in (
        [one.hold is not None and one.hold.disturbed for one in others],
        [k % 3 == 0 for k in range(4000)],
    ):
        assert inside[np.array(which)].mean() == pytest.approx(calibrate.COVERAGE, abs=0.05)
    assert model.per_log_edge_error == pytest.approx(1.0, abs=0.15)


def test_fitted_probabilities_come_true() -> None:
    model = calibrate.fit_odds(made_up(4000, seed=3))
    said, real = calibrate.said(made_up(4000, seed=4), model)
    for low, high in ((0.3, 0.6), (0.6, 0.8), (0.8, 1.0)):
        which = (said >= low) & (said < high)
        assert which.sum() > 100
        assert real[which].mean() == pytest.approx(said[which].mean(), abs=0.06)


def test_reps_and_holds_are_told_apart_while_listening() -> None:
    job = next(iter(calibrate.sets.set_jobs("development", 1, ("full",))))
    seen = calibrate.seen_in(job)
    assert seen
    assert all(one.rep is not None for one in seen)
    assert any(one.hold is not None and abs(one.error_s or 0.0) < 1.0 for one in seen)
