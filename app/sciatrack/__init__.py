"""What people touch: the command line and `import sciatrack as st`.

    rec = st.read("bridge.csv", units_acc="g")
    result = st.analyze(rec, exercise="glute_bridge", placement="right_thigh", side="right")
    result.reps                                   # a pandas DataFrame, one row a rep
    st.plot(rec, result.blocks[0])                # the angle, with reps and holds drawn in

The names below are loaded on first use, so that importing the package (and `sciatrack --help`) stays cheap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sciatrack.api import analyze
    from sciatrack.plot import plot
    from sciatrack_analytics.study import Study
    from sciatrack_ingest import Recording, read

    __version__: str

__all__ = ["Recording", "Study", "__version__", "analyze", "plot", "read"]

_HOMES = {
    "Recording": "sciatrack_ingest",
    "Study": "sciatrack_analytics.study",
    "analyze": "sciatrack.api",
    "plot": "sciatrack.plot",
    "read": "sciatrack_ingest",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("sciatrack")
    if name not in _HOMES:
        raise AttributeError(f"module 'sciatrack' has no attribute '{name}'")
    from importlib import import_module

    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
