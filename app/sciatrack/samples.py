"""Where the bundled sample data lie. All of it is simulated."""

from __future__ import annotations

from pathlib import Path

from sciatrack_ingest.errors import SciatrackError

README = "README.md"  # by which the folder is known


class SampleDataError(SciatrackError, FileNotFoundError):
    """An installation without its sample data."""


def sample_dir() -> Path:
    """The folder sample_data of the repository this runs from, else the copy in the installed package.

    The repository's comes first: an editable install also leaves a copy, which is as old as the install.
    Raises SampleDataError where there is neither.
    """
    package = Path(__file__).resolve().parent
    for folder in (package.parents[1] / "sample_data", package / "sample_data"):
        if (folder / README).is_file():
            return folder
    raise SampleDataError(
        f"no sample data in {package}; install sciatrack again (pip install --force-reinstall sciatrack)"
    )
