"""`sciatrack exercises`: the catalogue, with what each sensor position shows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sciatrack.options import check_exercise, exercise_file_option

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from sciatrack_signal.exercises import Exercise

VIEW_WORDS = {"hip": "hip", "thigh_working": "thigh, working leg", "thigh_other": "thigh, other leg"}
SIDE_WORDS = {
    "both": "both legs at once",
    "each": "each leg in turn, a set for each",
    "alternating": "left and right in turn",
    "painful": "the painful leg",
    "any": "any",
}
LEGEND = """\
What a sensor there can tell ("working": on the thigh of the leg that moves):
  full    repetitions and holds
  counts  repetitions; holds only as estimates
  weak    an answer only where the signal itself is clear enough
  none    nothing: reported as "not observable", never as "not done"
* the source article leaves this open; it is our default until a prescription says otherwise."""


@click.command()
@click.argument("exercise_id", metavar="[ID]", required=False)
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
@exercise_file_option
def exercises(exercise_id: str | None, form: str, exercise_file: Path | None) -> None:
    """Show the exercises and what a sensor sees of them; with an ID, one exercise whole.

    \b
    Example:
      sciatrack exercises
      sciatrack exercises clamshell
      sciatrack exercises --format json
    """
    from sciatrack_signal.exercises import catalogue

    known = catalogue(exercise_file)
    if exercise_id:
        check_exercise(exercise_id, known, "ID")
    chosen = known[exercise_id] if exercise_id else None
    if form == "json":
        _print_json(chosen, known)
    elif chosen:
        _print_one(chosen)
    else:
        _print_all(known)


def _print_json(chosen: Exercise | None, known: Mapping[str, Exercise]) -> None:
    import json
    from dataclasses import asdict

    from sciatrack.output import json_ready

    answer: Any = asdict(chosen) if chosen else [asdict(exercise) for exercise in known.values()]
    click.echo(json.dumps(json_ready(answer), indent=2, ensure_ascii=False, allow_nan=False))


def _print_all(known: Mapping[str, Exercise]) -> None:
    from sciatrack.output import console, plain_table

    table = plain_table("exercise", "hold", "repetitions", "hip", "working", "other")
    for exercise in known.values():
        grid = [exercise.views[name].observability for name in VIEW_WORDS]
        table.add_row(exercise.id, _starred(exercise, "hold_s", hold_words(exercise)), reps_words(exercise), *grid)
    out = console()
    out.print(table)
    out.print()
    out.print(LEGEND)


def _print_one(exercise: Exercise) -> None:
    from sciatrack.output import console

    out = console()
    also = f", also called {' or '.join(exercise.also_called)}" if exercise.also_called else ""
    out.print(f"{exercise.name} ({exercise.id}){also}\n", style="bold")
    out.print(f"Start: {exercise.start_position}\n")
    for number, step in enumerate(exercise.steps, start=1):
        out.print(f"{number}. {step}")
    if exercise.watch:
        out.print("\nWatch:")
        for line in exercise.watch:
            out.print(f"- {line}")
    out.print()
    out.print(_dose_table(exercise))
    out.print("* the source article leaves this open; it is our default.\n")
    _print_views(out, exercise)
    out.print("\nDo these under the supervision of a physical therapist; stop if your pain increases.")


def _dose_table(exercise: Exercise) -> Table:
    from sciatrack.output import plain_table

    rows = (
        ("hold_s", "hold", hold_words(exercise)),
        ("hold_target_s", "hold shown to the patient", _seconds(exercise.hold_target_s)),
        ("reps", "repetitions", _range(exercise.reps)),
        ("reps_scope", "counted", exercise.reps_scope),
        ("sides", "sides", SIDE_WORDS[exercise.sides]),
        ("sets", "sets", str(exercise.sets)),
        ("sessions_per_day", "sessions a day", str(exercise.sessions_per_day)),
        ("days_per_week", "days a week", str(exercise.days_per_week)),
    )
    table = plain_table("dose", "")
    for field, words, value in rows:
        table.add_row(words, _starred(exercise, field, value))
    return table


def _print_views(out: Console, exercise: Exercise) -> None:
    from sciatrack.output import plain_table

    table = plain_table("sensor on", "sees", "from", "because")
    for name, words in VIEW_WORDS.items():
        view = exercise.views[name]
        smallest = "" if view.observability == "none" else f"{view.min_range_deg:g}°"
        table.add_row(words, view.observability, smallest, view.reason)
    out.print(table)


def hold_words(exercise: Exercise) -> str:
    """The hold asked for, as "5 s" or "15-30 s"; "any" where nothing is asked."""
    low_s, high_s = exercise.hold_s
    if high_s == float("inf"):
        return "any" if low_s == 0 else f"from {_seconds(low_s)}"
    return _seconds(low_s) if low_s == high_s else f"{low_s:g}-{high_s:g} s"


def reps_words(exercise: Exercise) -> str:
    """The repetitions asked for, as "10-15" or "5 per side"."""
    words = _range(exercise.reps)
    return f"{words} {exercise.reps_scope}" if exercise.reps_scope != "total" else words


def _starred(exercise: Exercise, field: str, words: str) -> str:
    return f"{words} *" if field in exercise.our_defaults else words


def _range(pair: tuple[int, int]) -> str:
    return str(pair[0]) if pair[0] == pair[1] else f"{pair[0]}-{pair[1]}"


def _seconds(value_s: float) -> str:
    return f"{value_s:g} s"
