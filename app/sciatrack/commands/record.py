"""`sciatrack record`: from a worn sensor to a session folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sciatrack.options import PLACEMENTS, SIDES, check_exercise

if TYPE_CHECKING:
    from sciatrack.live.recording import LiveOptions
    from sciatrack.recorder import OpenRadio
    from sciatrack_analytics.session_plan import Plan
    from sciatrack_signal.exercises import Exercise


AUTO = "auto"  # found by the analysis, as where nothing is said


@click.command()
@click.option("--demo", is_flag=True, help="A sensor in software, worn by a simulated person doing bridges.")
@click.option(
    "--sensor",
    "sensors",
    multiple=True,
    metavar="NAME_OR_ADDRESS",
    help="As `sciatrack scan` shows it. Once for each sensor.",
)
@click.option("--participant", required=True, metavar="P", help="A pseudonym: 1 to 32 letters, digits, _ or -.")
@click.option(
    "--placement",
    "placements",
    multiple=True,
    required=True,
    type=click.Choice(PLACEMENTS),
    help="Where it sits. Once for each sensor, in the same order.",
)
@click.option("--exercise", metavar="ID", help="What will be done. [default: found by the analysis]")
@click.option(
    "--plan",
    "plan_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Be led through a session plan (`sciatrack plan show` makes one) on the live page.",
)
@click.option("--side", type=click.Choice(SIDES), help="The working leg.")
@click.option(
    "--duration",
    type=click.FloatRange(min=0, min_open=True),
    metavar="S",
    help="Seconds. [default: until Ctrl-C; the demo's length]",
)
@click.option(
    "--fit-check/--no-fit-check",
    default=None,
    help="Stand, lie and do one rep first, to see whether the sensor sits well. [default: on at a terminal]",
)
@click.option("--timezone", metavar="ZONE", help="Like Europe/Berlin. [default: this computer's]")
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default="sessions",
    show_default=True,
    metavar="SESSIONS_DIR",
    help="Folder in which the session folder is made.",
)
@click.option("--live", is_flag=True, help="Show count, hold and what is next on a page, large, while recording.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, metavar="N", help="Port of the live page. [default: 8460]"
)
@click.option(
    "--lan", is_flag=True, help="Let other devices on this network open the live page; its address is a secret."
)
def record(
    demo: bool,
    sensors: tuple[str, ...],
    participant: str,
    placements: tuple[str, ...],
    exercise: str | None,
    plan_file: Path | None,
    side: str | None,
    duration: float | None,
    fit_check: bool | None,
    timezone: str | None,
    output: Path,
    live: bool,
    port: int,
    lan: bool,
) -> None:
    """Record one or more worn sensors into a session folder and analyse it; prints the folder.

    Data are on disk within a second. A sensor that is lost is sought again until you stop with Ctrl-C.
    docs/recording.md shows how to wear a sensor and what each message means. Tested with sensors in software and
    with captured packets, never yet with hardware.

    \b
    Example:
      sciatrack record --demo --participant P01 --placement right_thigh
      sciatrack record --demo --participant P01 --placement right_thigh --live
      sciatrack record --sensor "Movesense 174630000192" --participant P01 --placement hip --exercise glute_bridge
    """
    if demo == bool(sensors):
        raise click.UsageError(
            "Say what to record: either --demo, or --sensor NAME_OR_ADDRESS (see `sciatrack scan`)."
        )
    if sensors and len(sensors) != len(placements):
        raise click.UsageError(
            f"Each sensor needs its placement: {len(sensors)} --sensor, {len(placements)} --placement."
        )
    if len({name.casefold() for name in sensors}) != len(sensors):
        raise click.BadParameter(
            "the same sensor twice; where two have one name, say their addresses (`sciatrack scan` shows them).",
            param_hint="--sensor",
        )
    if len(set(placements)) != len(placements):
        raise click.BadParameter("two sensors cannot sit at the same place", param_hint="--placement")
    if plan_file is not None and (exercise is not None or side is not None):
        raise click.UsageError("A plan says which exercises and sides: leave out --exercise and --side.")
    if (port or lan) and not (live or plan_file):
        raise click.UsageError("--port and --lan say where the live page is: add --live.")
    plan = _plan(plan_file, output) if plan_file is not None else None
    page = _page(port, lan, plan) if live or plan else None
    _record(
        demo, sensors, participant, placements, exercise, side, duration, fit_check, timezone, output, plan, page
    )


def _plan(plan_file: Path, output: Path) -> Plan:
    from sciatrack_analytics.session_plan import PlanError, read_plan
    from sciatrack_analytics.study import study_exercises

    try:
        return read_plan(plan_file, study_exercises(output.absolute().parent))
    except PlanError as error:
        raise click.BadParameter(str(error), param_hint="--plan") from error


def _page(port: int, lan: bool, plan: Plan | None) -> LiveOptions:
    from functools import partial

    from sciatrack.live.recording import LiveOptions

    return LiveOptions(port, lan, plan.to_dict() if plan else None, partial(click.echo, err=True))


def _record(
    demo: bool,
    sensors: tuple[str, ...],
    participant: str,
    placements: tuple[str, ...],
    exercise: str | None,
    side: str | None,
    duration: float | None,
    fit_check: bool | None,
    timezone: str | None,
    output: Path,
    plan: Plan | None,
    live: LiveOptions | None,
) -> None:
    import sys

    from sciatrack import planned, recorder
    from sciatrack_analytics.software import software
    from sciatrack_ingest.manifest import PseudonymError, ZoneError
    from sciatrack_ingest.session_recording import Sitting

    exercises = _exercises(exercise, plan, output)
    if exercise not in (None, AUTO):
        check_exercise(exercise, exercises, "--exercise")
    open_radio: OpenRadio = recorder.real_radio
    if demo:
        open_radio, duration, sensors, exercise = _demo(placements, exercise, side, duration)
    try:
        sitting = Sitting(
            participant=participant,
            timezone=timezone or recorder.local_timezone(),
            sensors=tuple(zip(sensors, placements, strict=True)),
            exercise="" if exercise in (None, AUTO) else exercise,
            side=side or "",
            origin="simulated" if demo else "recorded",
            software=" ".join(f"{name} {version}" for name, version in software().items()),
        )
    except PseudonymError as error:
        raise click.BadParameter(str(error), param_hint="--participant") from error
    except ZoneError as error:
        raise click.BadParameter(str(error), param_hint="--timezone") from error
    if plan is None:  # a plan's page asks for itself
        from sciatrack.before_session import check_past

        check_past(output, participant, sitting.timezone)
    asks = fit_check if fit_check is not None else sys.stdin.isatty() and sys.stderr.isatty() and not demo
    request = recorder.Request(
        sitting, open_radio, output, duration,
        planned_s=planned.plan_length_s(plan, exercises) if plan else None,
        fit_check=planned.intended(exercise, side, plan, exercises) if asks else None,
        live=live,
    )  # fmt: skip
    before = recorder.folders_in(output)
    try:
        done = recorder.record(request)
        if done.folder is not None:
            _close(done.folder, done.trouble)
    except KeyboardInterrupt:
        raise recorder.tell_interrupted(recorder.folders_in(output) - before) from None
    if done.trouble is not None:
        raise recorder.tell_trouble(done.trouble, done.folder)


def _close(folder: Path, trouble: Exception | None) -> None:
    """Finish and analyse what was recorded, and print it."""
    from sciatrack import recorder
    from sciatrack.closing import close_session
    from sciatrack_ingest.errors import SciatrackError

    try:
        lines = close_session(folder)
    except (SciatrackError, OSError) as error:
        raise recorder.tell_unfinished(error, folder, trouble) from error
    for line in lines:
        click.echo(line, err=True)
    click.echo(folder)


def _exercises(exercise: str | None, plan: Plan | None, output: Path) -> Mapping[str, Exercise]:
    """The study's own exercises with the built-in ones where they are meant, so that a slip in their file stops
    nothing else."""
    from sciatrack_signal.exercises import catalogue

    known = catalogue()
    if plan is None and exercise in (None, AUTO, *known):
        return known
    from sciatrack_analytics.study import study_exercises

    return study_exercises(output.absolute().parent)


def _demo(
    placements: tuple[str, ...], exercise: str | None, side: str | None, duration: float | None
) -> tuple[OpenRadio, float, tuple[str, ...], str]:
    """The radio of the demo, how long to record it, its sensors' names, and what is done."""
    from sciatrack import demo_sensor

    demo_sensor.check_installed()
    exercise = exercise or demo_sensor.EXERCISE
    played = demo_sensor.EXERCISE if exercise == AUTO else exercise
    leg = side if side in ("left", "right") else "right"
    names = tuple(f"IMU demo {placement}" for placement in placements)
    motions = [
        (name, demo_sensor.demo_motion(played, placement, leg))
        for name, placement in zip(names, placements, strict=True)
    ]
    length_s = duration or max(motion.duration_s for _, motion in motions)
    return (lambda: demo_sensor.demo_radio(demo_sensor.demo_sensors(motions))), length_s, names, exercise
