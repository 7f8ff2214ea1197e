"""`sciatrack replay`: a session once more, packet by packet, through the decoding that recorded it."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from sciatrack_ingest.decode_session import DecodedLog
    from sciatrack_ingest.rawread import RawLog

SAME_WITHIN = 1e-9  # seconds, m/s^2, rad/s: the same numbers through the same steps


def _speed(_: click.Context, __: click.Parameter, text: str) -> float:
    """A positive number, or infinity for `max`."""
    try:
        speed = math.inf if text == "max" else float(text)
    except ValueError:
        speed = math.nan
    if not speed > 0 or (math.isinf(speed) and text != "max"):
        raise click.BadParameter(f"'{text}' is neither a number above 0 nor max")
    return speed


@click.command()
@click.argument("session", metavar="SESSION", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--speed", callback=_speed, default="1", show_default=True, metavar="X|max",
    help="Times the pace of the recording.",
)  # fmt: skip
@click.option("--live", is_flag=True, help="Show it on the live page; what is pressed there is not kept.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, metavar="N", help="Port of the live page. [default: 8460]"
)
def replay(session: Path, speed: float, live: bool, port: int) -> None:
    """Play a session back as it came in, and decode it anew.

    Prints one line a sensor: samples, rate, losses, and whether they are the same as those stored in the session.
    Exit status 1 if they are not.

    \b
    Example:
      sciatrack replay sessions/P01-20260302T173000Z-1f3a9c2e --speed max
      sciatrack replay sessions/P01-20260302T173000Z-1f3a9c2e --live
    """
    if port and not live:
        raise click.UsageError("--port says where the live page is: add --live.")
    from sciatrack_ingest.decode_session import decode_log
    from sciatrack_ingest.playback import raw_logs

    found = raw_logs(session)
    logs = [log for log in found if log.header is not None]
    decoded = [decode_log(log) for log in logs]
    if live and logs:
        _play_live(session, logs, speed, port)
    else:
        _play(logs, decoded, speed)
    differs = False
    for log, sensor in zip(logs, decoded, strict=True):
        stored = _stored(log, sensor)
        click.echo(f"{log.path.stem.removeprefix('raw-')}: {_summary(sensor)}; {stored}")
        differs |= stored.startswith("differs")
    for log in found:
        for problem in log.problems:
            click.echo(f"{log.path}: {problem}", err=True)
    if differs:
        raise click.exceptions.Exit(1)


def _play_live(session: Path, logs: list[RawLog], speed: float, port: int) -> None:
    import asyncio
    from functools import partial

    from sciatrack.live.playing import play_live
    from sciatrack.live.recording import LiveOptions
    from sciatrack.recorder import stop_signals

    async def play() -> None:
        stop = asyncio.Event()
        with stop_signals(stop):
            await play_live(session, logs, speed, LiveOptions(port, say=partial(click.echo, err=True)), stop)

    asyncio.run(play())


def _play(logs: list[RawLog], decoded: list[DecodedLog], speed: float) -> None:
    """Show the packets as they come: a line that is written over on a terminal, a line every 10 s elsewhere."""
    from sciatrack_ingest.playback import play

    if math.isinf(speed):
        return
    packets = [0] * len(logs)
    shown_s = 0.0
    for elapsed_s, step in play(logs, speed):
        packets = [count + len(new) for count, new in zip(packets, step, strict=True)]
        if sys.stderr.isatty() or elapsed_s - shown_s >= 10.0 * max(speed, 1.0):
            shown_s = elapsed_s
            click.echo(f"{_progress(elapsed_s, logs, decoded, packets)}", err=True, nl=not sys.stderr.isatty())
            if sys.stderr.isatty():
                click.echo("\r", err=True, nl=False)
    if sys.stderr.isatty():
        click.echo(err=True)


def _progress(elapsed_s: float, logs: list[RawLog], decoded: list[DecodedLog], packets: list[int]) -> str:
    """Elapsed time, and for each sensor the samples up to its newest packet."""
    import numpy as np

    words = []
    for log, sensor, count in zip(logs, decoded, packets, strict=True):
        assert log.header is not None
        until_s = (
            (log.packets[count - 1].monotonic_ns - log.header.start_monotonic_ns) * 1e-9 if count else -math.inf
        )
        samples = int(np.searchsorted(sensor.recording.time_s, until_s))
        words.append(f"{sensor.recording.placement}: {count} packets, {samples} samples")
    return f"{elapsed_s:7.1f} s  " + "  ".join(words)


def _summary(sensor: DecodedLog) -> str:
    recording = sensor.recording
    if recording.n_samples == 0:
        return "no samples"
    gaps = "1 gap" if len(sensor.gaps) == 1 else f"{len(sensor.gaps)} gaps"
    links = "1 connection" if sensor.connections == 1 else f"{sensor.connections} connections"
    return (
        f"{recording.n_samples} samples in {recording.duration_s:.1f} s, {recording.sampling_rate_hz:.1f} Hz "
        f"(nominal {sensor.family.nominal_rate_hz:g}), {sensor.lost_samples} lost ({sensor.lost_percent:.2f} %) "
        f"in {gaps}, {links}"
    )


def _stored(log: RawLog, sensor: DecodedLog) -> str:
    """Are the samples those that the session holds?"""
    path = log.path.with_name(log.path.name.replace("raw-", "imu-", 1)).with_suffix(".parquet")
    if not path.exists():
        return "no stored samples to compare with"
    import numpy as np
    import pyarrow as pa
    from pyarrow import parquet

    from sciatrack_ingest.imu_file import imu_table

    try:
        stored = parquet.ParquetFile(path).read()
    except (pa.ArrowException, OSError) as error:
        return f"differs from {path.name}, which cannot be read ({error})"
    fresh = imu_table(sensor.recording)
    if stored.column_names != fresh.column_names or stored.num_rows != fresh.num_rows:
        return f"differs from {path.name}: {stored.num_rows} rows stored, {fresh.num_rows} decoded"
    for name in fresh.column_names:
        pair = (stored[name].to_numpy(), fresh[name].to_numpy())
        if not np.allclose(*pair, rtol=0.0, atol=SAME_WITHIN, equal_nan=True):
            return f"differs from {path.name} in {name}"
    return f"same as {path.name}"
