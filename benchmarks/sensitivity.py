"""What every threshold of the detector is worth: its reason, and what 30 % less and 30 % more do to the scores.

Each change is tried in a process of its own, on the same recordings: real people (where they are beside the
repository) and a small simulated panel. What is done stands in a file and is not done again, until the detector
or the size of the panel changes.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")  # before numpy is loaded, here and in the processes that are started
sys.path.insert(0, str(Path(__file__).resolve().parent))

# Nothing of the detector may be imported up here: a process changes a threshold first.
from thresholds import Threshold, change, fingerprint, thresholds  # noqa: E402

FACTORS = (0.7, 1.3)
BASE = "as it is"
STATE = Path(tempfile.gettempdir()) / "sciatrack-sensitivity"
EXAMPLES = """examples:
  python benchmarks/sensitivity.py --quick
  nice python benchmarks/sensitivity.py --size full --workers 2 --write docs/sensitivity.md
  python benchmarks/sensitivity.py --only plausible --only walking.WALK_MIN_S
"""
QUICK_EVERY = 40  # of the thresholds, in a glance


@dataclass(frozen=True)
class Trial:
    """One threshold times one factor; the name BASE changes nothing."""

    name: str
    factor: float


@dataclass(frozen=True)
class Outcome:
    """What came of it: scores, or the error with which the detector failed."""

    trial: Trial
    scores: dict[str, float]
    error: str = ""


def run_trial(trial: Trial, panel: Path) -> Outcome:
    """In a fresh process: changes the threshold, then imports the detector and scores the panel."""
    if trial.name != BASE:
        change(trial.name, trial.factor)
    try:
        from sensitivity_panel import scores

        return Outcome(trial, scores(panel))
    except Exception as error:  # a value that the detector cannot run with is a finding, not a crash of this
        return Outcome(trial, {}, f"{type(error).__name__}: {error}"[:200])


def run(
    trials: Iterable[Trial], panel: Path, state: Path, workers: int, minutes: float = math.inf
) -> dict[Trial, Outcome]:
    """Outcomes of the trials: those that the state file holds, and the others, each written as it is done.

    After so many minutes no other is begun; what is there by then is returned.
    """
    end_s = time.monotonic() + 60.0 * minutes
    trials = list(trials)
    done = {trial: outcome for trial, outcome in read_state(state).items() if trial in trials}
    waiting = [trial for trial in trials if trial not in done]
    fresh = get_context("forkserver")
    fresh.set_forkserver_preload(["numpy", "pandas", "scipy.signal"])  # half of a trial's time otherwise
    with (
        state.open("a", encoding="utf-8") as file,
        ProcessPoolExecutor(workers, mp_context=fresh, max_tasks_per_child=1) as pool,
    ):
        for k, future in enumerate(as_completed(pool.submit(run_trial, t, panel) for t in waiting), 1):
            outcome = future.result()
            done[outcome.trial] = outcome
            file.write(json.dumps(asdict(outcome)) + "\n")
            file.flush()
            print(f"{k} of {len(waiting)}: {outcome.trial.name} x {outcome.trial.factor:g}", file=sys.stderr)
            if time.monotonic() > end_s:
                pool.shutdown(wait=False, cancel_futures=True)
                break
    return done


def read_state(path: Path) -> dict[Trial, Outcome]:
    """What was done before; a line cut short by a crash is left out."""
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            row = json.loads(line)
        except json.JSONDecodeError:
            continue
        trial = Trial(**row["trial"])
        found[trial] = Outcome(trial, row["scores"], row["error"])
    return found


def main(arguments: list[str] | None = None) -> int:
    args = _parser().parse_args(arguments)
    known = thresholds()
    varied = [found for found in known if not found.exempt and _wanted(found, args.only)]
    if not varied:
        print("no threshold has such a name; --list shows all", file=sys.stderr)
        return 2
    if args.list:
        print("\n".join(f"{found.name} = {found.source}" for found in varied))
        return 0
    size = "quick" if args.quick else args.size
    varied = varied[::QUICK_EVERY] if args.quick else varied
    trials = [Trial(BASE, 1.0), *(Trial(found.name, factor) for found in in_turn(varied) for factor in FACTORS)]
    panel, state = _prepared(args.state, size)
    outcomes = run(trials, panel, state, args.workers, args.minutes)

    from sensitivity_report import as_page

    page = as_page(known, outcomes, size=size, seeds="development")
    if args.write:
        args.write.write_text(page, encoding="utf-8")
    else:
        print(page)
    return 0


def in_turn(found: Sequence[Threshold]) -> list[Threshold]:
    """The first of each module, then the second of each...: what is done in half the time tells of all modules."""
    seen: Counter[str] = Counter()
    turns = []
    for one in found:
        module = one.name.partition(".")[0]
        turns.append((seen[module], one))
        seen[module] += 1
    return [one for _, one in sorted(turns, key=lambda pair: pair[0])]


def _prepared(folder: Path, size: str) -> tuple[Path, Path]:
    """The panel, made if it is not there, and the state file; both for this detector and size only."""
    from sensitivity_panel import SIZES, make_panel

    folder.mkdir(parents=True, exist_ok=True)
    panel = folder / f"panel-{size}-{_of_simulator()}.pickle"
    if not panel.exists():
        print("simulating the panel", file=sys.stderr)
        part = panel.with_suffix(".part")
        make_panel(SIZES[size], part)
        part.replace(panel)
    return panel, folder / f"done-{size}-{_of_simulator()}-{fingerprint()}.jsonl"


def _of_simulator() -> str:
    """Changes when the simulator or the choice of recordings does."""
    import hashlib

    from thresholds import ROOT

    here = Path(__file__).parent
    files = [*sorted((ROOT / "simulate").iterdir()), here / "sensitivity_panel.py"]
    files += [here / "accuracy" / f"{name}.py" for name in ("people", "sets", "faults", "others")]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files if path.is_file())).hexdigest()[:12]


def _wanted(found: Threshold, only: list[str] | None) -> bool:
    return not only or any(found.name == name or found.name.startswith(f"{name}.") for name in only)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python benchmarks/sensitivity.py", description=__doc__, epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--quick", action="store_true", help="a glance: few thresholds, a small simulated panel")
    parser.add_argument(
        "--size", choices=("least", "small", "full"), default="small",
        help="of the panel: least (2 s a trial), small (a third of the real recordings, 5 s) or full (10 s) "
        "[default: small]",
    )  # fmt: skip
    parser.add_argument("--only", action="append", metavar="NAME", help="a module, or module.NAME; again for more")
    parser.add_argument("--list", action="store_true", help="show the thresholds and do nothing")
    parser.add_argument("--minutes", type=float, default=math.inf, help="then write of what is done [default: all]")
    parser.add_argument("--workers", type=int, default=1, help="processes")
    parser.add_argument("--state", type=Path, default=STATE, help="folder of the panel and of what is done")
    parser.add_argument("--write", type=Path, help="write the page here instead of stdout")
    return parser


if __name__ == "__main__":
    sys.exit(main())
