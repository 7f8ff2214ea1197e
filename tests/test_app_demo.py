"""`sciatrack demo`: what it leaves and says, that its advice runs, and that it destroys nothing of anybody's."""

from __future__ import annotations

import functools
import hashlib
import shlex
import shutil
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sciatrack import demo_folder, demo_recording, samples
from sciatrack.cli import cli
from sciatrack.commands import demo as command
from sciatrack_analytics import cohort
from sciatrack_ingest.sessions import read_manifest, verify_session

ROOT = Path(__file__).parents[1]
PEOPLE = ("S01", "S04")  # enough for every page and for the commands that the demo advises
BUILD = cohort.build_cohort_study
HAS_BUMBLE = find_spec("bumble") is not None


@pytest.fixture(autouse=True, scope="module")
def _small_cohort() -> Iterator[None]:
    """Two of the 24 participants; `.ci/run` runs the whole demo."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cohort, "build_cohort_study", functools.partial(BUILD, participants=PEOPLE))
        patch.setattr(demo_recording, "SECONDS", 2.0)
        yield


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    """A demo in an empty folder, in which an earlier one was killed."""
    folder = tmp_path_factory.mktemp("demo") / "tour"
    (folder / demo_folder.BUILDING / "study").mkdir(parents=True)
    return folder, run(folder)


@pytest.fixture
def folder(made: tuple[Path, Result], tmp_path: Path) -> Path:
    """A copy of a finished demo to do things to."""
    return Path(shutil.copytree(made[0], tmp_path / "tour"))


@pytest.fixture
def plain_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages without content: drawing them takes longest, and what stands in them is seen to in `made`."""
    monkeypatch.setattr("sciatrack_analytics.html.page", lambda study, participant=None: "<!doctype html>")


def run(folder: Path) -> Result:
    return CliRunner().invoke(cli, ["demo", "--output", str(folder)])


def state(folder: Path) -> dict[str, str]:
    """Every file below a folder with its content's digest."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_last_line_is_the_report_page(made: tuple[Path, Result]) -> None:
    folder, result = made
    assert result.exit_code == 0
    assert result.stderr == ""
    last = Path(result.stdout.splitlines()[-1])
    assert last == folder / "report.html"
    assert "<!doctype html>" in last.read_text(encoding="utf-8").lower()
    assert "S01" in (folder / "participant.html").read_text(encoding="utf-8")


def test_the_output_says_that_all_is_simulated(made: tuple[Path, Result]) -> None:
    folder, result = made
    assert result.stdout.startswith(command.SIMULATED)
    assert command.SIMULATED in (folder / "README.txt").read_text(encoding="utf-8")
    assert "Simulated data" in (folder / "report.html").read_text(encoding="utf-8")


def test_the_rep_table_is_that_of_analyze(made: tuple[Path, Result]) -> None:
    folder, result = made
    table = CliRunner().invoke(cli, ["analyze", str(folder / "recordings" / command.SESSION)])
    assert ": 10 repetitions" in table.stdout
    assert table.stdout in result.stdout


def test_the_study_is_a_study_like_any_other(made: tuple[Path, Result]) -> None:
    folder, result = made
    verified = CliRunner().invoke(cli, ["verify", str(folder / "study")])
    assert verified.stdout == ""
    assert verified.exit_code == 0
    sessions = len(list((folder / "study" / "sessions").iterdir()))
    assert f"2 participants, {sessions} sessions" in result.stdout


def test_the_folder_holds_what_the_demo_names_and_nothing_is_left_beside_it(made: tuple[Path, Result]) -> None:
    folder, _ = made
    left_out = set() if HAS_BUMBLE else {demo_folder.RECORDED}
    assert {path.name for path in folder.iterdir()} == {*demo_folder.CONTENT, demo_folder.LIST} - left_out
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


@pytest.mark.skipif(not HAS_BUMBLE, reason="needs the extra `demo` (bumble)")
def test_it_records_from_the_sensor_in_software(made: tuple[Path, Result]) -> None:
    folder, result = made
    (session,) = (folder / demo_folder.RECORDED).iterdir()
    assert verify_session(session) == []
    assert read_manifest(session).origin == "simulated"
    assert "0.00 % lost" in result.stdout
    assert f"replay {session} --speed max" in result.stdout


@pytest.mark.usefixtures("plain_pages")
def test_without_the_extra_it_says_what_was_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_recording, "find_spec", lambda name: None)
    result = run(tmp_path / "tour")
    assert result.exit_code == 0
    assert "left out: it needs the extra `demo`" in result.stdout
    assert not (tmp_path / "tour" / demo_folder.RECORDED).exists()


@pytest.mark.usefixtures("plain_pages")
def test_a_recorder_that_fails_does_not_take_the_demo_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_recording, "find_spec", lambda name: True)
    monkeypatch.setattr(demo_recording, "PLACEMENT", "nowhere")
    result = run(tmp_path / "tour")
    assert result.exit_code == 0
    assert "it failed; everything else of the demo is there" in result.stdout
    assert result.stdout.splitlines()[-1] == str(tmp_path / "tour" / "report.html")


def advised(result: Result) -> list[list[str]]:
    """The commands under `Try next`, as a shell would split them, without the program's own name."""
    lines = result.stdout.split("Try next\n")[1].splitlines()
    commands = [shlex.split(line) for line in lines if line.startswith("  ")]
    assert all(words[:3] == [sys.executable, "-m", "sciatrack.cli"] for words in commands)
    return [words[3:] for words in commands]


def test_every_command_that_it_advises_runs_as_typed(made: tuple[Path, Result]) -> None:
    commands = advised(made[1])
    assert {words[0] for words in commands} == {"analyze", "report", "exercises"}
    for words in commands:
        result = CliRunner().invoke(cli, words)
        assert result.exit_code == 0, (words, result.output)
        assert len(result.stdout.splitlines()) > 3


def test_the_phone_export_it_advises_gives_repetitions(made: tuple[Path, Result]) -> None:
    (words,) = (words for words in advised(made[1]) if words[1].endswith(".zip"))
    assert "knee_to_chest on right_thigh, side right: 5 repetitions" in CliRunner().invoke(cli, words).stdout


@pytest.mark.parametrize(
    ("typed", "on_path", "said"),
    [
        ("venv/bin/sciatrack", None, "venv/bin/sciatrack"),
        ("venv/bin/sciatrack", "venv/bin/sciatrack", "sciatrack"),
        ("venv/bin/sciatrack", "other/sciatrack", "venv/bin/sciatrack"),
        ("my venv/bin/sciatrack", None, "'my venv/bin/sciatrack'"),
        ("app/sciatrack/cli.py", None, f"{shlex.quote(sys.executable)} -m sciatrack.cli"),
    ],
)
def test_the_program_is_named_as_it_was_called(
    typed: str, on_path: str | None, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("venv/bin/sciatrack", "other/sciatrack"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [typed, "demo"])
    monkeypatch.setattr(shutil, "which", lambda _: on_path and str(tmp_path / on_path))
    assert command._program() == said


@pytest.mark.usefixtures("plain_pages")
def test_a_second_demo_takes_the_place_of_the_first_and_leaves_what_lies_beside_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_recording, "find_spec", lambda name: None)
    (folder / "S04.html").write_text("mine")
    (folder / "study" / "study.duckdb").write_bytes(b"")  # an index is made again, whatever became of it
    (folder / "report.html").unlink()
    result = run(folder)
    assert result.exit_code == 0, result.output
    assert (folder / "S04.html").read_text() == "mine"
    assert (folder / "report.html").exists()
    assert (folder / "study" / "study.duckdb").stat().st_size > 0
    assert not (folder / demo_folder.BUILDING).exists()


@pytest.mark.parametrize(
    "name", ["study/checkins.csv", "study/sessions/mine-1/manifest.json", "recordings/mine.csv", "report.html"]
)
def test_what_was_added_or_changed_is_refused_and_untouched(folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    with (folder / name).open("a") as stream:
        stream.write("mine\n")
    before = state(folder)
    result = run(folder)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert name in result.stderr.replace("\n", "")
    assert "--output" in result.stderr
    assert state(folder) == before


def test_a_link_in_place_of_the_study_is_not_followed(folder: Path, tmp_path: Path) -> None:
    (folder / "study").rename(tmp_path / "elsewhere")
    (folder / "study").symlink_to(tmp_path / "elsewhere")
    before = state(tmp_path / "elsewhere")
    assert run(folder).exit_code == 2
    assert state(tmp_path / "elsewhere") == before


def test_a_folder_of_something_else_is_refused_and_untouched(tmp_path: Path) -> None:
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "thesis.txt").write_text("ten years of work")
    before = state(tmp_path)
    result = run(tmp_path)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "was not made by a demo" in result.stderr
    assert state(tmp_path) == before
    assert [path.name for path in tmp_path.rglob("*")] == ["study", "thesis.txt"]


def test_a_file_in_the_folder_s_place_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "tour").write_text("mine")
    assert run(tmp_path / "tour").exit_code == 2
    assert (tmp_path / "tour").read_text() == "mine"


def test_a_demo_that_fails_half_way_leaves_the_last_one(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    before = state(folder)
    monkeypatch.setattr(cohort, "build_cohort_study", full)
    result = run(folder)
    assert result.exit_code == 1
    assert "the demo could not be written: [Errno 28] No space left on device" in result.stderr
    assert state(folder) == before


def test_a_first_demo_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cohort, "build_cohort_study", interrupted)
    assert run(tmp_path / "tour").exit_code == 1
    assert list(tmp_path.iterdir()) == []


def test_a_demo_killed_while_it_replaced_the_last_one_can_be_run_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed when the old study was gone and nothing of the new one in place but the list."""
    real = demo_folder.os.replace
    calls = []

    def once(source: Path, target: Path) -> None:
        calls.append(target.name)
        if len(calls) == 3:
            raise KeyboardInterrupt
        real(source, target)

    def fill() -> None:
        with demo_folder.filled(folder) as building:
            for name in ("report.html", "README.txt"):
                (building / name).write_text("new")

    monkeypatch.setattr(demo_folder.os, "replace", once)
    with pytest.raises(KeyboardInterrupt):
        fill()
    assert calls == [demo_folder.LIST, "report.html", "README.txt"]
    assert [name for name in demo_folder.CONTENT if (folder / name).exists()] == ["report.html"]
    demo_folder.check(folder)


def test_the_list_is_one_that_sha256sum_reads(made: tuple[Path, Result]) -> None:
    folder, _ = made
    lines = (folder / demo_folder.LIST).read_text(encoding="utf-8").splitlines()
    listed = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
    assert listed == {name: digest for name, digest in state(folder).items() if name != demo_folder.LIST}


def test_sample_data_come_from_the_repository_else_from_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert samples.sample_dir() == ROOT / "sample_data"
    package = tmp_path / "lib" / "site-packages" / "sciatrack"
    (package / "sample_data").mkdir(parents=True)
    monkeypatch.setattr(samples, "__file__", str(package / "samples.py"))
    with pytest.raises(samples.SampleDataError, match="install sciatrack again"):
        samples.sample_dir()
    (package / "sample_data" / "README.md").touch()
    assert samples.sample_dir() == package / "sample_data"


def test_without_sample_data_the_demo_fails_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "__file__", str(tmp_path / "a" / "b" / "samples.py"))
    result = run(tmp_path / "tour")
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1
    assert not (tmp_path / "tour").exists()
