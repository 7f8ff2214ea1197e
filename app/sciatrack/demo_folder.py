"""The folder that `sciatrack demo` fills: what it may replace there, and replacing it at one stroke.

A list of everything made, with digests, is left in the folder. Before anything is deleted the next demo compares:
a file that is not on the list, or no longer what it was, belongs to somebody, and the demo refuses.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sciatrack_ingest.errors import SciatrackError

RECORDINGS, PHONE, STUDY, RECORDED = "recordings", "phone", "study", "recorded"
REPORT, PARTICIPANT_REPORT, README = "report.html", "participant.html", "README.txt"
CONTENT = (RECORDINGS, PHONE, STUDY, RECORDED, REPORT, PARTICIPANT_REPORT, README)
LIST = "made-by-sciatrack-demo.sha256"  # as `sha256sum` writes it, so `sha256sum -c` reads it
BUILDING = ".building-sciatrack-demo"
INDEX = f"{STUDY}/study.duckdb"  # can always be made again, and changes when it is
EXPORTS = f"{STUDY}/exports.csv"  # grows with every report that somebody tries on the demo
NAMED_AT_MOST = 3


class DemoFolderError(SciatrackError, FileExistsError):
    """A folder that holds what no demo made; nothing in it was touched."""


def check(folder: Path) -> None:
    """Raises DemoFolderError unless `folder` is absent, empty, or an earlier demo's with nothing added to it."""
    if not folder.exists() or not [entry for entry in folder.iterdir() if entry.name != BUILDING]:
        return
    if not (folder / LIST).is_file():
        raise DemoFolderError(f"{folder} is there and was not made by a demo; give another folder with --output.")
    made = _read_list(folder / LIST)
    foreign = [
        name
        for name in _files(folder)
        if not name.startswith((INDEX, EXPORTS)) and made.get(name) != _digest(folder / name)
    ]
    if foreign:
        more = f" and {len(foreign) - NAMED_AT_MOST} more" if len(foreign) > NAMED_AT_MOST else ""
        raise DemoFolderError(
            f"{folder} was made by a demo, but since then {', '.join(foreign[:NAMED_AT_MOST])}{more} was added or "
            "changed and would be lost; delete the folder yourself, or give another one with --output."
        )


@contextmanager
def filled(folder: Path) -> Iterator[Path]:
    """A new folder to fill; what is in it at the end takes the place of an earlier demo's. On error nothing does.

    Only what CONTENT names may be put into it. Call `check` first.
    """
    building = folder / BUILDING
    there = folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(building, ignore_errors=True)  # of a demo that was killed
    building.mkdir()
    try:
        yield building
        _take_place(building, folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)
        if not there and not any(folder.iterdir()):
            folder.rmdir()


def _take_place(building: Path, folder: Path) -> None:
    """The list goes in before what it names: killed in between, the folder is still known as a demo's."""
    lines = [f"{_digest(building / name)}  {name}\n" for name in _files(building)]
    (building / LIST).write_text("".join(lines), encoding="utf-8", newline="\n")
    for name in CONTENT:
        if (folder / name).is_dir():
            shutil.rmtree(folder / name)
        else:
            (folder / name).unlink(missing_ok=True)
    os.replace(building / LIST, folder / LIST)
    for name in CONTENT:
        if (building / name).exists():
            os.replace(building / name, folder / name)


def _files(folder: Path) -> list[str]:
    """Paths below `folder` of all files (and links) that CONTENT covers, sorted."""
    found = []
    for name in CONTENT:
        top = folder / name
        inside = top.rglob("*") if top.is_dir() and not top.is_symlink() else [top]
        found += [path for path in inside if path.is_symlink() or path.is_file()]
    return sorted(path.relative_to(folder).as_posix() for path in found)


def _read_list(path: Path) -> dict[str, str]:
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}


def _digest(path: Path) -> str:
    if path.is_symlink() or not path.is_file():
        return "not a file"
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
