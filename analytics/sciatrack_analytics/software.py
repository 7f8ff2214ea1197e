"""Which software made this: said in every manifest and on every report."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version


def software() -> dict[str, str]:
    """Name and version of what makes sessions."""
    return {"sciatrack": _version()}


@cache
def _version() -> str:
    return version("sciatrack")
