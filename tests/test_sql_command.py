"""`sciatrack sql`: one SELECT is answered, and nothing else is read, written or waited for, whoever asks."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from sciatrack.cli import cli
from sciatrack.commands import sql as command
from sciatrack_analytics import cohort, sql_query
from sciatrack_analytics.sql_query import QueryError, QueryStoppedError, ask
from sciatrack_analytics.study import Study

SAMPLE = Path(__file__).parents[1] / "sample_data" / "cohort"
SECRET = "a line that nobody may read"
TIMEOUT_S = 1.5  # long enough for every honest query here, short enough to wait for
SLACK_S = 15.0  # to start the child; one that was not stopped would run for minutes


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two people of the sample cohort, beside files that are none of a query's business."""
    root = tmp_path_factory.mktemp("sql")
    cohort.build_cohort_study(SAMPLE, root / "clinic", participants=("S12", "S19"))
    (root / "secret.csv").write_text(f"a\n{SECRET}\n")
    (root / "secret.json").write_text(json.dumps({"a": SECRET}))
    (root / "clinic" / "own.csv").write_text(f"a\n{SECRET}\n")
    return root / "clinic"


# {root} is the folder above the study. Whatever is not one SELECT over the relations is refused; what is one, but
# reaches for a file, is refused by DuckDB; what would run for ever or eat the memory is stopped.
REFUSED = [
    "copy person to '{root}/out.csv'",
    "copy (select 1) to '{root}/out.parquet' (format parquet)",
    "copy person from '{root}/secret.csv'",
    "export database '{root}/dump'",
    "import database '{root}/dump'",
    "attach '{root}/other.duckdb'",
    "attach ':memory:' as scratch",
    "detach clinic",
    "use memory",
    "select * from read_csv('{root}/secret.csv')",
    "select * from read_csv('{root}/clinic/own.csv')",
    "select * from read_csv_auto('{root}/secret.csv')",
    "select * from sniff_csv('{root}/secret.csv')",
    "select * from read_json('{root}/secret.json')",
    "select * from read_ndjson_objects('{root}/secret.json')",
    "select * from read_parquet('{root}/clinic/sessions/*/reps.parquet')",
    "select * from parquet_metadata('{root}/clinic/sessions/x/reps.parquet')",
    "select * from parquet_schema('/etc/passwd')",
    "select * from read_text('/etc/passwd')",
    "select * from read_blob('/proc/self/environ')",
    "select * from read_text('file:///etc/passwd')",
    "select * from glob('/etc/*')",
    "select * from glob('{root}/**')",
    "from '{root}/secret.csv'",
    "from '/etc/passwd'",
    "select * from '{root}/clinic/own.csv'",
    "select * from read_csv('/dev/stdin')",
    "select * from read_csv('http://127.0.0.1:9/a.csv')",
    "select * from 'https://127.0.0.1:9/a.parquet'",
    "select * from read_csv('s3://bucket/a.csv')",
    "install httpfs",
    "load httpfs",
    "load '{root}/evil.duckdb_extension'",
    "set enable_external_access = true",
    "set lock_configuration = false",
    "reset enable_external_access",
    "set memory_limit = '100GB'",
    "set temp_directory = '{root}/spill'",
    "set variable report_participant = 'S12'",
    "pragma enable_profiling",
    "pragma profiling_output = '{root}/profile.json'",
    "call force_checkpoint()",
    "checkpoint",
    "vacuum",
    "select 1; copy person to '{root}/out.csv'",
    "select 1; select 2",
    "select 1) to '{root}/out.csv'; --",
    "create table t as select 1",
    "create temp table t as select 1",
    "create or replace temp view person as select 1 as participant",
    "create macro f() as 1",
    "create secret s (type s3, key_id 'a', secret 'b')",
    "insert into participant select * from participant",
    "update session set participant = 'X'",
    "delete from rep",
    "drop table rep",
    "alter table rep add column x integer",
    "truncate rep",
    "begin transaction",
    "prepare p as select 1",
    "explain analyze select 1",
    "select getenv('HOME')",
    "select * from query('copy person to ''{root}/out.csv''')",
    "select * from json_execute_serialized_sql(json_serialize_sql('select * from ''{root}/secret.csv'''))",
    "select * from sys_path",
    "select * from text",
    "select * from request",
    "select * from duckdb_extensions()",
    "select current_setting('no such setting')",
    "",
    ";",
    "-- nothing",
]
STOPPED = [
    "select count(*) from rep a, rep b, rep c where a.hold_s * b.hold_s * c.hold_s = 3.14",
    "select sum(a.range * b.range) from range(1000000000) a, range(1000000000) b",
    "with recursive r as (select 1 as x union all select x + 1 from r) select count(*) from r",
    "select count(*) from generate_series(1, 9223372036854775806) where generate_series % 7 = 9",
    "select length(repeat('x', 3000000000))",
    "select len(range(1000000000))",
    "select list(a.start_s) from rep a, rep b, rep c",
    "select string_agg(repeat('x', 100000), '') from rep a, rep b",
    "select repeat('y', 1000000) from rep",
    "select * from range(10000000000) order by hash(range)",
    "select list_reduce(range(100000000), lambda a, b: a + b)",
    "select count(distinct (a.range, b.range)) from range(100000) a, range(100000) b",
]


def digests(root: Path) -> dict[str, str]:
    """Every file below the folder, with its content."""
    files = sorted(path for path in root.rglob("*") if path.is_file())
    return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_list_is_long_enough() -> None:
    assert len(set(REFUSED + STOPPED)) >= 80


@pytest.fixture(scope="module")
def before(clinic: Path) -> dict[str, str]:
    return digests(clinic.parent)


ONE_CHILD = """
import json, sys
sys.path[:] = json.loads(sys.argv[1])
from sciatrack_analytics import sql_worker as worker
text, request = "a variable", "another"
study, said = worker._open(sys.argv[2]), []
worker._close_doors(60.0)
for query in json.loads(sys.argv[3]):
    try:
        said.append(["answered", str(worker._rows(study.con, query, 10)[0].to_pylist())])
    except Exception as error:
        said.append([type(error).__name__, str(error)])
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def outcomes(clinic: Path) -> dict[str, tuple[str, str]]:
    """What became of each of REFUSED, asked one after the other of one child (a child each takes minutes)."""
    queries = [text.format(root=clinic.parent) for text in REFUSED]
    arguments = [json.dumps(sys.path), str(clinic), json.dumps(queries)]
    child = subprocess.run([sys.executable, "-c", ONE_CHILD, *arguments], stdout=subprocess.PIPE, check=True)
    return dict(zip(REFUSED, json.loads(child.stdout), strict=True))


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_not_a_question_is_refused(outcomes: dict[str, tuple[str, str]], text: str) -> None:
    what, said = outcomes[text]
    assert what != "answered"
    assert SECRET not in said
    assert "root:" not in said  # of /etc/passwd


def test_refused_attempts_leave_no_trace(
    clinic: Path, before: dict[str, str], outcomes: dict[str, tuple[str, str]]
) -> None:
    assert len(outcomes) == len(REFUSED)
    assert digests(clinic.parent) == before


@pytest.mark.parametrize(
    "text", ["copy person to '{root}/x.csv'", "from '{root}/secret.csv'", "select 1; select 2"]
)
def test_each_kind_comes_out_as_one_error(clinic: Path, before: dict[str, str], text: str) -> None:
    with pytest.raises(QueryError) as caught:
        ask(clinic, text.format(root=clinic.parent))
    assert SECRET not in str(caught.value)
    assert digests(clinic.parent) == before


@pytest.mark.parametrize("text", STOPPED)
def test_what_would_never_end_or_fit_is_stopped(clinic: Path, before: dict[str, str], text: str) -> None:
    begun_s = time.monotonic()
    with pytest.raises(QueryStoppedError):
        ask(clinic, text, timeout_s=TIMEOUT_S)
    assert time.monotonic() - begun_s < TIMEOUT_S + SLACK_S
    assert digests(clinic.parent) == before


@pytest.mark.parametrize("text", ["describe rep", "show tables", "summarize session", "pragma database_list"])
def test_what_only_describes_is_answered(clinic: Path, text: str) -> None:
    assert ask(clinic, text).table.num_rows


def test_the_kernel_holds_files_shut_even_if_duckdb_opened_its_doors(clinic: Path, tmp_path: Path) -> None:
    """The second wall: the same child without DuckDB's own settings cannot open a file either."""
    if sys.platform == "win32":
        pytest.skip("no such limits on Windows")
    (tmp_path / "secret.csv").write_text(f"a\n{SECRET}\n")
    code = (
        "import sys; sys.path[:] = {path!r}\n"
        "from sciatrack_analytics import sql_worker\n"
        "sql_worker.CONFIG.update(enable_external_access=True)\n"
        "sql_worker.main({study!r}, \"from '{secret}'\", 10, 5.0)\n"
    )
    filled = code.format(path=sys.path, study=str(clinic), secret=tmp_path / "secret.csv")
    said = subprocess.run([sys.executable, "-c", filled], capture_output=True, check=True).stdout
    assert json.loads(said.partition(b"\n")[0])["outcome"] == "refused"
    assert SECRET.encode() not in said


def test_an_answer_has_its_rows_in_order_and_says_if_there_were_more(clinic: Path) -> None:
    query = "select participant from person order by participant desc"
    assert ask(clinic, query).table.to_pylist() == [{"participant": "S19"}, {"participant": "S12"}]
    first = ask(clinic, query, max_rows=1)
    assert first.table.to_pylist() == [{"participant": "S19"}]
    assert first.cut_off
    assert not ask(clinic, query, max_rows=2).cut_off


def test_views_and_their_settings_are_the_ones_of_the_reports(clinic: Path) -> None:
    query = "select sum(days_done) as done, sum(days_rx) as asked from week"
    with Study(clinic) as study:
        assert ask(clinic, query).table.to_pylist() == study.arrow(query).to_pylist()
        assert ask(clinic, query).table.to_pylist()[0]["done"] > 0


def test_columns_of_one_name_are_told_apart(clinic: Path) -> None:
    assert ask(clinic, "select 1 as a, 2 as a").table.to_pylist() == [{"a": 1, "a_2": 2}]


def test_study_sql_is_a_frame(clinic: Path) -> None:
    with Study(clinic) as study:
        assert study.sql("select count(*) as n from session")["n"].item() > 0
        with pytest.warns(UserWarning, match="only the first 1 rows"):
            assert len(study.sql("from session", max_rows=1)) == 1
    with Study(clinic, write=True) as study, pytest.raises(QueryError, match="read-only"):
        study.sql("select 1")


def test_the_command_s_limits_are_the_library_s() -> None:
    assert command.DEFAULT_ROWS == sql_query.MAX_ROWS
    assert command.DEFAULT_TIMEOUT_S == sql_query.TIMEOUT_S


def test_json_holds_every_type_and_says_what_it_rests_on(clinic: Path) -> None:
    query = (
        "select date '2026-03-02' as d, timestamp '2026-03-02 17:00:00' as t, 1::hugeint as h, "
        "1.5::decimal(4, 1) as c, 'NaN'::double as n, [1, 2] as l, {'a': date '2026-03-02'} as s, 'x'::blob as b, "
        "null as nothing, true as yes"
    )
    result = CliRunner().invoke(cli, ["sql", query, "--study", str(clinic), "--format", "json"])
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    assert said["rows"] == [
        {"d": "2026-03-02", "t": "2026-03-02T17:00:00", "h": 1, "c": 1.5, "n": None, "l": [1, 2],
         "s": {"a": "2026-03-02"}, "b": "78", "nothing": None, "yes": True}
    ]  # fmt: skip
    assert said["header"]["limits"] == "100000 rows, 60 s"
    assert said["header"]["query"] == query


def test_files_by_the_ending_of_their_name(clinic: Path, tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    query = "select participant, session_id from session order by all"
    for name in ("a.csv", "a.parquet", "a.json"):
        result = CliRunner().invoke(cli, ["sql", query, "--study", str(clinic), "--output", str(tmp_path / name)])
        assert result.exit_code == 0, result.output
    rows = json.loads((tmp_path / "a.json").read_text())["rows"]
    assert pq.read_table(tmp_path / "a.parquet").to_pylist() == rows
    lines = (tmp_path / "a.csv").read_text().splitlines()
    assert lines == ["participant,session_id", *(f"{r['participant']},{r['session_id']}" for r in rows)]
    assert json.loads((tmp_path / "a.csv.header.json").read_text())["query"] == query


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["copy person to 'x'"], 1, "this is COPY"),
        (["select * from persons"], 1, 'Did you mean "person'),
        (["select 1 as a", "--rows", "0"], 2, "--rows"),
        ([], 2, "give a query"),
    ],
)
def test_errors_say_what_to_do(clinic: Path, arguments: list[str], status: int, said: str) -> None:
    result = CliRunner().invoke(cli, ["sql", *arguments, "--study", str(clinic)])
    assert result.exit_code == status
    assert said in result.stderr


def test_a_cut_answer_says_so_on_stderr(clinic: Path) -> None:
    result = CliRunner().invoke(cli, ["sql", "from session", "--rows", "2", "--study", str(clinic)])
    assert "cut off after 2 rows" in result.stderr
    assert "100000" not in result.stderr
