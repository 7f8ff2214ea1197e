"""The store: what is added is there once, the index can be made again, and damage is found."""

from __future__ import annotations

import datetime as dt
import multiprocessing
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sciatrack_analytics import adding, cohort, facts, reports, sql_files
from sciatrack_analytics.connection import IndexFileError, StudyLockedError
from sciatrack_analytics.csv_file import TableFileError, table_of
from sciatrack_analytics.csv_tables import TABLES
from sciatrack_analytics.index import SESSION_TABLES, pair_numbers
from sciatrack_analytics.prescriptions import PrescriptionError
from sciatrack_analytics.settings import SettingsError, read_settings
from sciatrack_analytics.sql_files import FACTS, VIEWS, grain, text
from sciatrack_analytics.sql_files import TABLES as STORED
from sciatrack_analytics.store import INDEX_TABLE_OF, create_study, rebuild, verify_study
from sciatrack_analytics.study import Study
from sciatrack_ingest.errors import SciatrackError
from sciatrack_ingest.manifest import SessionError

SAMPLE = Path(__file__).parents[1] / "sample_data" / "cohort"
KEYS = {
    "session": "session_id",
    "block": "session_id, recording, block",
    "rep": "session_id, rep",
    "prescription": "participant, exercise, version",
    "person_exercise": "participant, exercise",
    "pair_day": "pair_no, local_date",
    "day_sensor": "participant, local_date",
    "exercise": "exercise",
}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two people of the sample cohort; not to be changed."""
    folder = tmp_path_factory.mktemp("store") / "study"
    cohort.build_cohort_study(SAMPLE, folder, participants=("S12", "S19"))
    return folder


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty study to copy, which is ten times faster than to make one."""
    folder = tmp_path_factory.mktemp("empty") / "study"
    create_study(folder, timezone="Europe/Berlin")
    return folder


@pytest.fixture
def study_dir(tmp_path: Path, empty: Path) -> Path:
    return Path(shutil.copytree(empty, tmp_path / "clinic"))


@pytest.fixture
def copy(small: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small, tmp_path / "copy"))


def everything(folder: Path) -> dict[str, list[Any]]:
    """All rows of the stored tables, in an order of their own, and without the numbers that an index gives."""
    with Study(folder) as study:
        named = {
            "person_exercise": "select distinct p.participant, p.exercise "
            "from block join person_exercise as p using (pair_no)",
            "pair_day": "select * from day_fact",
            "rx_plan": "select * exclude (rx_no, pair_no, own_bit) from rx_plan",
            "said_day": "select said_day.* exclude (pair_no), participant, exercise "
            "from said_day join person_exercise using (pair_no)",
            "day_sensor": "select * exclude (pair_bits), bit_count(pair_bits) from day_sensor",
            "block": "select * exclude (block_no, pair_no) from block",
            "rep": "select rep.* exclude (block_no), (b.session_id, b.recording, b.block) "
            "from rep left join block as b using (block_no)",
        }
        queries = {name: named.get(name, f"select * from {name}") for name in STORED}
        return {name: sorted(study.rows(query), key=repr) for name, query in queries.items()}


def write_csv(folder: Path, name: str, *lines: str) -> Path:
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_rebuilt_index_equals_the_one_that_grew(small: Path, copy: Path) -> None:
    assert rebuild(copy) == []
    assert everything(copy) == everything(small)
    assert verify_study(copy) == []


def test_adding_one_by_one_equals_adding_all_at_once(small: Path, study_dir: Path) -> None:
    folders = sorted((small / "sessions").iterdir())[:6]
    with Study(study_dir, write=True) as study:
        for folder in reversed(folders):
            assert adding.add_session(study, folder).outcome == "added"
        for folder in folders:
            assert adding.add_session(study, folder).outcome == "unchanged"
    grown = everything(study_dir)
    assert len(grown["session"]) == 6
    rebuild(study_dir)
    assert everything(study_dir) == grown


def test_facts_made_in_portions_equal_those_made_at_once(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = everything(copy)
    monkeypatch.setattr(facts, "PORTION_BLOCKS", 7)
    with Study(copy, write=True) as study:
        facts.fill_facts(study.con)
    assert everything(copy) == before


def test_pairs_may_share_a_bit(copy: Path) -> None:
    """As they do where somebody has more than 31 exercises: here all have the same."""
    with Study(copy, write=True) as study:
        before = {name: study.report(name) for name in reports.REPORTS}
        days = study.rows("select * from day_fact order by all")
        for table in ("person_exercise", "block"):
            study.rows(f"update {table} set pair_no = 32 * pair_no + 31")
        facts.fill_plans(study.con)
        facts.fill_facts(study.con)
        assert study.rows("select distinct pair_bits from day_sensor") == [(1 << 31,)]
        assert study.rows("select distinct own_bit from rx_plan") == [(0,)]
        assert study.rows("select * from day_fact order by all") == days
        for name, frame in before.items():
            pd.testing.assert_frame_equal(study.report(name), frame)


@pytest.mark.parametrize("name", [name for name, report in reports.REPORTS.items() if report.by_participant])
def test_a_report_made_in_portions_equals_the_one_made_at_once(
    small: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    with Study(small) as study:
        whole = reports.run(study, name)
        monkeypatch.setattr(reports, "PORTION", 1)
        assert reports.run(study, name) == whole
        assert set(whole.table["participant"].to_pylist()) == {"S12", "S19"}
        assert reports.participants(study) == ["S12", "S19"]  # nobody stays left out afterwards


@pytest.mark.parametrize(("table", "key"), KEYS.items())
def test_keys_are_unique(small: Path, table: str, key: str) -> None:
    with Study(small) as study:
        assert study.rows(f"select {key} from {table}")
        assert study.rows(f"select {key} from {table} group by {key} having count(*) > 1") == []


@pytest.mark.parametrize(
    ("view", "key"),
    [("day_state", "participant, exercise, local_date"), ("week", "participant, exercise, week_start"),
     ("person", "participant"), ("pain_day", "participant, site, local_date")],
)  # fmt: skip
def test_views_keep_their_grain(small: Path, view: str, key: str) -> None:
    with Study(small) as study:
        assert study.rows(f"select {key} from {view} group by {key} having count(*) > 1") == []


def test_every_sql_file_says_its_grain() -> None:
    names = [f"table_{name}" for name in STORED] + [f"view_{name}" for name in VIEWS]
    names += [f"fill_{name}" for name in FACTS] + [f"report_{name}" for name in reports.REPORTS]
    for name in names:
        assert grain(name).startswith("one row"), name
        words = re.sub(r"--.*|'[^']*'", "", text(name))
        assert words == words.lower(), name


def test_the_daily_fact_is_the_sum_of_its_reps(small: Path) -> None:
    with Study(small) as study:
        ((from_facts, from_reps),) = study.rows(
            "select (select sum(reps_left + reps_right + reps_both + reps_unknown) from day_fact), "
            "(select count(*) from rep where counted)"
        )
    assert from_facts == from_reps > 0


def test_a_block_counts_what_its_reps_come_to(small: Path) -> None:
    """Asked of each block of a session with one sensor, where no other sensor can silence it."""
    with Study(small) as study:
        blocks = study.arrow(
            "select * from block where session_id in "
            "(select session_id from block group by session_id having min(placement) = max(placement))"
        ).to_pylist()
        reps = study.table_rows("rep")
    assert len(blocks) > 100
    for block in blocks:
        own = [rep for rep in reps if rep["block_no"] == block["block_no"]]
        counted = [rep for rep in own if rep["complete"] and "inferred" not in rep["flags"].split()]
        for leg in ("left", "right", "both", "unknown"):
            of_leg = [rep for rep in counted if rep["side"] == leg]
            assert block[f"reps_{leg}"] == len(of_leg)
            assert block[f"hold_s_{leg}"] == pytest.approx(sum(rep["hold_s"] or 0 for rep in of_leg))
        assert block["holds"] == sum(rep["hold_s"] is not None for rep in counted)
        assert block["reps_partial"] == sum(not rep["complete"] for rep in own)
        assert block["reps_inferred"] == sum("inferred" in rep["flags"].split() for rep in own)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda d: (one(d) / "reps.parquet").write_bytes(b"PAR1 torn"), "bytes"),
        (lambda d: (one(d) / "manifest.json").write_text("{"), "not JSON"),
        (lambda d: shutil.rmtree(one(d)), "which has no folder"),
        (lambda d: append(d / "prescriptions.csv", "\n"), "prescriptions.csv: changed"),
        (lambda d: append(d / "study.toml", "# note\n"), "study.toml: changed"),
    ],
)  # fmt: skip
def test_verify_finds_damage(copy: Path, damage: Any, said: str) -> None:
    damage(copy)
    problems = verify_study(copy)
    assert any(said in problem for problem in problems), problems


def append(path: Path, text: str) -> None:
    path.write_text(path.read_text() + text)


def one(folder: Path) -> Path:
    return min((folder / "sessions").iterdir())


def test_rebuild_goes_around_a_damaged_session_and_says_so(copy: Path) -> None:
    n = len(everything(copy)["session"])
    (one(copy) / "reps.parquet").write_bytes(b"PAR1 torn")
    (problem,) = rebuild(copy)
    assert "cannot be read as Parquet" in problem
    assert [row[:2] for row in everything(copy)["rejected"]] == [(one(copy).name, "S12")]
    assert len(everything(copy)["session"]) == n - 1


def test_rebuild_heals_a_destroyed_index(copy: Path) -> None:
    before = everything(copy)
    (copy / "study.duckdb").write_bytes(b"nonsense" * 1000)
    with pytest.raises(IndexFileError, match="study rebuild"):
        Study(copy)
    assert rebuild(copy) == []
    assert everything(copy) == before


def test_a_session_in_two_folders_is_indexed_once(copy: Path) -> None:
    first = one(copy)
    shutil.copytree(first, first.with_name("zz-copy"))
    (problem,) = rebuild(copy)
    assert "the same session as" in problem


def test_a_damaged_session_is_not_added(small: Path, study_dir: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(one(small), tmp_path / one(small).name))
    (folder / "reps.parquet").write_bytes(b"PAR1")
    with Study(study_dir, write=True) as study, pytest.raises(SessionError, match="damaged and was not added"):
        adding.add_session(study, folder)
    assert list((study_dir / "sessions").iterdir()) == []


def test_another_session_of_the_same_id_is_refused(small: Path, study_dir: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(one(small), tmp_path / one(small).name))
    with Study(study_dir, write=True) as study:
        adding.add_session(study, folder)
        manifest = folder / "manifest.json"
        manifest.write_text(manifest.read_text().replace('"S12"', '"S99"'))
        with pytest.raises(SessionError, match="another session of the same id"):
            adding.add_session(study, folder)


def test_only_the_owner_may_read_a_study(small: Path) -> None:
    for path in (small, *small.iterdir(), *(small / "sessions").iterdir(), *one(small).iterdir()):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_a_study_is_not_made_over_something(tmp_path: Path, study_dir: Path) -> None:
    with pytest.raises(SettingsError, match="is a study already"):
        create_study(study_dir)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.doc").touch()
    with pytest.raises(SettingsError, match="not empty"):
        create_study(tmp_path / "full")
    with pytest.raises(SciatrackError, match="Europe/Berlin"):
        create_study(tmp_path / "new", timezone="Berlin")
    assert not (tmp_path / "new").exists()


def test_a_folder_that_is_no_study(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="sciatrack study create"):
        Study(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('timezone = "Europe/Berlin"', 'timezone = "Berlin"', "time zone 'Berlin'"),
        ("qualifying_ratio = 0.5", "qualifying_ratio = 1.5", "above 0 and at most 1"),
        ("silence_days = 14", "silence_day = 14", "silence_day is not known"),
        ('day_start = "04:00"', 'day_start = "16:00"', "before noon"),
        ("schema_version = 2", "schema_version = 3", "schema_version is 3.*Update sciatrack"),
        ("schema_version = 2", "schema_version = 1", "schema_version is 1.*study rebuild"),
        ("schema_version", "= ", "not valid TOML"),
    ],
)
def test_settings_that_cannot_be_used(study_dir: Path, old: str, new: str, said: str) -> None:
    path = study_dir / "study.toml"
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(SettingsError, match=said):
        read_settings(study_dir)


def test_every_bad_cell_is_named_and_nothing_comes_in(study_dir: Path, tmp_path: Path) -> None:
    path = write_csv(
        tmp_path, "c.csv", "participant,at_local,leg_nrs,distal_site,red_flags",
        "P01,2026-03-02T08:00,4,calf,none",
        "Anna Meier,2026-03-02T08:00,11,knee,fever",
        "P02,2026-03-02T08:00+01:00,,,cold feet",
        "P03,2026-03-02T08:00,4",
    )  # fmt: skip
    with Study(study_dir, write=True) as study, pytest.raises(TableFileError) as raised:
        adding.add_file(study, path)
    assert [(p.line, p.column, p.value) for p in raised.value.problems] == [
        (3, "participant", "Anna Meier"),
        (3, "leg_nrs", "11"),
        (3, "distal_site", "knee"),
        (4, "at_local", "2026-03-02T08:00+01:00"),
        (4, "red_flags", "cold feet"),
        (5, "", ""),
    ]
    assert everything(study_dir)["checkin"] == []


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["participant;local_date;done;colour", "P01;2026-03-02;yes;red"], "colour' is no column of selfreports"),
        (["participant,local_date", "P01,2026-03-02"], "is missing"),
        (["participant,local_date,done,done", "P01,2026-03-02,yes,no"], "stands twice"),
        (["who,what", "P01,x"], "has no column participant"),
        (["participant,local_date,kind,exercise", "P01,2026-03-02,excused,jumping"], "no exercise of this study"),
        (["participant,local_date,kind", "P01,2026-03-02,"], "needs a value"),
    ],
)
def test_headers_and_words_that_do_not_fit(study_dir: Path, tmp_path: Path, lines: list[str], said: str) -> None:
    with Study(study_dir, write=True) as study, pytest.raises(TableFileError, match=said):
        adding.add_file(study, write_csv(tmp_path, "x.csv", *lines))


def test_lists_of_a_spreadsheet_are_taken(study_dir: Path, tmp_path: Path) -> None:
    path = tmp_path / "excel.csv"
    path.write_bytes("\ufeffparticipant;local_date;done\r\nP01;2026-03-02;yes\r\n\r\n".encode())
    with Study(study_dir, write=True) as study:
        table, n = adding.add_file(study, path)
        assert (table.kind, n) == ("selfreports", 1)
        assert adding.add_file(study, path)[1] == 0  # the same line twice is once


def test_a_file_that_is_not_text(study_dir: Path, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"participant,done\n\xff\xfe,yes\n")
    with pytest.raises(TableFileError, match="UTF-8"):
        table_of(path)


def test_a_recording_is_no_list(tmp_path: Path) -> None:
    assert table_of(write_csv(tmp_path, "r.csv", "time,acc_x,acc_y,acc_z,participant", "0,0,0,9.8,P01")) is None


def test_every_kind_of_list_has_a_table_in_the_index() -> None:
    assert set(INDEX_TABLE_OF.values()) < set(STORED)
    assert set(INDEX_TABLE_OF) == set(TABLES)


RX = {
    "participant": "P01", "exercise": "glute_bridge", "valid_from": dt.date(2026, 3, 9), "author": "PT1",
    "reason": "first",
}  # fmt: skip


def test_versions_are_numbered_and_never_changed(study_dir: Path) -> None:
    with Study(study_dir, write=True) as study:
        first = adding.prescribe(study, RX)
        assert first is not None
        # what was left open comes from the catalogue
        assert (first["version"], first["reps"], first["hold_s"], first["side"]) == (1, 15, 5.0, "both")
        before = (study_dir / "prescriptions.csv").read_bytes()
        assert adding.prescribe(study, RX) is None  # says nothing new
        second = adding.prescribe(study, RX | {"valid_from": dt.date(2026, 3, 12), "reps": 10})
        assert second is not None
        assert second["version"] == 2
        with pytest.raises(PrescriptionError, match="begin on or after"):
            adding.prescribe(study, RX | {"valid_from": dt.date(2026, 3, 11), "reps": 5})
        with pytest.raises(PrescriptionError, match="the next one is 3"):
            adding.prescribe(study, RX | {"valid_from": dt.date(2026, 3, 13), "version": 2, "reps": 5})
    assert (study_dir / "prescriptions.csv").read_bytes().startswith(before)
    rows = everything(study_dir)["prescription"]
    assert [row[2] for row in rows] == [1, 2]
    rebuild(study_dir)
    assert everything(study_dir)["prescription"] == rows


def test_the_painful_leg_must_be_named(study_dir: Path) -> None:
    with Study(study_dir, write=True) as study:
        with pytest.raises(PrescriptionError, match="say which one"):
            adding.prescribe(study, RX | {"exercise": "standing_hamstring_stretch"})
        with pytest.raises(SciatrackError, match="glute_bridge"):
            adding.prescribe(study, RX | {"exercise": "glute_brigde"})


def test_prescriptions_come_in_from_a_list_once(study_dir: Path, tmp_path: Path) -> None:
    path = write_csv(
        tmp_path, "rx.csv", "participant,exercise,valid_from,days_per_week,reps,side,author,reason",
        "P01,glute_bridge,2026-03-02,7,10,both,PT1,first",
        "P01,glute_bridge,2026-03-16,5,12,both,PT1,more",
    )  # fmt: skip
    with Study(study_dir, write=True) as study:
        assert adding.add_file(study, path)[1] == 2
    rebuild(study_dir)
    path = write_csv(
        tmp_path, "bad.csv", *path.read_text().splitlines(), "P01,glute_bridge,2026-03-09,5,9,both,P,x"
    )
    with Study(study_dir, write=True) as study, pytest.raises(TableFileError, match="line 4"):
        adding.add_file(study, path)
    assert len(everything(study_dir)["prescription"]) == 2


def test_a_version_put_in_by_hand_without_its_number_is_named(study_dir: Path) -> None:
    with (study_dir / "prescriptions.csv").open("a") as file:
        file.write("P01,glute_bridge,,2026-03-02,7,1,1,10,5,both,,PT1,by hand,2026-03-02T08:00:00Z\n")
    (problem,) = rebuild(study_dir)
    assert "line 2, column version" in problem


def test_an_own_exercise_is_known_to_the_study(study_dir: Path) -> None:
    (study_dir / "exercises.toml").write_text(
        '[exercises.wall_sit]\nname = "Wall sit"\nsides = "both"\nhold_s = [10, 30]\nhold_target_s = 20\n'
        'reps = [3, 3]\nreps_scope = "total"\nsets = 1\ndays_per_week = 3\nsessions_per_day = 1\n'
        'start_position = "Back against a wall."\nsteps = ["Slide down.", "Hold."]\nwatch = ["No pain."]\n'
        "our_defaults = []\n"
    )
    with Study(study_dir, write=True) as study:
        row = adding.prescribe(study, RX | {"exercise": "wall_sit"})
    assert row is not None
    assert (row["reps"], row["hold_s"], row["days_per_week"]) == (3, 20.0, 3)
    rebuild(study_dir)
    assert verify_study(study_dir) == []


def test_scores_of_a_questionnaire_come_in(study_dir: Path, tmp_path: Path) -> None:
    path = write_csv(
        tmp_path, "ears.csv", "participant,local_date,total,item1,item2,item3,item4,item5,item6",
        "P01,2026-03-02,18,3,3,3,3,3,3",
        "P02,2026-03-02,7,,,,,,",
    )  # fmt: skip
    with Study(study_dir, write=True) as study:
        table, n = adding.add_file(study, path)
        assert (table.kind, n) == ("ears", 2)
        assert study.rows("select participant, total, item6 from ears") == [("P01", 18, 3), ("P02", 7, None)]


def test_scores_that_do_not_add_up_are_named(study_dir: Path, tmp_path: Path) -> None:
    path = write_csv(
        tmp_path, "ears.csv", "participant,local_date,total,item1,item2,item3,item4,item5,item6",
        "P01,2026-03-02,17,3,3,3,3,3,3",
        "P02,2026-03-02,7,1,,,,,",
        "P03,2026-03-02,25,,,,,,",
    )  # fmt: skip
    with Study(study_dir, write=True) as study, pytest.raises(TableFileError) as raised:
        adding.add_file(study, path)
    assert [(p.line, p.column, p.value) for p in raised.value.problems] == [
        (2, "total", "17"), (3, "item2", ""), (4, "total", "25"),
    ]  # fmt: skip


def test_a_participant_who_ends_before_the_start_is_named(study_dir: Path, tmp_path: Path) -> None:
    path = write_csv(tmp_path, "p.csv", "participant,arm,start_date,end_date", "P01,a,2026-03-02,2026-03-01")
    with Study(study_dir, write=True) as study, pytest.raises(TableFileError, match="line 2, column end_date"):
        adding.add_file(study, path)


def test_who_holds_the_study_is_named(small: Path, copy: Path) -> None:
    script = (
        "import time\nfrom sciatrack_analytics.study import Study\n"
        f"study = Study({str(copy)!r}, write=True)\nprint('held', flush=True)\ntime.sleep(60)\n"
    )
    paths = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    holder = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, env=paths)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(StudyLockedError, match=f"process {holder.pid}"):
            Study(copy, wait_s=0.1)
    finally:
        holder.kill()
        holder.wait()
        if holder.stdout:
            holder.stdout.close()
    with Study(copy) as study:
        assert study.rows("select count(*) from session") > [(0,)]


def test_many_may_read_at_once(small: Path) -> None:
    with Study(small) as one_reader, Study(small) as another:
        assert one_reader.rows("select count(*) from rep") == another.rows("select count(*) from rep")


def _add_until_killed(study_dir: Path, source: Path, told: Any) -> None:
    with Study(study_dir, write=True) as study:
        for folder in sorted((source / "sessions").iterdir()):
            adding.add_session(study, folder)
            told.send(folder.name)


@pytest.mark.parametrize("n_before_kill", [1, 4, 9])
def test_what_was_acknowledged_survives_a_kill(
    small: Path, study_dir: Path, n_before_kill: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # the child imports this module by its name `tests.…`, for which it needs the repository's root
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1]))
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe(duplex=False)
    worker = spawn.Process(target=_add_until_killed, args=(study_dir, small, theirs))
    worker.start()
    theirs.close()
    told = [ours.recv() for _ in range(n_before_kill)]
    time.sleep(0.01)
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGKILL)
    worker.join()
    while ours.poll():
        try:
            told.append(ours.recv())
        except EOFError:
            break
    ours.close()
    there = {row[0] for row in everything(study_dir)["session"]}
    assert set(told) <= there
    assert len(there) <= len(told) + 1
    rebuild(study_dir)
    assert verify_study(study_dir) == []


def test_a_transaction_is_all_or_nothing(copy: Path) -> None:
    with Study(copy, write=True) as study:
        with pytest.raises(ZeroDivisionError):
            _delete_and_fail(study)
        assert study.rows("select count(*) from session") > [(0,)]


def _delete_and_fail(study: Study) -> None:
    with study.transaction():
        for name in SESSION_TABLES:
            study.rows(f"delete from {name}")
        raise ZeroDivisionError


def test_31_pairs_of_a_participant_have_a_bit_of_their_own(empty: Path, tmp_path: Path) -> None:
    """In whichever order they come; others share the last one."""
    own, shared = 31, 9
    with Study(shutil.copytree(empty, tmp_path / "many"), write=True) as study:
        for first, last in ((0, 3), (3, 38), (38, own + shared)):
            for who in ("P1", "P2"):
                pair_numbers(study.con, [{"participant": who, "exercise": f"e{n:02}"} for n in range(first, last)])
        pair_numbers(study.con, [{"participant": "P3", "exercise": "e00"}])
        sql_files.create_macros(study.con)
        bits = study.rows(
            "select participant, count(*), count(distinct pair_no), count(distinct nullif(own_bit(pair_no), 0)), "
            "count(distinct pair_bit(pair_no)) from person_exercise group by participant order by participant"
        )
        assert study.rows("select count(distinct pair_no) from person_exercise") == [(2 * (own + shared) + 1,)]
    assert bits == [
        *((who, own + shared, own + shared, own, own + 1) for who in ("P1", "P2")),
        ("P3", 1, 1, 1, 1),
    ]


def test_a_report_on_one_participant_changes_no_later_question(small: Path) -> None:
    asked = "select current_setting('disabled_optimizers'), current_setting('threads')"
    with Study(small) as study:
        before = study.rows(asked)
        study.report("adherence_weekly", participant="S12")
        assert study.rows(asked) == before
