"""The command `sciatrack`: which sub-commands there are, and what becomes of their errors.

A sub-command is imported when it is run, never for `sciatrack --help`; its line in COMMANDS is all that the
help needs. Nothing heavier than click may be imported at the top of this module or of a command's module:
numpy alone costs as much as three starts of the whole command line, scipy.signal as much as twenty.
"""

from __future__ import annotations

import difflib
import importlib
from typing import Any

import click

# name -> ("module:attribute", one line of help); in the order in which a newcomer meets them.
COMMANDS = {
    "demo": ("sciatrack.commands.demo:demo", "Show it all on simulated data, in under a minute."),
    "exercises": ("sciatrack.commands.exercises:exercises", "Show the exercises and what a sensor sees."),
    "analyze": ("sciatrack.commands.analyze:analyze", "Count repetitions and time holds in recordings."),
    "scan": ("sciatrack.commands.scan:scan", "List the sensors in the air."),
    "record": ("sciatrack.commands.record:record", "Record a worn sensor into a session folder."),
    "replay": ("sciatrack.commands.replay:replay", "Play a session back through the same decoding."),
    "recover": ("sciatrack.commands.recover:recover", "Finish a recording that was cut off."),
    "import": ("sciatrack.commands.import_:import_command", "Make session folders of recordings."),
    "study": ("sciatrack.commands.study:study", "Make a study, add to it, build its index anew."),
    "plan": ("sciatrack.commands.plan:plan", "Prescribe exercises, and show what is asked for."),
    "report": ("sciatrack.commands.report:report", "Report adherence, pain and sessions of a study."),
    "sql": ("sciatrack.commands.sql:sql", "Ask a study your own question, in SQL."),
    "export": ("sciatrack.commands.export:export", "Write a study as Motion-BIDS, FHIR or plain tables."),
    "annotate": ("sciatrack.commands.annotate:annotate", "Mark reps and holds by hand, for a better truth."),
    "verify": ("sciatrack.commands.verify:verify", "Check that sessions and studies are whole."),
}


class LazyGroup(click.Group):
    """A group whose commands are named in COMMANDS and imported one by one, when run."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module_name, attribute = COMMANDS[cmd_name][0].split(":")
        command = getattr(importlib.import_module(module_name), attribute)
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not ctx.resilient_parsing:
            close = difflib.get_close_matches(args[0], COMMANDS, n=1)
            if close:
                ctx.fail(f"There is no command '{args[0]}'. Did you mean '{close[0]}'?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            # Imported here: the error tree's package also holds Recording, and with it numpy.
            from sciatrack_ingest.errors import SciatrackError

            if isinstance(error, SciatrackError):
                raise click.ClickException(" ".join(str(error).split())) from error
            raise


def _print_version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        import sciatrack

        click.echo(f"sciatrack {sciatrack.__version__}")
        ctx.exit()


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_print_version,
    help="Show the version and exit.",
)
def cli() -> None:
    """Repetitions and hold times of sciatica exercises from one hip- or thigh-worn motion sensor.

    \b
    Example:
      sciatrack exercises glute_bridge
      sciatrack analyze bridge.csv --exercise glute_bridge --placement right_thigh
    """


def main() -> None:
    """The entry point: exit status 0, 1 when something failed, 2 for a usage error."""
    cli(prog_name="sciatrack")


if __name__ == "__main__":
    main()
