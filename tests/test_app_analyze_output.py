"""The five formats of `analyze`, and the rules that they share."""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from sciatrack.output import json_ready
from sciatrack.rep_output import FORMATS, open_writer
from sciatrack_signal.result import BLOCK_COLUMNS, REP_COLUMNS, TABLE_COLUMNS, Analysis, Block, Rep

REP = Rep(
    set=1,
    start_s=3.10004,
    hold_start_s=4.4,
    hold_end_s=8.5,
    end_s=10.0,
    hold_s=4.1,
    hold_longest_s=4.1,
    hold_s_low=3.9,
    hold_s_high=4.3,
    side="right",
    rom_deg=24.126,
    complete=True,
    confidence=0.97,
    flags=("short_hold", "gap"),
)
NO_HOLD = replace(
    REP,
    start_s=11.0,
    end_s=13.0,
    hold_start_s=None,
    hold_end_s=None,
    hold_s=None,
    hold_longest_s=None,
    hold_s_low=None,
    hold_s_high=None,
    rom_deg=float("nan"),
    complete=False,
    flags=(),
)
BLOCK = Block(
    recording="a [b].csv",
    block=0,
    block_start_s=0.0,
    block_end_s=78.2,
    exercise="glute_bridge",
    placement="right_thigh",
    side="right",
    observability="full",
    note="",
    sampling_rate_hz=103.12345,
    duration_s=78.2,
    gaps_s=0.0,
    algorithm="test 1",
    count=1,
    count_low=1,
    count_high=2,
    reps=(REP, NO_HOLD),
)
EMPTY = replace(BLOCK, recording="b.csv", reps=(), count=0, count_low=0, count_high=0, note="nothing found")


def written(form: str, tmp_path: Path, *analyses: Analysis) -> Path:
    path = tmp_path / f"out.{form}"
    with open_writer(form, path) as write:
        for analysis in analyses:
            write(analysis)
    return path


def test_jsonl_is_one_object_a_block_in_the_contract_s_keys(tmp_path: Path) -> None:
    lines = written("jsonl", tmp_path, Analysis((BLOCK,)), Analysis((EMPTY,))).read_text().splitlines()
    first, second = map(json.loads, lines)
    assert list(first) == [*BLOCK_COLUMNS, "reps"]
    assert list(first["reps"][0]) == list(REP_COLUMNS)
    assert first["reps"][0]["flags"] == ["short_hold", "gap"]
    assert second["reps"] == []
    assert second["note"] == "nothing found"


def test_numbers_are_rounded_by_their_unit_and_nan_is_null(tmp_path: Path) -> None:
    rep, no_hold = json.loads(written("jsonl", tmp_path, Analysis((BLOCK,))).read_text())["reps"]
    assert rep["start_s"] == 3.1
    assert rep["rom_deg"] == 24.13
    assert no_hold["rom_deg"] is None
    assert no_hold["hold_s"] is None


def test_json_is_one_array_even_when_empty(tmp_path: Path) -> None:
    both = json.loads(written("json", tmp_path, Analysis((BLOCK,)), Analysis((EMPTY,))).read_text())
    assert [block["recording"] for block in both] == ["a [b].csv", "b.csv"]
    assert json.loads(written("json", tmp_path).read_text()) == []


def test_csv_is_one_row_a_rep_block_columns_first(tmp_path: Path) -> None:
    text = written("csv", tmp_path, Analysis((BLOCK,)), Analysis((EMPTY,))).read_text()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert tuple(rows[0]) == TABLE_COLUMNS
    assert [row["start_s"] for row in rows] == ["3.1", "11.0"]
    assert rows[0]["flags"] == "short_hold gap"
    assert rows[1]["hold_s"] == ""
    assert pd.read_csv(io.StringIO(text))["complete"].tolist() == [True, False]


def test_parquet_holds_the_same_rows_as_csv_with_types(tmp_path: Path) -> None:
    table = pq.read_table(written("parquet", tmp_path, Analysis((BLOCK,)), Analysis((EMPTY,))))
    assert tuple(table.column_names) == TABLE_COLUMNS
    types = {name: str(table.schema.field(name).type) for name in table.column_names}
    assert (types["set"], types["hold_s"], types["flags"], types["complete"]) == (
        "int64",
        "double",
        "string",
        "bool",
    )
    rows = table.to_pylist()
    assert rows[0]["rom_deg"] == 24.13
    assert rows[1]["rom_deg"] is None
    assert rows[1]["hold_s"] is None


def test_parquet_without_reps_keeps_its_columns(tmp_path: Path) -> None:
    assert tuple(pq.read_table(written("parquet", tmp_path)).column_names) == TABLE_COLUMNS


def test_parquet_is_whole_when_rows_exceed_one_group(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("sciatrack.rep_output.ROWS_PER_GROUP", 3)
    path = written("parquet", tmp_path, *[Analysis((BLOCK,))] * 5)
    assert pq.read_table(path).num_rows == 10


def test_table_names_recording_and_shows_doubt_and_notes(tmp_path: Path) -> None:
    text = written("table", tmp_path, Analysis((BLOCK,)), Analysis((EMPTY,))).read_text()
    assert "a [b].csv: glute_bridge on right_thigh, side right: 1 repetition (between 1 and 2)" in text
    assert "4.1 (3.9-4.3)" in text
    assert "nan" not in text
    assert "not complete" in text
    assert "nothing found" in text
    assert "\x1b" not in text


def test_table_rows_fit_80_columns(tmp_path: Path) -> None:
    text = written("table", tmp_path, Analysis((BLOCK,))).read_text()
    assert max(len(line) for line in text.splitlines() if "observability" not in line) <= 80


@pytest.mark.parametrize("form", FORMATS)
def test_a_failure_leaves_an_older_file_whole_or_what_was_known(tmp_path: Path, form: str) -> None:
    path = tmp_path / "out"
    path.write_text("older")
    with pytest.raises(KeyboardInterrupt):
        _interrupted(form, path)
    if form == "jsonl":  # hours of finished recordings are worth more than the older file
        assert json.loads(path.read_text())["recording"] == "a [b].csv"
    else:
        assert path.read_text() == "older"
    assert [entry.name for entry in tmp_path.iterdir()] == ["out"]


def test_json_ready_turns_numpy_into_plain_values() -> None:
    ready = json_ready(
        {"count": np.int64(3), "hold_s": np.float64(1.23456), "complete": np.bool_(True), "x": [math.inf]}
    )
    assert ready == {"count": 3, "hold_s": 1.235, "complete": True, "x": [None]}
    assert type(ready["count"]) is int
    assert type(ready["complete"]) is bool


def _interrupted(form: str, path: Path) -> None:
    with open_writer(form, path) as write:
        write(Analysis((BLOCK,)))
        raise KeyboardInterrupt
