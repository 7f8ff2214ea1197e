"""The online benchmark reads delays, timers and costs as they are; no time is asserted here."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

import online
from long_recordings import KINDS, make
from sciatrack_signal.pipeline import analyze
from signal_cases import Case

CASE = Case(rate_hz=100.0)


def test_delays_and_timers_of_a_clean_set():
    ends_s = np.array([rep.end_s for rep in CASE.truth])
    holds_s = np.array([(rep.hold_start_s, rep.hold_end_s) for rep in CASE.truth])
    told = online.listen(CASE.record(), ends_s, holds_s)
    assert told.true_reps == len(told.delays_s) == len(CASE.truth)
    held_s = sum(rep.hold_end_s - rep.hold_start_s - online.READ_AFTER_S for rep in CASE.truth)
    assert len(told.timers_s) == pytest.approx(10.0 * held_s, abs=len(CASE.truth))  # one look a packet
    assert 0.0 <= min(told.delays_s) <= max(told.delays_s) <= 1.0
    seen_s = np.array(told.timers_s)[np.isfinite(told.timers_s)]
    assert len(seen_s) > 0.8 * len(told.timers_s)
    assert np.abs(seen_s).max() <= 0.3


def test_where_no_timer_runs_a_look_says_so():
    still = CASE.record()
    still = replace(still, acc=np.tile(still.acc[:1], (still.n_samples, 1)), gyr=None)
    told = online.listen(still, np.empty(0), np.array([(3.0, 6.0)]), 1.0)
    assert len(told.timers_s) in (27, 28)
    assert np.isnan(told.timers_s).all()


def test_a_rep_that_was_not_there_is_not_told():
    told = online.listen(CASE.record(), np.array([1e6]), np.empty((0, 2)))
    assert told == online.Told((), (), 1)


def test_tables_are_compared_field_by_field():
    analysis = analyze(CASE.record())
    block = analysis.blocks[0]
    more = replace(block, count=block.count + 1)
    assert online.equal(CASE.record()) == (True, True)
    assert online.table(analysis) == online.table(replace(analysis, blocks=(replace(block, recording="other"),)))
    assert online.table(analysis) != online.table(replace(analysis, blocks=(more,)))


def test_each_packet_has_a_cost():
    spent_us, half, end = online.costs(0.01)
    assert len(spent_us) == 360
    assert (spent_us >= 0).all()
    assert 0 < half < end


def test_packets_cover_the_recording_once():
    recording = make(1, KINDS["mixed"]())
    rows = list(online.packets(recording))
    assert rows[0].start == 0
    assert rows[-1].stop >= recording.n_samples
    assert all(a.stop == b.start for a, b in pairwise(rows))
