"""What `analyze` costs in time and memory, beside one plain filter pass over the same data in the same process.

    python benchmarks/speed.py [--quick] [--kinds daily,mixed,exercise]

The recordings are made by long_recordings.py: 1, 8 and 24 hours of daily living with three sets an hour, of walks,
rest and four sets, and of nothing but sets, each reported by itself. First the answer is checked: the reps that
were put in must be found. Times are user and system CPU time of this process with one thread, medians of rounds in
which each thing is measured in turn, so that a busy machine slows all alike. The filter pass is
`sosfiltfilt(butter(4, 5, fs=100, output="sos"), x, axis=0)` over x of shape (n, 6). Memory is what one analysis
adds in a process of its own: `arrays` as tracemalloc counts, `resident` the peak of the resident set. Then the
other packages of peers.py that are installed, and one hour through the command line as a whole process. What this
does not show: other kinds of recordings, where more or fewer candidate moves cost more or less, and cold disks.

--quick : 1 and 2 hours, few rounds, no other packages; for every change.
"""

from __future__ import annotations

import argparse
import gc
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.signal import butter, sosfiltfilt

from baselines import script
from long_recordings import KINDS, RATE_HZ, Hour, again, make
from sciatrack_ingest import write_recording
from sciatrack_signal.pipeline import analyze
from sciatrack_signal.result import Analysis

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
# A count this near is a right answer; the sets are clean, so a cheap wrong answer lies far outside.
COUNT_WITHIN = 0.02
BYTES_A_SAMPLE = 6 * 8  # of the input: six axes of float64; the time stamps come on top
ROUNDS = {1: 11, 2: 5, 8: 5, 24: 3}
ASKED = {
    "passes": 0.5,
    "exponent": 1.05,
    "bytes": 24.0,
    "script": 4.0,
    "process": 1.6,
}


@dataclass(frozen=True)
class Cost:
    """Median CPU seconds over the rounds for one length of recording; ratios are medians of those of each round."""

    hours: int
    samples: int
    analyze_s: float
    filter_s: float
    script_s: float
    passes: float
    script_ratio: float


def check(analysis: Analysis, true: int) -> int:
    """The count; raises SystemExit when the answer is wrong, since a wrong answer has no speed."""
    count = sum(block.count for block in analysis.blocks)
    if abs(count - true) > COUNT_WITHIN * true:
        raise SystemExit(f"wrong answer: counted {count}, there are {true}; nothing was timed")
    return count


def cpu_s(work: Callable[[], object]) -> float:
    gc.collect()
    start_s = time.process_time()
    work()
    return time.process_time() - start_s


def measure(kind: str, hours: int, rounds: int) -> Cost:
    """CPU time of the analysis, of one filter pass and of the twenty-line script, in turns."""
    hour = KINDS[kind]()
    recording = make(hours, hour)
    found = check(analyze(recording, exercise="auto"), hours * hour.reps)
    print(f"{kind}, {hours} h: {found} of {hours * hour.reps} reps found; {rounds} rounds", file=sys.stderr)
    x = np.column_stack([recording.acc, recording.gyr])
    sos = butter(4, 5, fs=RATE_HZ, output="sos")
    sosfiltfilt(sos, x[:10_000], axis=0)
    rows = []
    for _ in range(rounds):
        fresh = again(recording)
        rows.append((
            cpu_s(lambda fresh=fresh: analyze(fresh, exercise="auto")),
            cpu_s(lambda: sosfiltfilt(sos, x, axis=0)),
            cpu_s(lambda fresh=fresh: script(fresh)),
        ))  # fmt: skip
    analyze_s, filter_s, script_s = (statistics.median(column) for column in zip(*rows, strict=True))
    passes = statistics.median(a / f for a, f, _ in rows)
    script_ratio = statistics.median(s / a for a, _, s in rows)
    return Cost(hours, recording.n_samples, analyze_s, filter_s, script_s, passes, script_ratio)


def exponent(costs: list[Cost]) -> float:
    """Slope of log time over log length: 1 is linear."""
    hours, seconds = (np.log([getattr(c, name) for c in costs]) for name in ("hours", "analyze_s"))
    return float(np.polyfit(hours, seconds, 1)[0])


def memory(kind: str, hours: int) -> dict[str, float]:
    """Peak extra bytes a sample of one analysis, in a child process: arrays (tracemalloc) and the resident set."""
    hour = KINDS[kind]()
    with tempfile.TemporaryDirectory() as folder:
        # A child that had simulated would have memory to spare, and would seem to need less.
        np.savez(Path(folder) / "hour.npz", acc=hour.acc, gyr=hour.gyr)
        command = [sys.executable, __file__, "--memory-of", str(hours), "--hour", str(Path(folder) / "hour.npz")]
        out = subprocess.run(command, check=True, capture_output=True, text=True)
    arrays, resident, samples = (float(word) for word in out.stdout.split())
    return {"arrays": arrays / samples, "resident": resident / samples}


def print_memory(hours: int, path: str) -> None:
    """Runs in the child: analyses twice, once watching the resident set and once under tracemalloc."""
    with np.load(path) as saved:
        hour = Hour(saved["acc"], saved["gyr"], 0)
    analyze(make(1, hour), exercise="auto")  # imports and caches are not part of an analysis
    recording = make(hours, hour)
    gc.collect()
    before, peak = _resident(reset=True)
    analyze(again(recording), exercise="auto")
    peak = _resident()[1]
    gc.collect()
    tracemalloc.start()
    analyze(again(recording), exercise="auto")
    arrays = tracemalloc.get_traced_memory()[1]
    print(arrays, peak - before, recording.n_samples)


def _resident(*, reset: bool = False) -> tuple[int, int]:
    """Bytes of the resident set, now and at its peak since the last reset; Linux only."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    words = dict(line.split(":", 1) for line in lines if ":" in line)
    now, peak = (1024 * int(words[key].split()[0]) for key in ("VmRSS", "VmHWM"))
    return now, peak


def whole_process(rounds: int) -> tuple[float, float]:
    """CPU seconds of whole processes: `sciatrack analyze` on one hour of Parquet, and importing scipy.signal."""
    with tempfile.TemporaryDirectory() as folder:
        path = write_recording(make(1, KINDS["daily"]()), Path(folder) / "hour.parquet")
        ours = (sys.executable, "-m", "sciatrack.cli", "analyze", str(path), "--format", "jsonl")
        bare = (sys.executable, "-c", "import scipy.signal")
        for command in (ours, bare):
            child_s(command)
        pairs = [(child_s(ours), child_s(bare)) for _ in range(rounds)]
    return statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)


def child_s(command: tuple[str, ...]) -> float:
    """CPU seconds of one child. Raises CalledProcessError if it fails: a crash must not pass for speed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)


def report(kind: str, costs: list[Cost], used: dict[int, dict[str, float]]) -> None:
    reps = KINDS[kind]().reps
    print(f"\n{kind}: {reps} reps an hour, {RATE_HZ:g} Hz, 6 axes of float64, one thread, numpy {np.__version__}")
    print("  hours   analyze s   ns/sample   filter pass s   passes   script s   script/ours")
    for c in costs:
        print(
            f"  {c.hours:5d} {c.analyze_s:11.3f} {1e9 * c.analyze_s / c.samples:11.1f} {c.filter_s:15.3f} "
            f"{c.passes:8.2f} {c.script_s:10.3f} {c.script_ratio:13.2f}"
        )
    for c in costs:
        line("filter passes", f"at {c.hours} h", c.passes, ASKED["passes"])
    line("growth exponent", f"{costs[0].hours} to {costs[-1].hours} h", exponent(costs), ASKED["exponent"])
    for c in costs:
        line("script / ours", f"at {c.hours} h", c.script_ratio, ASKED["script"], least=True)
    for hours, values in used.items():
        for what, value in values.items():
            times = f"is {value / BYTES_A_SAMPLE:.2f} times the input"
            line("extra bytes a sample", f"at {hours} h, {what}", value, ASKED["bytes"], times)


def line(what: str, where: str, value: float, asked: float, note: str = "", *, least: bool = False) -> None:
    """One figure beside what is asked of it."""
    met = value >= asked if least else value <= asked
    words = f"asked {'at least' if least else 'at most'} {asked:g}" + (f"; {note}" if note else "")
    print(f"  {'met   ' if met else 'MISSED'} {what:26} {where:24} {value:8.2f}   {words}")


def use_one_thread(path: str) -> None:
    """Starts the script anew where more threads are allowed: they are counted when numpy is loaded."""
    if any(os.environ.get(name) != value for name, value in ONE_THREAD.items()):
        os.execve(sys.executable, [sys.executable, path, *sys.argv[1:]], {**os.environ, **ONE_THREAD})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="1 and 2 hours, few rounds, no other packages")
    parser.add_argument("--kinds", default=",".join(KINDS), help="which recordings, with commas (default: all)")
    parser.add_argument("--memory-of", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--hour", help=argparse.SUPPRESS)
    args = parser.parse_args()
    use_one_thread(__file__)
    if args.memory_of:
        print_memory(args.memory_of, args.hour)
        return
    lengths = (1, 2) if args.quick else (1, 8, 24)
    for kind in args.kinds.split(","):
        costs = [measure(kind, hours, 3 if args.quick else ROUNDS[hours]) for hours in lengths]
        report(kind, costs, {hours: memory(kind, hours) for hours in (lengths[:1] if args.quick else lengths)})
    ours, bare = whole_process(3 if args.quick else 9)
    print("\none hour (daily) of Parquet through the command line")
    line("whole process", f"{1e3 * ours:.0f} ms / {1e3 * bare:.0f} ms", ours / bare, ASKED["process"])
    if not args.quick:
        subprocess.run([sys.executable, str(Path(__file__).with_name("peers.py"))], check=True)


if __name__ == "__main__":
    main()
