"""`sciatrack demo`: the whole way from a recording to a report, on simulated data that come with the package."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from sciatrack.demo_recording import DemoRecording

SIMULATED = "All data of this demo are simulated; nobody in them exists."
SESSION = "1_glute_bridge.parquet"
LEGEND = """\
start, end   seconds from the beginning of the recording
hold s       seconds held; in brackets the interval meant to be right 9 times in 10
deg          how far the movement goes
sure         the probability that it happened as listed
flags        short_hold: held for less than the exercise asks"""
README = f"""\
Made by `sciatrack demo`. {SIMULATED}

recordings/       one session of each exercise; the file names say which
phone/            the same kind of thing as two phone apps export it
study/            24 participants over 12 weeks
recorded/         a session from the sensor in software; only with the extra `demo`
report.html       everybody in the study
participant.html  one of them

To the extent possible under law, these files are in the public domain (CC0 1.0).
"""


@click.command()
@click.option(
    "--output", type=click.Path(file_okay=False, path_type=Path), default="sciatrack-demo", show_default=True,
    metavar="DIR", help="Folder for all that the demo makes; new, empty, or an earlier demo's.",
)  # fmt: skip
def demo(output: Path) -> None:
    """Analyse a sample recording, build a sample study and write its report, all on simulated data.

    Needs no sensor and no network, takes less than a minute, and puts all that it makes into DIR. With the extra
    `demo` it also records from a sensor in software, over a real Bluetooth stack. The last line is the path of the
    report page.

    \b
    Example:
      sciatrack demo
      sciatrack demo --output /tmp/tour
    """
    from sciatrack import demo_folder
    from sciatrack.demo_recording import recording
    from sciatrack.samples import sample_dir

    samples = sample_dir()
    try:
        demo_folder.check(output)
        with demo_folder.filled(output) as building, recording(building / demo_folder.RECORDED) as recorder:
            click.echo(f"{SIMULATED}\n")
            (building / demo_folder.README).write_text(README, encoding="utf-8")
            _recording(samples, building, output)
            _study(samples, building, output)
            _recorded(recorder, output)
    except demo_folder.DemoFolderError as error:
        raise click.BadParameter(str(error), param_hint="--output") from error
    except BrokenPipeError:  # the reader of stdout has gone, which is no fault of the folder
        raise
    except OSError as error:
        raise click.ClickException(f"the demo could not be written: {error}") from error
    _next_steps(output)
    click.echo(f"\nThe report, for any browser:\n{output / demo_folder.REPORT}")


def _recording(samples: Path, building: Path, output: Path) -> None:
    """Copy the sample recordings, analyse one of them, print its table."""
    from sciatrack.batch import Job, run
    from sciatrack.demo_folder import PHONE, RECORDINGS
    from sciatrack.progress import progress_bar
    from sciatrack.rep_output import open_writer

    _copy(samples / "sessions", building / RECORDINGS)
    _copy(samples / "phone", building / PHONE)
    path = building / RECORDINGS / SESSION
    job = Job(str(output / RECORDINGS / SESSION), path)
    click.echo("1. A recording: glute bridges, one sensor on the right thigh\n")
    with progress_bar("analysing", 1) as bar:
        (outcome,) = run([job], 1)
        bar.advance()
    if outcome.analysis is None:
        raise click.ClickException(f"{outcome.name}: {outcome.error}")
    with open_writer("table", None) as write:
        write(outcome.analysis)
    click.echo(LEGEND)


def _copy(source: Path, target: Path) -> None:
    """Copy a folder's files, but not their modes: an installed package may be read-only."""
    target.mkdir()
    for path in source.iterdir():
        shutil.copyfile(path, target / path.name)


def _study(samples: Path, building: Path, output: Path) -> None:
    """Build the study of the sample cohort and write its pages."""
    from sciatrack import demo_folder as names
    from sciatrack.progress import progress_bar
    from sciatrack_analytics import cohort, reports
    from sciatrack_analytics.html import page
    from sciatrack_analytics.study import Study

    click.echo("\n2. A study: what was prescribed, done and felt over 12 weeks\n")
    cohort_dir = samples / "cohort"
    with progress_bar("building the study", _sessions(cohort_dir)) as bar:
        cohort.build_cohort_study(cohort_dir, building / names.STUDY, lambda *_: bar.advance())
    with Study(building / names.STUDY) as study, progress_bar("writing the report", 2) as bar:
        people = reports.participants(study)
        counts = {what: study.rows(f"select count(*) from {what}")[0][0] for what in ("session", "rep")}
        for name, participant in ((names.REPORT, None), (names.PARTICIPANT_REPORT, people[0])):
            (building / name).write_text(page(study, participant=participant), encoding="utf-8", newline="\n")
            bar.advance()
    size = f"{len(people)} participants, {counts['session']} sessions, {counts['rep']} repetitions"
    click.echo(
        f"{size} in {output / names.STUDY}\n{people[0]} alone has a page too: {output / names.PARTICIPANT_REPORT}"
    )


def _recorded(recorder: DemoRecording | None, output: Path) -> None:
    """Wait for the recorder and tell what it made, or why there is nothing."""
    from sciatrack.demo_folder import RECORDED

    click.echo("\n3. A recording as it happens, from a sensor in software\n")
    if recorder is None:
        click.echo("left out: it needs the extra `demo` (pip install 'sciatrack[demo]')")
        return
    folder, said = recorder.wait()
    for line in said:
        click.echo(line)
    if folder is None:
        click.echo("it failed; everything else of the demo is there")
        return
    replay = ("replay", output / RECORDED / folder.name, "--speed", "max")
    click.echo(f"\nthe same once more, packet by packet:\n  {_program()} {shlex.join(map(str, replay))}")


def _sessions(cohort_dir: Path) -> int:
    import pyarrow.parquet as pq

    return int(pq.read_metadata(cohort_dir / "sessions.parquet").num_rows)


def _next_steps(output: Path) -> None:
    from sciatrack.demo_folder import PHONE, RECORDINGS, STUDY

    phone: tuple[Any, ...] = (
        "analyze", output / PHONE / "sensor_logger_knee_to_chest.zip", "--exercise", "knee_to_chest",
        "--placement", "right_thigh", "--side", "right",
    )  # fmt: skip
    adherence = ("report", "adherence", "--study", output / STUDY, "--participant", "S04")
    steps: tuple[tuple[str, tuple[Any, ...]], ...] = (
        ("all nine exercises", ("analyze", output / RECORDINGS)),
        ("an export of a phone app", phone),
        ("what one participant did, week by week", adherence),
        ("how pain went", ("report", "pain", "--study", output / STUDY)),
        ("what a sensor can see of an exercise", ("exercises", "clamshell")),
    )  # fmt: skip
    click.echo("\n4. Try next")
    for words, arguments in steps:
        click.echo(f"\n{words}:\n  {_program()} {shlex.join(map(str, arguments))}")


def _program() -> str:
    """How to call this program again from the same shell, as it was called now."""
    typed = Path(sys.argv[0])
    if typed.stem != "sciatrack":
        return f"{shlex.quote(sys.executable)} -m sciatrack.cli"
    found = shutil.which("sciatrack")
    on_path = found is not None and typed.exists() and Path(found).samefile(typed)
    return "sciatrack" if on_path else shlex.quote(str(typed))
