"""Recordings of real people are read: faults are flagged, none is refused that the contract allows."""

from __future__ import annotations

import collections
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from sciatrack_ingest import Recording, UnitsError, read

REAL = Path(__file__).parents[2] / "shared/data/real"
pytestmark = pytest.mark.skipif(
    not REAL.is_dir(), reason="the recordings of real people are not beside this repository"
)

NAMES = {"t": "time"} | {
    f"{short}{axis}": f"{name}_{axis}" for short, name in (("a", "acc"), ("g", "gyr")) for axis in "xyz"
}


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Recording | UnitsError]:
    """Every other recording of each set, through a file of the contract."""
    folder = tmp_path_factory.mktemp("real")
    found: dict[str, Recording | UnitsError] = {}
    for group in sorted(path for path in REAL.iterdir() if path.is_dir()):
        for source in sorted((group / "rec").glob("*.parquet"))[::2]:
            table = pq.ParquetFile(source).read()
            path = folder / source.name
            pq.write_table(table.rename_columns([NAMES[name] for name in table.column_names]), path)
            try:
                found[f"{group.name}/{source.stem}"] = read(path, units_acc="m/s^2", units_gyr="rad/s")
            except UnitsError as error:
                found[f"{group.name}/{source.stem}"] = error
    return found


def test_only_a_shank_below_7_m_s2_is_refused(recordings: dict[str, Recording | UnitsError]) -> None:
    refused = {name for name, result in recordings.items() if isinstance(result, UnitsError)}
    assert refused <= {"pi_bench_sts/s3_5sts_shank"}
    assert len(recordings) > 100


def test_no_gyroscope_is_set_aside(recordings: dict[str, Recording | UnitsError]) -> None:
    for name, result in recordings.items():
        assert isinstance(result, UnitsError) or (result.gyr is None) == name.startswith("mex_thigh"), name


def test_the_findings_are_the_faults_that_the_sets_tell_of(recordings: dict[str, Recording | UnitsError]) -> None:
    codes: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    for name, result in recordings.items():
        if isinstance(result, Recording):
            codes[name.split("/")[0]].update(finding.code for finding in result.findings)
    assert set(codes["hugadb_walk"]) <= {"clipped", "miscalibrated"}
    assert codes["hugadb_walk"]["clipped"] >= 2
    assert set(codes["mex_thigh"]) == {"miscalibrated"}
    assert set(codes["squat_kr"]) <= {"miscalibrated", "gap"}
    assert codes["squat_kr"]["miscalibrated"] >= 10
    assert set(codes["uci_pt"]) <= {"miscalibrated", "gyro_doubtful"}
    assert set(codes["pi_bench_sts"]) <= {"miscalibrated", "gyr_clipped"}
    assert not codes["mobgap_lowback"] + codes["st_yoga"] + codes["barbell_wrist"]


def test_a_thigh_at_14_m_s2_is_used_as_it_is(recordings: dict[str, Recording | UnitsError]) -> None:
    thighs = [result for name, result in recordings.items() if name.startswith("squat_kr") and name.endswith("u1")]
    assert thighs
    for result in thighs:
        assert isinstance(result, Recording)
        assert 13.0 < np.median(np.linalg.norm(result.acc, axis=1)) < 15.0
        assert any(finding.code == "miscalibrated" for finding in result.findings)
