"""`sciatrack annotate`: a local page on which a researcher marks reps and holds, for a better truth."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sciatrack.options import PLACEMENTS

if TYPE_CHECKING:
    from sciatrack_ingest.truth_file import Truth


@click.command()
@click.argument("recording", metavar="RECORDING", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write here, not to NAME.truth-<annotator>.json beside the recording.",
)
@click.option("--port", type=click.IntRange(0, 65535), default=0, metavar="N", help="[default: a free one]")
@click.option("--open/--no-open", "browse", default=True, help="Open the page in a browser.  [default: open]")
@click.option(
    "--agreement", is_flag=True, help="Show no page: compare the truth files of this recording, two by two."
)
@click.option("--units-acc", type=click.Choice(["m/s^2", "g", "mg"]), help="Unit of acc_x, acc_y, acc_z.")
@click.option("--units-gyr", type=click.Choice(["rad/s", "deg/s"]), help="Unit of gyr_x, gyr_y, gyr_z.")
@click.option("--rate", type=click.FloatRange(min=0, min_open=True), metavar="HZ", help="Samples a second.")
@click.option("--placement", type=click.Choice(PLACEMENTS), help="Where the sensor sat.")
def annotate(
    recording: Path, output: Path | None, port: int, browse: bool, agreement: bool, units_acc: str | None,
    units_gyr: str | None, rate: float | None, placement: str | None,
) -> None:  # fmt: skip
    """Mark repetitions and holds by hand, on a page in this computer's browser.

    Every change is saved at once. End it with Ctrl-C. docs/annotating.md says how to mark and what the file holds.

    \b
    Example:
      sciatrack annotate bridge.csv
      sciatrack annotate bridge.csv --agreement
    """
    path = _one(recording)
    if agreement:
        _compare(path)
        return
    if output is not None and not output.absolute().parent.is_dir():
        raise click.BadParameter(f"the folder of '{output}' is not there; create it first", param_hint="--output")
    from sciatrack.annotating.desk import Desk
    from sciatrack.annotating.server import AnnotationServer
    from sciatrack_ingest import read

    desk = Desk(read(path, units_acc=units_acc, units_gyr=units_gyr, rate=rate, placement=placement), path, output)
    try:
        server = AnnotationServer(desk, port)
    except OSError as error:
        raise click.ClickException(f"port {port} can't be used: {error.strerror}; take another one") from error
    click.echo(server.address)
    click.echo("Open this address in a browser on this computer. Ctrl-C ends it.", err=True)
    if browse:
        click.launch(server.address)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        click.echo("ended", err=True)
    finally:
        server.server_close()


def _one(path: Path) -> Path:
    """The one recording at a path. Raises a usage error where there are none or several."""
    from sciatrack_ingest import find_recordings

    found = list(find_recordings(path))
    if len(found) != 1:
        names = ", ".join(str(one) for one in found[:4])
        raise click.BadParameter(
            f"'{path}' holds {len(found)} recordings; give one of them" + (f": {names}" if names else ""),
            param_hint="RECORDING",
        )
    return found[0]


def _compare(recording: Path) -> None:
    """Prints the agreement of each two annotators of a recording."""
    from itertools import combinations

    from sciatrack_ingest.truth_file import find_truth, read_truth, truth_path

    folder = truth_path(recording, "x").parent
    prefix = truth_path(recording, "x").name.removesuffix("x.json")
    truths = [
        read_truth(path) for path in find_truth(folder) if path.parent == folder and path.name.startswith(prefix)
    ]
    if len(truths) < 2:
        raise click.ClickException(f"{len(truths)} truth files beside {recording}; two annotators are needed")
    for first, second in combinations(truths, 2):
        click.echo("\n".join(agreement_lines(first, second)))


def agreement_lines(first: Truth, second: Truth) -> list[str]:
    """What two annotators' agreement is, in words and numbers."""
    from sciatrack_signal.annotators import agreement, marks_of

    found = agreement(marks_of(first), marks_of(second))
    tally = found.tally
    out = [f"{second.annotator} against {first.annotator}: {tally.matched} reps in common, {tally.missed} only "
           f"{first.annotator}'s, {tally.false} only {second.annotator}'s, F1 {tally.f1:.3f}"]  # fmt: skip
    for name, limits in (*found.marks.items(), ("hold_s", found.holds)):
        if limits.n:
            out.append(f"  {name:12} n {limits.n:4}  bias {limits.bias:+.3f} s  limits {limits.low:+.3f} to "
                       f"{limits.high:+.3f} s")  # fmt: skip
    low, high = found.icc_interval
    if found.icc == found.icc:
        out.append(f"  ICC(2,1) of holds {found.icc:.3f} (95 % {low:.3f} to {high:.3f})")
    else:
        out.append("  ICC(2,1) of holds: needs 5 holds in common that differ among themselves")
    return out
