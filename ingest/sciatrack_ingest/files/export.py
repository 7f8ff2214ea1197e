"""A phone app's export, a zip or the folder that it unpacks to, seen in one way."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from sciatrack_ingest.errors import RecordingFileError
from sciatrack_ingest.files.table import TextTable, open_text

# Files that operating systems put into every archive.
JUNK = ("__MACOSX/", "desktop.ini", ".")
# A day at 100 Hz is 0.7 GB as text; a larger member is a mistake or a zip bomb.
MEMBER_MAX_BYTES = 2**31
# What zipfile was seen to let through for damaged, protected or exotic archives.
_ZIP_ERRORS = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, RuntimeError, NotImplementedError,
    ValueError, LookupError, OverflowError,
)  # fmt: skip


@dataclass(frozen=True)
class Export:
    """Members by their name inside the export ("meta/time.csv"); `get` gives one as a path or as bytes."""

    path: str
    names: tuple[str, ...]
    get: Callable[[str], Path | bytes]

    def find(self, name: str) -> str | None:
        """The member of that name whatever its case, or None."""
        return next((member for member in self.names if member.lower() == name.lower()), None)

    def table(self, name: str) -> TextTable:
        """One member as a CSV that has not been read yet. Raises RecordingFileError for an empty one."""
        return open_text(self.path, self.get(name), name)

    def tables(self) -> Iterator[TextTable]:
        """The CSV members at the top; empty ones (a sensor that gave nothing) are left out."""
        for name in self.names:
            if "/" not in name and name.lower().endswith(".csv"):
                source = self.get(name)
                if source.stat().st_size if isinstance(source, Path) else source:
                    yield open_text(self.path, source, name)


def open_folder(path: str) -> Export:
    """A folder as an export: its own files and those of its sub-folder `meta`."""
    folder = Path(path)
    files = sorted(file for file in [*folder.iterdir(), *folder.glob("meta/*")] if file.is_file())
    names = tuple(file.relative_to(folder).as_posix() for file in files if not _is_junk(file.name))
    return Export(path, names, lambda name: folder / name)


def open_zip(path: str) -> Export:
    """A zip as an export; one folder around everything is looked through.

    Raises RecordingFileError for a damaged or protected zip; `get` does so for a damaged member.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = {info.filename: info for info in archive.infolist() if not info.filename.endswith("/")}
    except _ZIP_ERRORS as error:
        raise RecordingFileError(path, f"damaged zip: {error}.", hint="Export or copy it again.") from error
    names = [name for name in members if not any(_is_junk(part) for part in _parts(name))]
    root = _common_folder(names)

    def get(name: str) -> bytes:
        info = members[root + name]
        if info.file_size > MEMBER_MAX_BYTES:
            raise RecordingFileError(path, f"{info.file_size} bytes are more than 2 GB.", where=name)
        try:
            with zipfile.ZipFile(path) as archive:
                return archive.read(info)
        except _ZIP_ERRORS as error:
            raise RecordingFileError(path, f"damaged zip: {error}.", where=name) from error

    return Export(path, tuple(sorted(name[len(root) :] for name in names)), get)


def _parts(name: str) -> tuple[str, ...]:
    return (*(f"{part}/" for part in PurePosixPath(name).parts[:-1]), PurePosixPath(name).name)


def _is_junk(part: str) -> bool:
    return part.startswith(JUNK)


def _common_folder(names: list[str]) -> str:
    """The folder around all names, with its slash; "" where there is none."""
    root = ""
    while names:
        heads = {name[len(root) :].partition("/")[0] for name in names}
        inside = all("/" in name[len(root) :] for name in names)
        if len(heads) != 1 or not inside:
            break
        root += f"{heads.pop()}/"
    return root
