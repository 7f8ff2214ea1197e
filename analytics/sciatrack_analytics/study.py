"""`Study`: one folder of sessions and CSV files, and the DuckDB index over them.

    with Study("clinic") as study:
        study.report("adherence_weekly", participant="P01")

The folder is the truth; `study.duckdb` only makes questions fast and can be rebuilt at any time. A study opened
read-only disturbs nobody; one opened for writing holds the index alone, so it is opened briefly.
"""

from __future__ import annotations

import datetime as dt
import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from sciatrack_analytics import sql_files
from sciatrack_analytics.connection import WAIT_S, IndexFileError, connect
from sciatrack_analytics.csv_tables import TABLES
from sciatrack_analytics.index import INDEX_VERSION
from sciatrack_analytics.settings import FILE_NAME as SETTINGS
from sciatrack_analytics.settings import StudySettings, read_settings
from sciatrack_analytics.sql_query import MAX_ROWS, TIMEOUT_S, QueryError, ask
from sciatrack_ingest.sessions import file_sha256, owner_only
from sciatrack_signal.exercises import Exercise, catalogue

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

INDEX = "study.duckdb"
SESSIONS = "sessions"
EXERCISES = "exercises.toml"
# Passes of DuckDB's optimizer that cost more than they save where a question reads one participant's rows: a tenth
# of the work of adherence_weekly. To leave out others as well makes some reports several times as slow.
COSTLY_PASSES = ("common_subexpressions", "cte_inlining")
# Files beside the sessions that the index holds a copy of; a change by hand makes the index stale.
INDEXED_FILES = (SETTINGS, EXERCISES, *(table.file_name for table in TABLES.values()))


class Study:
    """An open study. Close it, or use it in a `with` statement; read-only unless `write=True`.

    Raises SettingsError where the folder is no study, StudyLockedError where another process holds the index
    for longer than `wait_s` seconds, IndexFileError where the index is missing, damaged or of another version.
    `config` are settings of DuckDB, for a connection that may do less than it usually may.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        write: bool = False,
        wait_s: float = WAIT_S,
        config: Mapping[str, Any] | None = None,
    ) -> None:
        self.path = Path(path)
        self.settings: StudySettings = read_settings(self.path)
        self.writes = write
        self._variables: dict[str, Any] = {}
        self.con = connect(self.path / INDEX, read_only=not write, wait_s=wait_s, config=config)
        try:
            views = self._check_version()
            self._set(
                qualifying_ratio=self.settings.qualifying_ratio,
                target_ratio=self.settings.target_ratio,
                silence_days=self.settings.silence_days,
            )
            if views != sql_files.views_sha256():
                sql_files.create_views(self.con)
        except BaseException:
            self.con.close()
            raise

    def __enter__(self) -> Study:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self.con.close()

    @property
    def sessions(self) -> Path:
        """The folder that holds the session folders."""
        return self.path / SESSIONS

    @cached_property
    def exercises(self) -> Mapping[str, Exercise]:
        """The catalogue with the study's own exercises."""
        return study_exercises(self.path)

    def rows(self, query: str, parameters: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """All rows of a query; values go in by name (`$name`), never by pasting text."""
        return list(self.con.execute(query, dict(parameters or {})).fetchall())

    def arrow(self, query: str) -> pa.Table:
        """All rows of a query as an Arrow table."""
        return self.con.execute(query).to_arrow_table()

    def table_rows(self, table: str) -> list[dict[str, Any]]:
        """Every row of a stored table as a dictionary; for the small tables."""
        rows: list[dict[str, Any]] = self.arrow(f"select * from {table}").to_pylist()
        return rows

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or nothing. The log that DuckDB writes beside the index on commit is the owner's alone too."""
        self.con.begin()
        try:
            yield
        except BaseException:
            self.con.rollback()
            raise
        with owner_only():
            self.con.commit()

    def report(
        self,
        name: str,
        *,
        participant: str | None = None,
        from_date: dt.date | None = None,
        to_date: dt.date | None = None,
    ) -> pd.DataFrame:
        """One report as a DataFrame; see sciatrack_analytics.reports for names, columns and the header."""
        from sciatrack_analytics.reports import run

        return run(self, name, participant=participant, from_date=from_date, to_date=to_date).frame

    def sql(self, text: str, *, max_rows: int = MAX_ROWS, timeout_s: float = TIMEOUT_S) -> pd.DataFrame:
        """The rows of one SELECT, asked as `sciatrack sql` does: read-only, no files, no network, within limits.

        Warns where there are more than `max_rows`. Raises QueryError, and QueryStoppedError after `timeout_s`.
        """
        if self.writes:
            raise QueryError(f"{self.path} is open for writing here; open it read-only to ask it in SQL.")
        answer = ask(self.path, text, max_rows=max_rows, timeout_s=timeout_s)
        if answer.cut_off:
            warnings.warn(f"only the first {max_rows} rows; max_rows= asks for more", stacklevel=2)
        frame: pd.DataFrame = answer.table.to_pandas()
        return frame

    def stale_files(self) -> list[str]:
        """Files beside the sessions that were changed since the index read them."""
        known = dict(self.rows("select key, value from meta where key like 'sha256:%'"))
        return [name for name, now in file_digests(self.path).items() if known.get(f"sha256:{name}") != now]

    def set_variables(
        self,
        participant: str | None = None,
        from_date: dt.date | None = None,
        to_date: dt.date | None = None,
    ) -> None:
        """Whom and when the views speak about from now on: everybody and everything where nothing is given."""
        self._set(report_participant=participant, report_from=from_date, report_to=to_date)
        self.set_portion(None, None)

    def set_portion(self, first: str | None, last: str | None) -> None:
        """Of those whom the views speak about, only these participants and who stands between them; None: all."""
        self._set(portion_first=first, portion_last=last)

    def use_all_cores(self) -> None:
        """From now on on all cores: for what reads everybody's rows."""
        self.rows("reset threads")

    @contextmanager
    def planned_briefly(self) -> Iterator[None]:
        """Plan in less time, for a question that reads few rows."""
        self.rows(f"set disabled_optimizers = '{','.join(COSTLY_PASSES)}'")
        try:
            yield
        finally:
            self.rows("reset disabled_optimizers")

    def _set(self, **values: Any) -> None:
        """Set variables that the views read; one that was never set is null."""
        for name, value in values.items():
            if self._variables.get(name) != value:
                self.rows(f"set variable {name} = $value", {"value": value})
                self._variables[name] = value

    def _check_version(self) -> str:
        """Refuse an index of another version; returns the checksum of the views that it holds."""
        try:
            found = dict(self.rows("select key, value from meta"))
        except Exception as error:
            raise IndexFileError(self.path / INDEX, "is not an index of sciatrack.") from error
        if found.get("index_version") != INDEX_VERSION:
            raise IndexFileError(self.path / INDEX, "was made by another version of sciatrack.")
        return str(found.get("views"))


def study_exercises(path: Path) -> Mapping[str, Exercise]:
    """The built-in exercises and those of the study's own file, where it has one."""
    own = path / EXERCISES
    return catalogue(own if own.exists() else None)


def session_exercises(session: Path) -> Mapping[str, Exercise]:
    """The exercises that a session folder may speak of: the built-in ones and those of the study it lies in."""
    return study_exercises(session.absolute().parent.parent)


def file_digests(path: Path) -> dict[str, str]:
    """A checksum of each file beside the sessions; "" for one that is not there."""
    return {name: file_sha256(path / name) if (path / name).is_file() else "" for name in INDEXED_FILES}
