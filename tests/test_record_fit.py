"""The fit check's judgement of a few seconds of gravity, and the live count of samples and losses."""

from __future__ import annotations

import numpy as np
import pytest

from sciatrack.fit_check import angle_deg, expected_range_deg, judge_fit, main_axis, swing_deg
from sciatrack.live_rate import LiveRate
from sciatrack.record_view import clock_text
from sciatrack_ingest.sensors import REGISTRY, RawPacket
from sciatrack_ingest.virtual.speakers import GenericSpeaker, Packet
from sciatrack_signal.exercises import catalogue

G = 9.80665
RNG = np.random.default_rng(0)


def lies(*up: float, seconds: float = 5.0, noise: float = 0.05) -> np.ndarray:
    return np.array(up) * G + RNG.normal(0.0, noise, (int(seconds * 100), 3))


def test_a_well_worn_sensor_is_good() -> None:
    fit = judge_fit("hip", lies(0, 1, 0), lies(1, 0, 0))
    assert (fit.grade, fit.axis, fit.sits, fit.reasons) == ("good", "+y", "side", ())
    assert fit.turned_deg == pytest.approx(90, abs=1)


@pytest.mark.parametrize(("up", "sits"), [((0, 0, 1), "front"), ((0, 0, -1), "back"), ((0, 1, 0), "side")])
def test_the_side_of_the_body_is_told_by_the_axis_out_of_the_housing(up, sits: str) -> None:
    assert judge_fit("right_thigh", lies(-1, 0, 0), lies(*up)).sits == sits


@pytest.mark.parametrize(
    ("standing", "lying", "grade", "words"),
    [
        (lies(0, 1, 0), lies(0, 0.99, 0.1), "poor", "hardly turned"),
        (lies(0, 1, 0), lies(0.8, 0.6, 0), "doubtful", "about 90°"),
        (lies(0, 1, 0, noise=2.0), lies(1, 0, 0), "doubtful", "moved while standing"),
        (lies(0, 0.1, 0), lies(0.1, 0, 0), "poor", "at rest instead of 9.8"),
        (lies(0, 1, 0, seconds=0.1), lies(1, 0, 0), "poor", "No data came while standing"),
    ],
)
def test_what_is_wrong_is_said(standing, lying, grade: str, words: str) -> None:
    fit = judge_fit("hip", standing, lying)
    assert fit.grade == grade
    assert words in fit.sentence


def test_a_rep_that_hardly_moves_the_sensor_is_told() -> None:
    tilt = np.radians(np.concatenate([np.zeros(200), np.full(200, 25.0), np.zeros(200)]))
    rep = G * np.column_stack([np.sin(tilt), np.zeros(600), np.cos(tilt)])
    assert swing_deg(rep) == pytest.approx(25.0, abs=0.5)
    arguments = ("hip", lies(0, 1, 0), lies(0, 0, 1), rep)
    assert judge_fit(*arguments, min_range_deg=10.0).grade == "good"
    assert "at least 30°" in judge_fit(*arguments, min_range_deg=30.0).sentence


def test_a_place_that_cannot_see_the_exercise_is_told() -> None:
    blind = [
        (exercise, placement)
        for exercise in catalogue().values()
        for placement in ("hip", "left_thigh")
        if exercise.view(placement, "right").observability == "none"
    ]
    assert blind
    for exercise, placement in blind:
        least_deg, warning = expected_range_deg(exercise, placement, "right")
        assert least_deg is None
        assert exercise.name in warning


def test_directions() -> None:
    assert angle_deg(np.array([1.0, 0, 0]), np.array([0, -3.0, 0])) == pytest.approx(90.0)
    assert angle_deg(np.zeros(3), np.zeros(3)) == pytest.approx(90.0)
    assert main_axis(np.array([0.1, -9.0, 2.0])) == "-y"


def packets(numbers: range, start_s: float = 0.0) -> list[RawPacket]:
    speaker = GenericSpeaker()
    rows = np.zeros((1, 3))
    made = []
    for number in numbers:
        (sent,) = speaker.encode(Packet(number, number * 0.01, 0.01, rows, rows))
        at_ns = round((start_s + number * 0.01) * 1e9)
        made.append(RawPacket(sent.characteristic, sent.payload, at_ns, at_ns))
    return made


def test_live_counts_are_those_of_the_packets_however_they_are_cut() -> None:
    family = REGISTRY["generic"]
    stream = [packet for at, packet in enumerate(packets(range(1000))) if not 300 <= at < 350]
    rate = LiveRate()
    for at in range(0, len(stream), 37):
        rate.update(family, stream[at : at + 37], 1, at / 100.0)
    assert rate.samples == 950
    assert rate.lost == 50
    assert rate.lost_percent == pytest.approx(5.0)
    assert rate.rate_hz == pytest.approx(100.0, rel=0.05)


def test_a_loss_between_two_looks_is_seen_and_a_new_link_is_none() -> None:
    family = REGISTRY["generic"]
    rate = LiveRate()
    rate.update(family, packets(range(100)), 1, 1.0)
    rate.update(family, packets(range(110, 200)), 1, 2.0)
    assert rate.lost == 10
    rate.update(family, packets(range(5000, 5100)), 2, 60.0)
    assert rate.lost == 10
    assert rate.samples == 290


def test_nothing_yet() -> None:
    rate = LiveRate()
    rate.update(REGISTRY["generic"], [], 0, 0.0)
    assert (rate.samples, rate.lost_percent, rate.rate_hz) == (0, 0.0, None)
    assert clock_text(90.4) == "01:30"
