"""The reports in SQL against a second, slow implementation in pandas, on random studies.

`.ci/run` tries some of them; 200 are tried by: STUDIES=200 python -m pytest tests/test_report_twin.py
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, note, settings
from hypothesis import strategies as st

from random_study import random_study, write
from sciatrack_analytics import reports
from sciatrack_analytics.store import create_study, rebuild
from sciatrack_analytics.study import Study
from slow_study import SlowStudy

STUDIES = int(os.environ.get("STUDIES", "12"))
KEYS = {
    "adherence_daily": ["participant", "exercise", "local_date"],
    "adherence_weekly": ["participant", "exercise", "week_start"],
    "adherence_patient": ["participant"],
    "cohort_week": ["arm", "study_week"],
    "pain_trend": ["participant", "site"],
    "pain_cohort": ["arm", "site", "study_week"],
    "session_log": ["participant", "start_local", "tz", "exercise", "placement", "side", "duration_s", "flags"],
    "prescription_history": ["participant", "exercise", "version"],
    "retention_km": ["arm", "day"],
    "sensor_vs_selfreport": ["participant", "exercise"],
    "data_quality": ["participant", "device"],
}


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("empty") / "study"
    create_study(folder, timezone="Europe/Berlin")
    return folder


@settings(
    max_examples=STUDIES, deadline=None, derandomize=STUDIES <= 50,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(
    seed=st.integers(0, 2**32), n_people=st.integers(0, 4), n_days=st.integers(5, 40),
    cut=st.none() | st.integers(0, 40), rebuilt=st.booleans(),
)  # fmt: skip
@example(seed=0, n_people=0, n_days=5, cut=None, rebuilt=False)
@example(seed=1, n_people=1, n_days=30, cut=None, rebuilt=True)
@example(seed=129, n_people=2, n_days=32, cut=24, rebuilt=False)  # only the leg that is not asked for is seen
@example(seed=4168250, n_people=1, n_days=9, cut=5, rebuilt=False)  # no session holds anything
def test_both_implementations_agree(
    empty: Path, seed: int, n_people: int, n_days: int, cut: int | None, rebuilt: bool
) -> None:
    rows = random_study(seed, n_people, n_days)
    with tempfile.TemporaryDirectory() as place:
        folder = shutil.copytree(empty, Path(place) / "study")
        write(rows, folder)
        if rebuilt:
            assert rebuild(folder) == []
        slow = SlowStudy(rows)
        to = None
        if cut is not None and slow.cut_off is not None:
            to = slow.cut_off - dt.timedelta(days=cut)
            slow = SlowStudy(rows, to)
        with Study(folder) as study:
            found = {name: reports.run(study, name, to_date=to).frame for name in KEYS}
    for name, fast in found.items():
        note(f"{name} of seed {seed}, {n_people} people, {n_days} days, to {to}")
        grouped = getattr(slow, name, None)
        same(fast, grouped() if grouped else slow.all(name), KEYS[name])


def same(fast: pd.DataFrame, slow: pd.DataFrame, keys: list[str]) -> None:
    """The same rows by their keys, and the same values in every column that the slow one has."""
    assert len(fast) == len(slow)
    if slow.empty:
        return
    fast, slow = (by_keys(frame, keys) for frame in (fast, slow))
    for column in slow.columns:
        for at, (left, right) in enumerate(zip(plain(fast[column]), plain(slow[column]), strict=True)):
            if isinstance(left, float) and isinstance(right, float):
                assert left == pytest.approx(right, rel=1e-9, abs=1e-9), (column, at)
            else:
                assert left == right, (column, at)


def by_keys(frame: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    order = pd.DataFrame({key: [str(value) for value in plain(frame[key])] for key in keys})
    return frame.iloc[order.sort_values(keys, kind="stable").index].reset_index(drop=True)


def plain(column: pd.Series) -> list[object]:
    """Numbers as floats, dates and truth as text, whatever is missing as None."""
    return [_plain(value) for value in column]


def _plain(value: object) -> object:
    if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, dt.date):
        return pd.Timestamp(value).isoformat()
    if isinstance(value, bool | np.bool_):
        return str(bool(value))
    return float(value) if isinstance(value, int | float | np.number) else str(value)
