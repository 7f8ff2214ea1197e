"""Truth files keep what was marked, refuse what can not be, and are replaced whole."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciatrack_ingest import find_recordings
from sciatrack_ingest.truth_file import (
    ClockPoint,
    Truth,
    TruthFileError,
    TruthRep,
    check,
    clock_rate,
    find_truth,
    from_dict,
    read_truth,
    to_dict,
    truth_path,
    video_s,
    write_truth,
)

HELD = TruthRep(1.0, 2.0, 6.5, 8.0, side="left", note="à peu près")
PLAIN = TruthRep(9.0, None, None, 11.0, complete=False)
TRUTH = Truth("bridge.csv", "A_1", (HELD, PLAIN), exercise="glute_bridge", placement="hip", open_marks=(12.0, 13.0))


@st.composite
def truths(draw):
    moments = sorted(draw(st.sets(st.integers(0, 10**7), min_size=0, max_size=24)))
    moments = [m / 1000 for m in moments]
    reps = []
    for k in range(0, len(moments) - 3, 4):
        a, b, c, d = moments[k : k + 4]
        held = draw(st.booleans())
        words = {
            "side": draw(st.sampled_from(("left", "right", "both", "unknown"))),
            "complete": draw(st.booleans()),
        }
        reps.append(
            TruthRep(a, b if held else None, c if held else None, d, note=draw(st.text(max_size=20)), **words)
        )
    return Truth(
        "r.csv", draw(st.from_regex(r"[A-Za-z0-9_-]{1,32}", fullmatch=True)), tuple(reps), blind=draw(st.booleans())
    )


@given(truth=truths())
def test_what_is_written_is_read(truth):
    assert from_dict(json.loads(json.dumps(to_dict(truth)))) == truth


def test_a_file_is_found_beside_its_recording_and_is_no_recording(tmp_path):
    (tmp_path / "bridge.csv").write_text("time,acc_x,acc_y,acc_z\n")
    path = truth_path(tmp_path / "bridge.csv", "A_1")
    write_truth(TRUTH, path)
    assert path.name == "bridge.truth-A_1.json"
    assert list(find_truth(tmp_path)) == [path]
    assert read_truth(path) == TRUTH
    assert [found.name for found in find_recordings(tmp_path)] == ["bridge.csv"]


def test_a_session_s_file_stands_beside_its_folder(tmp_path):
    session = tmp_path / "P1-20261125T101500Z"
    session.mkdir()
    (session / "manifest.json").write_text("{}")
    assert truth_path(session / "imu-hip.parquet", "B") == tmp_path / "P1-20261125T101500Z-imu-hip.truth-B.json"


def test_a_truth_that_can_not_be_leaves_the_file_as_it_was(tmp_path):
    path = tmp_path / "x.truth-A_1.json"
    write_truth(TRUTH, path)
    with pytest.raises(TruthFileError, match="rep 2 begins before rep 1"):
        write_truth(replace(TRUTH, reps=(HELD, replace(HELD, note="again"))), path)
    assert read_truth(path) == TRUTH
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"annotator": "../x"}, "pseudonym"),
        ({"annotator": ""}, "pseudonym"),
        ({"side": "port"}, "side 'port'"),
        ({"reps": (replace(HELD, hold_end_s=None),)}, "a beginning and an end"),
        ({"reps": (replace(HELD, hold_end_s=9.0),)}, "rising"),
        ({"reps": (replace(HELD, end_s=float("nan")),)}, "rising"),
        ({"reps": (replace(HELD, start_s="1"),)}, "rising"),
        ({"reps": (replace(HELD, note="x" * 501),)}, "500"),
        ({"open_marks": (1.0, 2.0, 3.0, 4.0)}, "open_marks"),
        ({"open_marks": (2.0, 1.0)}, "open_marks"),
        ({"video_points": (ClockPoint(0, 0), ClockPoint(10, 20))}, "0.500 s of film"),
        ({"video_points": (ClockPoint(0, 5), ClockPoint(1, 5))}, "one of them is wrong"),
    ],
)
def test_what_can_not_be_is_refused_in_words(change, words):
    with pytest.raises(TruthFileError, match=words):
        check(replace(TRUTH, **change))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "x.json"),
        ("[]", "no truth file"),
        ('{"format": "sciatrack-truth", "version": 2}', "version 2"),
        ('{"format": "sciatrack-truth", "version": 1, "recording": "a"}', "annotator"),
        ('{"format": "sciatrack-truth", "version": 1, "recording": "a", "annotator": "A", "reps": [{}]}', "rep"),
        ('{"format": "sciatrack-truth", "version": 1, "recording": "a", "annotator": "A", "reps": 3}', "no list"),
    ],
)
def test_a_broken_file_is_named(tmp_path, text, words):
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(TruthFileError, match=words) as caught:
        read_truth(tmp_path / "x.json")
    assert "x.json" in str(caught.value)


def test_keys_of_later_versions_are_passed_over():
    assert from_dict(to_dict(TRUTH) | {"mood": "fine"}) == TRUTH


def test_one_point_is_an_offset_and_two_take_out_the_drift():
    assert video_s((), 3.0) is None
    assert video_s((ClockPoint(10.0, 4.0),), 6.0) == 12.0
    points = (ClockPoint(10.0, 0.0), ClockPoint(1011.0, 1000.0))
    assert clock_rate(points) == pytest.approx(1.001)
    assert video_s(points, 500.0) == pytest.approx(510.5)
