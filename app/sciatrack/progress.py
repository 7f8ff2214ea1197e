"""A progress bar on stderr, where a person is looking; silence elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress


class Bar:
    """Steps done of a known total. Without a `Progress` behind it every call does nothing."""

    def __init__(self, progress: Progress | None = None, what: str = "", total: int = 0) -> None:
        self._progress = progress
        self._task = progress.add_task(what, total=total) if progress else None

    def advance(self) -> None:
        if self._progress is not None and self._task is not None:
            self._progress.advance(self._task)

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """While lines are printed to the same terminal, the bar is away and cannot run through them."""
        if self._progress is None:
            yield
            return
        self._progress.stop()
        try:
            yield
        finally:
            self._progress.start()


@contextmanager
def progress_bar(what: str, total: int, *, quiet: bool = False) -> Iterator[Bar]:
    """A bar that counts to `total` while stderr is a terminal; it leaves no trace when done."""
    if quiet or not sys.stderr.isatty():
        yield Bar()
        return
    from rich.console import Console
    from rich.progress import Progress

    # stdout is never redirected through the bar: results must reach the pipe or file they were sent to.
    with Progress(
        console=Console(stderr=True), transient=True, redirect_stdout=False, redirect_stderr=False
    ) as progress:
        yield Bar(progress, what, total)
