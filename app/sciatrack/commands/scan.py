"""`sciatrack scan`: which sensors are in the air."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from sciatrack_ingest.radio import Found


@click.command()
@click.option(
    "--seconds",
    type=click.FloatRange(min=0.5, max=120.0),
    default=8.0,
    show_default=True,
    metavar="S",
    help="How long to listen.",
)
def scan(seconds: float) -> None:
    """List the supported sensors in the air, strongest first: name, address, signal (dBm) and family.

    A sensor that is connected to a phone or another program is silent and cannot be found. Which models are
    understood is in docs/sensors.md; none of them has been tried by us on hardware yet.

    \b
    Example:
      sciatrack scan --seconds 15
    """
    import asyncio

    from sciatrack_ingest.ble import BleakRadio
    from sciatrack_ingest.sensors import recognise

    click.echo(f"listening for {seconds:.0f} s ...", err=True)
    heard = asyncio.run(BleakRadio().scan(seconds))
    known = [found for found in heard if recognise(found.advertisement) is not None]
    for line in lines(known):
        click.echo(line)
    others = len(heard) - len(known)
    words = (_counted(len(known), "supported sensor"), _counted(others, "other device"))
    click.echo(", ".join(words), err=True)
    if not known:
        click.echo(
            "Wake the sensor (move it or press its button), bring it near, and close any phone app that "
            "holds it. docs/recording.md lists what else may be wrong.",
            err=True,
        )


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" + ("" if count == 1 else "s")


def lines(known: list[Found]) -> list[str]:
    """One line a sensor, in columns, strongest first."""
    from sciatrack_ingest.sensors import recognise

    rows = []
    for found in sorted(known, key=lambda one: -(one.advertisement.rssi_dbm or -999)):
        heard, family = found.advertisement, recognise(found.advertisement)
        rssi = "" if heard.rssi_dbm is None else f"{heard.rssi_dbm} dBm"
        rows.append((heard.name or "(no name)", heard.address, rssi, family.title if family else ""))
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
    return [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row[:3], widths, strict=True)), row[3]])
        for row in rows
    ]
