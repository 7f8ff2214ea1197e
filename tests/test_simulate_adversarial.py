"""Adversarial cases: all are there, an all-knowing detector meets each, and a blind one fails where it must."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from sciatrack_signal.result import FLAGS, Analysis, Block, Rep
from sciatrack_signal.simulate import AdversarialCase, SimulationError, adversarial, case_ids
from sciatrack_signal.simulate.expect import Expect, failures, match
from sciatrack_signal.simulate.truth import TrueBlock, TrueRep

# A31 is the collector's; A37, A44 and A45 are normal sets.
NOT_FOR_ANALYZE = {"A31", "A37", "A44", "A45"}
BLOCK = Block(
    recording="", block=0, block_start_s=0.0, block_end_s=1.0, exercise="generic", placement="hip", side="both",
    observability="full", note="", sampling_rate_hz=50.0, duration_s=1.0, gaps_s=0.0, algorithm="oracle", count=0,
    count_low=0, count_high=0,
)  # fmt: skip


def told(rep: TrueRep, extra: tuple[str, ...]) -> Rep:
    return Rep(
        set=rep.set, start_s=rep.start_s, hold_start_s=rep.hold_start_s, hold_end_s=rep.hold_end_s,
        end_s=rep.end_s, hold_s=rep.hold_s, hold_longest_s=rep.hold_longest_s, hold_s_low=rep.hold_s,
        hold_s_high=rep.hold_s, side=rep.side, rom_deg=rep.rom_deg, complete=rep.complete, confidence=1.0,
        flags=(*rep.flags, *extra),
    )  # fmt: skip


def oracle(case: AdversarialCase) -> Analysis:
    """What one who knows the truth would answer, in the words that the case asks for."""
    expect = case.expect
    note = "said" if expect.note or expect.note_or_flag or expect.refused else ""
    if expect.silent or not case.simulated.blocks:
        return Analysis((replace(BLOCK, note=note),))
    blocks = []
    for true in case.simulated.blocks:
        if expect.count == (0, 0):
            blocks.append(replace(BLOCK, note="not observable from here"))
            continue
        seen = [rep for rep in true.reps if not rep.indirect]
        reps = tuple(told(rep, tuple(set(expect.flags) - set(rep.flags))) for rep in seen)
        count = true.count
        low = count - 1 if expect.range_spans else count
        blocks.append(
            replace(BLOCK, reps=reps, count=count, count_low=low, count_high=count + expect.range_spans, note=note)
        )
    return Analysis(tuple(blocks))


def test_all_cases_for_analyze_are_built() -> None:
    assert set(case_ids()) == {f"A{k:02d}" for k in range(1, 53)} - NOT_FOR_ANALYZE
    with pytest.raises(SimulationError, match="A31"):
        adversarial("A31", seed=1)


@pytest.fixture(scope="module", params=case_ids())
def case(request: pytest.FixtureRequest) -> AdversarialCase:
    return adversarial(request.param, seed=1)


def test_an_all_knowing_detector_meets_the_case(case: AdversarialCase) -> None:
    assert case.failures(oracle(case)) == ()


def test_one_who_answers_nothing_or_nonsense_fails(case: AdversarialCase) -> None:
    nothing = Analysis((BLOCK,))
    times = np.arange(25.0, 55.0, 3.0)
    true = TrueRep(1, 0.0, 0.5, 1.5, 2.0, 1.0, 1.0, "both", 30.0, True)
    everywhere = tuple(
        replace(told(true, FLAGS), start_s=t, hold_start_s=t + 0.5, hold_end_s=t + 1.5, end_s=t + 2.0)
        for t in times
    )
    nonsense = Analysis((replace(BLOCK, reps=everywhere, count=99, count_low=99, count_high=99),))
    assert case.failures(nothing) or case.failures(nonsense)


def test_the_case_says_what_it_is_about(case: AdversarialCase) -> None:
    assert case.what
    assert case.expect.words
    assert case.recording.n_samples > 500 or case.id == "A52"
    assert set(case.expect.flags) | set(case.expect.never) <= set(FLAGS)
    if case.id == "A46":
        assert dict(case.units) != {"acc": "m/s^2", "gyr": "rad/s"}


def test_every_flag_that_truth_gives_is_the_contracts(case: AdversarialCase) -> None:
    for rep in case.simulated.reps:
        assert set(rep.flags) <= set(FLAGS)


@pytest.mark.parametrize("case_id", ["A01", "A16", "A48", "A52"])
def test_another_seed_is_another_case(case_id: str) -> None:
    first, second = (adversarial(case_id, seed=seed).recording for seed in (2, 3))
    assert first.n_samples != second.n_samples or not np.array_equal(first.acc, second.acc)
    again = adversarial(case_id, seed=2).recording
    np.testing.assert_array_equal(first.acc, again.acc)


@cache
def simulated_with(reps: tuple[TrueRep, ...]) -> AdversarialCase:
    made = adversarial("A52", seed=2)
    block = TrueBlock("glute_bridge", "both", 0.0, 100.0, "full", reps)
    return replace(made, simulated=replace(made.simulated, blocks=(block,)))


TRUE = tuple(TrueRep(1, t, t + 1, t + 6, t + 7, 5.0, 5.0, "both", 20.0, True) for t in (10.0, 20.0, 30.0))


def answer(reps: tuple[Rep, ...], **block: object) -> Analysis:
    filled = {"count": len(reps), "count_low": len(reps), "count_high": len(reps)} | block
    return Analysis((replace(BLOCK, reps=reps, **filled),))  # type: ignore[arg-type]


def said(expect: Expect, analysis: Analysis) -> str:
    return " ".join(failures(expect, simulated_with(TRUE).simulated, analysis))


def test_each_condition_is_checked() -> None:
    right = tuple(told(rep, ()) for rep in TRUE)
    late = tuple(replace(rep, hold_s=6.0, hold_longest_s=3.0, hold_end_s=40.0) for rep in right)
    false = replace(right[0], start_s=50.0, end_s=57.0)
    assert said(Expect("", count=(3, 3), hold_within_s=0.5, false_most=0), answer(right)) == ""
    assert "counted 3" in said(Expect("", count=(2, 2)), answer(right))
    assert "rep 1: hold_s" in said(Expect("", hold_within_s=0.5), answer(late))
    assert said(Expect("", hold_within_s=0.5, hold_within_share=0.25), answer(late)) == ""
    assert "hold_longest_s" in said(Expect("", hold_within_s=1.5, longest_too=True), answer(late))
    assert "rep 2" in said(Expect("", hold_within_s=0.5, reps=(2,)), answer(late))
    assert "rep 0" not in said(Expect("", hold_within_s=0.5, reps=(2,)), answer(late))
    assert "hold ends at" in said(Expect("", end_within_s=1.0), answer(late))
    assert "1 false" in said(Expect("", false_most=0), answer((*right, false)))
    assert "between 49.0" in said(Expect("", quiet_s=((49.0, 60.0),)), answer((*right, false)))
    assert "where none" in said(Expect("", silent=True), answer(right))
    assert "range" in said(Expect("", range_spans=True), answer(right))
    assert said(Expect("", range_spans=True), answer(right, count_high=4)) == ""
    assert "no note" in said(Expect("", note=True), answer(right))
    assert said(Expect("", note=True), answer(right, note="so")) == ""
    assert "neither" in said(Expect("", note_or_flag=("gap",)), answer(right))
    assert "0 of 3" in said(Expect("", flags=("shaky",)), answer(right))
    flagged = tuple(told(rep, ("shaky", "inferred")) for rep in TRUE)
    assert said(Expect("", flags=("shaky",)), answer(flagged)) == ""
    assert "shaky are wrong" in said(Expect("", never=("shaky",)), answer(flagged))
    assert "3 reps inferred" in said(Expect("", inferred_most=1), answer(flagged))


def test_reps_match_one_to_one_by_half_their_union() -> None:
    right = tuple(told(rep, ()) for rep in TRUE)
    assert match(TRUE, right) == [(0, 0), (1, 1), (2, 2)]
    assert match(TRUE, right[1:]) == [(1, 0), (2, 1)]
    assert match(TRUE, (replace(right[0], end_s=13.0),)) == []
    assert match(TRUE, ()) == []
