"""`sciatrack annotate`: the trace at any zoom, the server's guard, saving, and the page itself in a browser."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import subprocess
import threading
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from sciatrack.annotating.desk import Desk, StaleError
from sciatrack.annotating.envelope import FACTOR, MOST_BINS, pyramid
from sciatrack.annotating.server import MOST_BYTES, TOKEN_HEADER, AnnotationServer
from sciatrack.commands.annotate import annotate
from sciatrack_ingest import Recording, read, write_recording
from sciatrack_ingest.truth_file import (
    Truth,
    TruthFileError,
    TruthRep,
    read_truth,
    to_dict,
    truth_path,
    write_truth,
)

ROOT = Path(__file__).resolve().parents[1]
JOURNEY = Path(__file__).with_name("annotate_journey.mjs")
RATE_HZ = 50.0


def recording(n: int = 3000) -> Recording:
    rng = np.random.default_rng(1)
    acc = np.array([0.0, 0.0, 9.81]) + rng.normal(0, 0.1, (n, 3))
    return Recording(np.arange(n) / RATE_HZ, acc, rng.normal(0, 0.1, (n, 3)), name="r.csv")


@pytest.fixture
def path(tmp_path):
    return write_recording(recording(), tmp_path / "r.csv")


@contextlib.contextmanager
def serving(path: Path):
    server = AnnotationServer(Desk(read(path), path))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def ask(server, method, url, body=None, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port)
    try:
        connection.request(method, url, body, {TOKEN_HEADER: server.token, **headers})
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.headers
    finally:
        connection.close()


@given(n=st.integers(1, 40_000), ends=st.tuples(st.floats(0, 1), st.floats(0, 1)), bins=st.integers(1, 900))
def test_no_peak_is_lost_at_any_zoom_and_no_screen_gets_too_much(n, ends, bins):
    values = np.zeros((n, 3))
    peak = n // 2
    values[peak, 1] = 5.0
    made = pyramid(Recording(np.arange(n) / RATE_HZ, values))
    low_s, high_s = sorted(end * n / RATE_HZ for end in ends)
    level = made.window(low_s, high_s, bins)
    if low_s <= peak / RATE_HZ <= high_s:
        assert level.high[:, 1].max() == 5.0
    assert len(level.time_s) <= max(MOST_BINS, FACTOR * (bins + 3))
    assert (level.low <= level.high).all()


def test_a_gap_stays_empty():
    values = np.full((100, 3), np.nan)
    values[:10] = 1.0
    made = pyramid(Recording(np.arange(100) / RATE_HZ, values))
    assert np.isnan(made.window(1.0, 2.0, 10).low).all()


def test_a_day_is_answered_with_no_more_than_a_screen_takes():
    made = pyramid(recording(400_000))
    assert len(made.window(0, 8000, 1000).time_s) <= FACTOR * 1000
    close = made.window(100.0, 101.0, 1000)
    assert len(close.time_s) == pytest.approx(50, abs=3)


def test_what_is_saved_is_there_after_a_reload(path):
    desk = Desk(read(path), path)
    fresh = desk.truth("A")["truth"]
    assert fresh["revision"] == 0
    assert not truth_path(path, "A").exists()
    said = desk.save(
        fresh | {"reps": [{"start_s": 1, "hold_start_s": 2, "hold_end_s": 4, "end_s": 5}], "open_marks": [7]}
    )
    again = Desk(read(path), path).truth("A")["truth"]
    assert again["revision"] == said["revision"] == 1
    assert again["reps"][0]["hold_end_s"] == 4
    assert again["open_marks"] == [7] or again["open_marks"] == (7,)


def test_a_second_page_of_the_same_annotator_overwrites_nothing(path):
    desk = Desk(read(path), path)
    fresh = desk.truth("A")["truth"]
    desk.save(fresh)
    with pytest.raises(StaleError, match="saved elsewhere"):
        desk.save(fresh)


def test_annotators_do_not_see_each_other(path):
    desk = Desk(read(path), path)
    desk.save(desk.truth("A")["truth"] | {"open_marks": [1]})
    assert desk.truth("B")["truth"]["open_marks"] in ([], ())


def test_one_who_has_seen_the_analysis_is_never_blind_again(path):
    desk = Desk(read(path), path)
    said = desk.save(desk.truth("A")["truth"] | {"blind": False})
    said = desk.save(desk.truth("A")["truth"] | {"blind": True, "revision": said["revision"]})
    assert said["blind"] is False
    assert read_truth(truth_path(path, "A")).blind is False


def test_nothing_found_is_shown_to_one_whose_file_says_blind(path):
    desk = Desk(read(path), path)
    for labels in ({}, {"annotator": "A"}):
        with pytest.raises(TruthFileError):
            desk.found(labels)
    desk.save(desk.truth("A")["truth"] | {"blind": False})
    assert desk.found({"annotator": "A", "exercise": "generic", "placement": "hip"}) == []


def test_another_s_file_given_as_output_is_refused(path, tmp_path):
    output = tmp_path / "t.json"
    desk = Desk(read(path), path, output)
    desk.save(desk.truth("A")["truth"])
    with pytest.raises(TruthFileError, match="file of A"):
        desk.truth("B")
    with pytest.raises(StaleError):
        desk.save(to_dict(Truth("r.csv", "B")))
    assert read_truth(output).annotator == "A"


def test_only_this_computer_s_own_page_with_the_token_gets_an_answer(path):
    with serving(path) as server:
        assert server.server_address[0] == "127.0.0.1"
        assert ask(server, "GET", "/api/about")[0] == 200
        assert ask(server, "GET", "/api/about", Host="evil.example")[0] == 403
        assert ask(server, "GET", "/", Host=f"evil.example:{server.server_port}")[0] == 403
        assert ask(server, "GET", "/api/about", Origin="http://evil.example")[0] == 403
        assert ask(server, "GET", "/api/about", Origin="null")[0] == 403
        assert ask(server, "GET", "/api/about", Origin=f"http://127.0.0.1:{server.server_port}")[0] == 200
        for wrong in ("", "x", server.token[:-1]):
            assert ask(server, "GET", "/api/about", **{TOKEN_HEADER: wrong})[0] == 401
            assert ask(server, "PUT", "/api/truth", "{}", **{TOKEN_HEADER: wrong})[0] == 401
        assert not list(path.parent.glob("*.truth-*"))


def test_the_page_may_load_nothing_from_elsewhere(path):
    with serving(path) as server:
        for name in ("/", "/annotate.js", "/annotate.css", "/marks.js", "/saving.js", "/drawing.js"):
            status, body, headers = ask(server, "GET", name)
            assert status == 200
            assert b"://" not in body.replace(b"http://www.w3.org", b"")
            policy = headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert server.token.encode() not in body
        assert ask(server, "GET", "/../server.py")[0] == 404
        assert ask(server, "GET", "/api/truth?annotator=..%2F..%2Fx")[0] == 400


def test_what_can_not_be_is_answered_in_words_and_writes_nothing(path):
    with serving(path) as server:
        status, body, _ = ask(
            server, "PUT", "/api/truth", json.dumps(to_dict(Truth("r.csv", "A", open_marks=(2.0, 1.0))))
        )
        assert status == 400
        assert b"open_marks" in body
        assert ask(server, "PUT", "/api/truth", "{")[0] == 400
        assert ask(server, "PUT", "/api/truth", "", **{"Content-Length": str(MOST_BYTES + 1)})[0] == 413
        assert ask(server, "GET", "/api/trace?from=nan&to=x")[0] == 400
        assert ask(server, "POST", "/api/truth", "{}")[0] == 501
    assert not list(path.parent.glob("*.truth-*"))


def test_the_command_compares_two_annotators(path):
    rep = [TruthRep(10.0 * k, 10.0 * k + 1, 10.0 * k + 3 + k, 10.0 * k + 5 + k) for k in range(5)]
    late = [TruthRep(r.start_s, r.hold_start_s, r.hold_end_s + 0.2, r.end_s) for r in rep[:4]] + [rep[4]]
    write_truth(Truth("r.csv", "A", tuple(rep)), truth_path(path, "A"))
    assert CliRunner().invoke(annotate, [str(path), "--agreement"]).exit_code == 1
    write_truth(Truth("r.csv", "B", tuple(late)), truth_path(path, "B"))
    done = CliRunner().invoke(annotate, [str(path), "--agreement"])
    assert done.exit_code == 0
    assert "B against A: 5 reps in common, 0 only A's, 0 only B's, F1 1.000" in done.output
    assert "hold_s       n    5  bias +0.160 s" in done.output


def test_a_folder_with_several_recordings_is_a_usage_error(path):
    write_recording(recording(), path.with_name("q.csv"))
    done = CliRunner().invoke(annotate, [str(path.parent)])
    assert done.exit_code == 2
    assert "holds 2 recordings" in done.output


def browser() -> tuple[str, str, str]:
    """node, playwright-core's folder and a Chromium; skips with the reason where one is absent."""
    node = shutil.which("node")
    chromium = next(
        (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
    )
    places = (os.environ.get("PLAYWRIGHT_CORE", ""), str(ROOT / "node_modules" / "playwright-core"))
    core = next((place for place in places if place and Path(place).is_dir()), None)
    for what, found in (
        ("node", node),
        ("a Chromium", chromium),
        ("playwright-core (PLAYWRIGHT_CORE=its folder)", core),
    ):
        if found is None:
            pytest.skip(f"{what} is not there: the page was not opened in a browser")
    assert node is not None
    assert chromium is not None
    assert core is not None
    return node, chromium, str(Path(core).resolve())


def test_a_researcher_marks_reps_in_a_browser_and_finds_them_again(path):
    node, chromium, core = browser()
    with serving(path) as server:
        done = subprocess.run(
            [node, str(JOURNEY), core, chromium, server.address], capture_output=True, text=True, timeout=120
        )
    assert done.returncode == 0, done.stdout + done.stderr
    truth = read_truth(truth_path(path, "A-1"))
    held, plain = truth.reps
    assert [held.start_s, held.hold_start_s, held.hold_end_s, held.end_s] == pytest.approx([6, 12, 24, 31], abs=0.2)
    assert plain.hold_s is None
    assert (held.side, held.complete, plain.complete) == ("left", True, False)
    assert truth.open_marks == pytest.approx((54.0,), abs=0.2)
    assert [(p.video_s, p.recording_s) for p in truth.video_points] == [(83.5, 10.0)]
    assert truth.blind is False
