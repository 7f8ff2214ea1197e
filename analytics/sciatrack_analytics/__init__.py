"""Sessions, prescriptions and check-ins become answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sciatrack_analytics.study import Study

__all__ = ["Study"]


def __getattr__(name: str) -> Any:
    """`Study` is loaded on first use: a page that only writes session folders needs no database."""
    if name == "Study":
        from sciatrack_analytics.study import Study

        return Study
    raise AttributeError(f"module 'sciatrack_analytics' has no attribute '{name}'")
