"""The data dictionary: every column is described once, and nothing is described that is not there."""

from __future__ import annotations

import csv
import io
import json
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest
from click.testing import CliRunner

from sciatrack.cli import cli
from sciatrack_analytics import dictionary, reports
from sciatrack_analytics.store import create_study
from sciatrack_analytics.study import Study

TOLD = tomllib.loads((files("sciatrack_analytics") / "dictionary.toml").read_text(encoding="utf-8"))
SHARED = TOLD.pop("everywhere")
OWN = {(name, column) for name, body in TOLD.items() for column in body}


def test_it_is_about_the_relations_of_a_real_study(tmp_path: Path) -> None:
    create_study(tmp_path / "clinic")
    with Study(tmp_path / "clinic") as study:
        real = [
            (relation, column, type_)
            for relation in dictionary.RELATIONS
            for column, type_, *_ in study.rows(f"describe {relation}")
        ]
        there = {row[0] for row in study.rows("show tables")}
    assert [(entry.relation, entry.column, entry.type) for entry in dictionary.entries()] == real
    assert there == set(dictionary.RELATIONS)


def test_every_description_is_used_and_none_is_told_twice() -> None:
    real = {(entry.relation, entry.column) for entry in dictionary.entries()}
    assert real >= OWN
    assert {column for _, column in real} >= set(SHARED)
    assert not SHARED.items() & reports.columns().items()
    for relation, column in OWN:
        everywhere = (reports.columns() | SHARED).get(column)
        assert TOLD[relation][column] != everywhere, f"{relation}.{column} repeats what the name says everywhere"


def test_meanings_follow_the_relation() -> None:
    assert "prescribed" in dictionary.meaning("day_state", "hold_target_s")
    assert dictionary.meaning("selfreport", "reps") != dictionary.meaning("prescription", "reps")
    with pytest.raises(KeyError):
        dictionary.meaning("session", "no_such_column")


@pytest.mark.parametrize("form", ["json", "csv", "table"])
def test_the_command_prints_it(form: str) -> None:
    result = CliRunner().invoke(cli, ["sql", "--dictionary", "--format", form])
    assert result.exit_code == 0, result.output
    expected = len(dictionary.entries())
    if form == "json":
        rows = json.loads(result.stdout)["rows"]
    elif form == "csv":
        rows = list(csv.DictReader(io.StringIO(result.stdout)))
    else:
        assert all(name in result.stdout for name in dictionary.RELATIONS)
        return
    assert len(rows) == expected
    assert rows[0].keys() == {"relation", "stored", "grain", "column", "type", "meaning"}
