"""The second simulation is independent of the first, says the same twice, and its truth is the contract's."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from second_simulation import cli, scoring
from second_simulation.domain import CELLS, available
from second_simulation.motion import TrueRep, minimum_jerk, truth_of, turn_of_set
from second_simulation.plan import SHAPES, draw
from second_simulation.recording import simulate

SOURCES = sorted((Path(__file__).parents[1] / "benchmarks" / "second_simulation").glob("*.py"))
# Of sciatrack only what a recording is, and in the scoring what an answer is.
DOORS = {"sciatrack_ingest", "sciatrack_signal.pipeline", "sciatrack_signal.result"}
RATE_HZ = 400.0

needs_domain = pytest.mark.skipif(not available(), reason="the domain file is not beside the repository")


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(str(node.module))
    return names


def test_it_knows_nothing_of_the_first_simulation_and_of_the_detector():
    assert len(SOURCES) > 5
    ours = {name for path in SOURCES for name in imported(path) if name.startswith("sciatrack")}
    assert ours == DOORS
    simulating = [path for path in SOURCES if path.stem != "scoring"]
    seen = {name for path in simulating for name in imported(path) if name.startswith("sciatrack")}
    assert seen == {"sciatrack_ingest"}


def test_the_truth_of_a_way_is_where_it_is_faster_than_a_tenth_of_its_peak():
    # The speed of a minimum-jerk way is 16 x^2 (1 - x)^2 of its peak: a tenth where x (1 - x) = sqrt(0.1) / 4.
    edge = (1 - np.sqrt(1 - np.sqrt(0.1))) / 2
    out_s, held_s, back_s = 2.0, 5.0, 3.0
    out = 30.0 * minimum_jerk(np.linspace(0.0, 1.0, int(out_s * RATE_HZ), endpoint=False))
    back = 30.0 * (1 - minimum_jerk(np.linspace(0.0, 1.0, int(back_s * RATE_HZ), endpoint=False)))
    true = truth_of(out, int(held_s * RATE_HZ), back, RATE_HZ)
    total_s = out_s + held_s + back_s
    expected_s = (edge * out_s, out_s - edge * out_s, out_s + held_s + edge * back_s, total_s - edge * back_s)
    got_s = (true.start_s, true.hold_start_s, true.hold_end_s, true.end_s)
    assert got_s == pytest.approx(expected_s, abs=2.5 / RATE_HZ)


@needs_domain
@pytest.mark.parametrize("kind", [*SHAPES, "two_stage"])
def test_the_truth_of_a_set_follows_the_rule_on_the_angle_without_noise(kind):
    plain = replace(draw("knee_to_chest", "thigh", 3), creep=0.0, out_shape=kind, back_shape="cosine", reps=3)
    angle_deg, truth = turn_of_set(plain, 2.0, 2.0, RATE_HZ, np.random.default_rng(5))
    speed = np.gradient(angle_deg) * RATE_HZ
    assert len(truth) == 3
    for rep in truth:
        rise, fall = (slice(*(int(edge * RATE_HZ) for edge in span)) for span in spans(rep))
        fastest, slowest = speed[rise].max(), speed[fall].min()
        before, after = int(rep.start_s * RATE_HZ) - 3, int(rep.end_s * RATE_HZ) + 3
        assert speed[before] < 0.1 * fastest
        assert speed[after] > 0.1 * slowest
        held = speed[int(rep.hold_start_s * RATE_HZ) + 3 : int(rep.hold_end_s * RATE_HZ) - 3]
        assert held.max() <= 0.1 * fastest
        assert held.min() >= 0.1 * slowest or kind == "overshoot"  # which sinks back to its level
        assert angle_deg[rise.stop] > 0.9 * angle_deg[rise.start : fall.stop].max()


def spans(rep: TrueRep) -> tuple[tuple[float, float], tuple[float, float]]:
    return (rep.start_s, rep.hold_start_s), (rep.hold_end_s, rep.end_s)


@needs_domain
@pytest.mark.parametrize("nobody", [False, True])
def test_a_seed_gives_the_same_recording_twice(nobody):
    one, two = (simulate("glute_bridge", "hip", 11, nobody=nobody) for _ in range(2))
    other = simulate("glute_bridge", "hip", 12, nobody=nobody)
    assert one.plan == two.plan
    assert one.truth == two.truth
    np.testing.assert_array_equal(one.recording.time_s, two.recording.time_s)
    np.testing.assert_array_equal(one.recording.acc, two.recording.acc)
    assert other.plan != one.plan


@needs_domain
def test_recordings_are_those_of_sensors_on_people():
    for seed, (exercise, segment) in enumerate(CELLS):
        made = simulate(exercise, segment, seed)
        assert len(made.truth) == made.plan.reps > 0
        assert np.linalg.norm(made.recording.acc, axis=1).mean() == pytest.approx(9.81, rel=0.06)
        assert (made.recording.gyr is not None) == made.plan.gyroscope
        edges_s = [edge for rep in made.truth for span in spans(rep) for edge in span]
        assert edges_s == sorted(edges_s)
        assert 0 < edges_s[0] < edges_s[-1] < made.recording.duration_s


@needs_domain
def test_nobody_makes_no_repetitions():
    for seed in range(6):
        made = simulate("clamshell", "thigh", seed, nobody=True)
        assert made.truth == ()
        assert made.plan.nobody


@needs_domain
def test_a_clear_set_is_judged_right_and_told_in_the_table():
    row = next(row for seed in range(20) if (row := scoring.judge(simulate("bird_dog", "thigh", seed))).meant > 1)
    assert row.right
    assert (row.matched, row.missed, row.false) == (row.meant, 0, 0)
    assert len(row.holds) == row.meant
    lines = scoring.table([row])
    assert [line.split()[0] for line in lines[1:]] == ["bird_dog,", "all"]
    assert "100.0%" in lines[1]
    assert scoring.wrong([row]) == ["0 recordings counted wrong"]
    assert "counted  0" in scoring.wrong([replace(row, counted=0)])[1]


def test_without_the_domain_file_it_says_so(monkeypatch, capsys):
    monkeypatch.setattr(cli, "available", lambda: False)
    assert cli.main(["--quick"]) == 0
    assert "not beside the repository" in capsys.readouterr().out


def test_every_cell_has_sets_and_nobody_with_seeds_of_its_own():
    todo = cli.jobs(8, 100)
    assert len(todo) == len(set(todo)) == len(CELLS) * 10
    assert len({seed for _, _, seed, _ in todo}) == len(todo)
    assert sum(nobody for _, _, _, nobody in cli.jobs(1, 0)) == 2
