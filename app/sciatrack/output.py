"""What the commands print: numbers fit for JSON, plain tables, and where output goes."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

# Sensors sample every 4 to 50 ms, so 1 ms in time keeps all there is; the same holds for 0.01 degrees.
DECIMALS = 3
DECIMALS_DEG = 2


def json_ready(value: Any, name: str = "") -> Any:
    """A copy in plain Python types, floats rounded by the unit in their key, NaN and infinity as None."""
    if isinstance(value, Mapping):
        return {key: json_ready(item, str(key)) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [json_ready(item, name) for item in value]
    if hasattr(value, "item"):  # a numpy scalar
        value = value.item()
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        return round(value, DECIMALS_DEG if name.endswith("_deg") else DECIMALS)
    return value


def console(stream: IO[str] | None = None) -> Console:
    """A console on stdout (or `stream`) that prints text as it is: no markup, no guessed colours.

    Piped output is plain and 80 columns wide unless COLUMNS says otherwise.
    """
    from rich.console import Console

    return Console(file=stream or sys.stdout, markup=False, highlight=False, emoji=False)


def plain_table(*headers: str, right: tuple[str, ...] = ()) -> Table:
    """An empty table with one rule below the headers; the columns named in `right` are right-aligned."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 2, 0, 0))
    for header in headers:
        table.add_column(header, justify="right" if header in right else "left", overflow="fold")
    return table


def _private(path: str, flags: int) -> int:
    """What somebody did and felt is nobody else's business, whatever the umask."""
    return os.open(path, flags, 0o600)


@contextmanager
def destination(output: Path | None, *, binary: bool = False, at_once: bool = True) -> Iterator[IO[Any]]:
    """The stream to write to: stdout, or the file `output`; a new file is its owner's alone.

    at_once : the file appears whole, under a temporary name until then, and an older one survives a failure.
              Otherwise what has been written stays, whatever happens next.
    """
    if output is None:
        yield sys.stdout.buffer if binary else sys.stdout
        return
    mode = "wb" if binary else "w"
    text = {} if binary else {"encoding": "utf-8", "newline": "\n"}
    target = output.with_name(f".{output.name}.{os.getpid()}.part") if at_once else output
    try:
        with open(target, mode, opener=_private, **text) as stream:  # type: ignore[call-overload]
            yield stream
        if at_once:
            os.replace(target, output)
    except BaseException:
        if at_once:
            target.unlink(missing_ok=True)
        raise
