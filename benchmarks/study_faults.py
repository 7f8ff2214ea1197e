"""What a study survives: kill -9 while sessions are added, a writer among readers, files torn and bytes flipped.

    python benchmarks/study_faults.py [--quick]

Each part checks that nothing acknowledged is lost and that a user sees no error, and prints what it saw. It does
not show a power cut (the operating system lives on here) or a network disk.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from sciatrack_analytics import cohort
from sciatrack_analytics.store import create_study, rebuild, verify_study
from sciatrack_analytics.study import SESSIONS, Study
from sciatrack_ingest.sessions import is_session_folder

SAMPLE = Path(__file__).parents[1] / "sample_data" / "cohort"
PEOPLE = ("S12", "S19")
START = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); import study_faults; study_faults."
SEED = 20261125


def add_all(study: str, source: str) -> None:
    """The child that is killed: adds every session of `source`, each in a transaction of its own, and says so."""
    from sciatrack_analytics import adding

    for folder in sorted((Path(source) / SESSIONS).iterdir()):
        with Study(study, write=True) as opened:
            adding.add_session(opened, folder)
        print(folder.name, flush=True)


def read_on(study: str, seconds: float) -> None:
    """A reader: opens, asks for a report and closes, over and over; tells errors and waits."""
    from sciatrack_analytics import reports

    _tell_rounds(study, seconds, lambda opened: reports.run(opened, "adherence_weekly"), write=False)


def write_on(study: str, seconds: float) -> None:
    """The writer: opens, adds the next session and closes, over and over."""
    from sciatrack_analytics import adding

    folders = sorted((Path(study).parent / "source" / SESSIONS).iterdir()) * 1000
    todo = iter(folders)
    _tell_rounds(study, seconds, lambda opened: adding.add_session(opened, next(todo)), write=True)


def _tell_rounds(study: str, seconds: float, act: Any, *, write: bool) -> None:
    """Say that everything is loaded, wait for the word, and act for so long, at least once."""
    print("ready", flush=True)
    sys.stdin.readline()
    rounds, errors, longest_s, until_s = 0, [], 0.0, time.monotonic() + seconds
    while not rounds or time.monotonic() < until_s:
        begun_s = time.monotonic()
        try:
            with Study(study, write=write) as opened:
                act(opened)
        except Exception as error:
            errors.append(f"{type(error).__name__}: {error}")
        longest_s = max(longest_s, time.monotonic() - begun_s)
        rounds += 1
    print(json.dumps({"rounds": rounds, "errors": errors, "longest_s": round(longest_s, 2)}))


def child(call: str, *arguments: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", START + call, json.dumps(sys.path), *map(str, arguments)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def kill_while_adding(work: Path, source: Path, after_lines: int, pause_s: float) -> dict[str, int]:
    """Kill the child so long after it acknowledged so many sessions; raises AssertionError where one is lost."""
    study = work / "killed"
    shutil.rmtree(study, ignore_errors=True)
    create_study(study)
    process = child("add_all(*sys.argv[2:])", study, source)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.close()
    told = [process.stdout.readline().strip() for _ in range(after_lines)]
    time.sleep(pause_s)
    os.kill(process.pid, signal.SIGKILL)
    told += process.stdout.read().split()
    process.wait()
    process.stdout.close()
    with Study(study) as opened:
        indexed = {row[0] for row in opened.rows("select session_id from session")}
        halves = opened.rows("select session_id from rep anti join session using (session_id)")
    assert halves == []
    assert set(told) <= indexed, f"lost: {set(told) - indexed}"
    folders = [path for path in (study / SESSIONS).iterdir() if not path.name.startswith(".")]
    assert all(is_session_folder(path) for path in folders)
    assert rebuild(study) == []
    assert verify_study(study) == []
    assert {path.name for path in folders} == set(told) | {path.name for path in folders if path.name not in told}
    return {"acknowledged": len(told), "in folders": len(folders), "in the index": len(indexed)}


def writer_among_readers(work: Path, source: Path, seconds: float, readers: int = 3) -> dict[str, Any]:
    """One writer and some readers for so long; what each of them saw."""
    study = work / "busy"
    create_study(study)
    if not (work / "source").exists():
        (work / "source").symlink_to(source)
    names = ["write_on", *["read_on"] * readers]
    running = [child(f"{name}(sys.argv[2], float(sys.argv[3]))", study, seconds) for name in names]
    for process in running:  # on a busy machine one is ready seconds after another
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in running:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [json.loads(process.communicate()[0]) for process in running]
    assert verify_study(study) == []
    return {
        "writes": said[0]["rounds"],
        "reads": sum(one["rounds"] for one in said[1:]),
        "errors": [error for one in said for error in one["errors"]],
        "longest wait to write, s": said[0]["longest_s"],
        "longest wait to read, s": max(one["longest_s"] for one in said[1:]),
    }


def damage(path: Path, rng: random.Random, how: str) -> Path:
    """Tear a file off somewhere, or flip one bit of it; returns it."""
    content = bytearray(path.read_bytes())
    at = rng.randrange(len(content))
    if how == "torn":
        del content[at:]
    else:
        content[at] ^= 1 << rng.randrange(8)
    path.write_bytes(content)
    return path


def found_and_healed(work: Path, source: Path, rng: random.Random, how: str) -> str:
    """Damage one file of a copy; what `verify` says of it, and what `rebuild` makes of it."""
    copy = work / "damaged"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(source, copy)
    index = rng.random() < 0.5
    files = sorted(path for path in (copy / SESSIONS).rglob("*") if path.is_file())
    path = damage(copy / "study.duckdb" if index else rng.choice(files), rng, how)
    found = bool(verify_study(copy))
    same = index and not found and _rows(copy) == _rows(source)
    assert found or same, f"{how} {path} was not found"
    rebuild(copy)
    assert not index or (verify_study(copy) == [] and _rows(copy) == _rows(source)), f"{path} was not healed"
    return "in a byte that holds nothing" if same else "healed" if index else "named"


def _rows(study: Path) -> list[Any]:
    with Study(study) as opened:
        tables = ("(select * exclude (block_no) from rep)", "day_fact", "meta")  # a rebuild numbers blocks anew
        return [sorted(opened.rows(f"select * from {name}"), key=repr) for name in tables]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="3 kills, 5 s of reading and writing")
    quick = parser.parse_args().quick
    rng = random.Random(SEED)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        source = work / "original"
        cohort.build_cohort_study(SAMPLE, source, participants=PEOPLE)
        for number in range(3 if quick else 20):
            seen = kill_while_adding(work, source, rng.randrange(1, 8), rng.random() * 0.3)
            print(f"kill {number + 1}: {seen}", flush=True)
        print(writer_among_readers(work, source, 5 if quick else 60), flush=True)
        for how in ("torn", "flipped"):
            came = Counter(found_and_healed(work, source, rng, how) for _ in range(5 if quick else 40))
            print(f"{how}: {dict(came)}", flush=True)


if __name__ == "__main__":
    main()
