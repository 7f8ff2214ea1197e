"""What `analyze` costs in time and memory, beside one plain filter pass over the same data in the same process.

    python benchmarks/speed.py [--quick] [--long]

The recording is made here: hours of walking, rest and sets of lying leg raises from one thigh at 100 Hz, six axes
of float64. First the answer is checked: the reps that were put in must be found. Times are CPU time of this process
with one thread, medians of rounds in which each thing is measured in turn, so that a busy machine slows all alike.
The filter pass is `sosfiltfilt(butter(4, 5, fs=100, output="sos"), x, axis=0)` over x of shape (n, 6). What this
does not show: other kinds of recordings, where more or fewer candidate moves cost more or less, and cold disks.

--quick : 1 and 2 hours, few rounds, for every change. --long : 24 hours as well.
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
import numpy.typing as npt
from scipy.signal import butter, sosfiltfilt

from baselines import script
from sciatrack_ingest import Recording, write_recording
from sciatrack_signal.pipeline import analyze
from sciatrack_signal.result import Analysis

Float = npt.NDArray[np.float64]
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
RATE_HZ = 100.0
G = 9.80665
REPS_A_SET, SETS_A_HALF_HOUR = 12, 2
REPS_AN_HOUR = 2 * REPS_A_SET * SETS_A_HALF_HOUR
# A count this near is a right answer; the sets are clean, so a cheap wrong answer lies far outside.
COUNT_WITHIN = 0.02
BYTES_A_SAMPLE = 6 * 8  # of the input: six axes of float64; the time stamps come on top
NOISE_ACC, NOISE_GYR = 0.02, 0.005  # m/s^2 and rad/s, of a usual chip
ASKED = {
    "passes": 0.5,
    "passes at first": 2.0,
    "per sample": 1.2,
    "exponent": 1.05,
    "bytes": 24.0,
    "times the input": 3.0,
    "script": 4.0,
    "process": 1.6,
}


@dataclass(frozen=True)
class Cost:
    """Median CPU seconds over the rounds for one length of recording."""

    hours: int
    samples: int
    analyze_s: float
    filter_s: float
    script_s: float
    ratio: float
    script_ratio: float


def half_hour() -> tuple[Float, Float]:
    """(n, 3) specific force and angular rate of half an hour: walks, lies down, rests, two sets, gets up."""
    pitch = [_still(60.0, 90.0), _walk(900.0), _move(90.0, 0.0, 3.0), _still(60.0, 0.0)]
    for _ in range(SETS_A_HALF_HOUR):
        for _ in range(REPS_A_SET):
            pitch += [_move(0.0, 40.0, 1.0), _still(5.0, 40.0), _move(40.0, 0.0, 1.0), _still(2.0, 0.0)]
        pitch.append(_still(120.0, 0.0))
    pitch.append(_move(0.0, 90.0, 3.0))
    angle = np.concatenate(pitch)
    rest = np.full(int(1800 * RATE_HZ) - len(angle), 90.0)
    angle = np.deg2rad(np.concatenate([angle, rest]))
    rng = np.random.default_rng(0)
    acc = G * np.column_stack([np.sin(angle), np.zeros_like(angle), np.cos(angle)])
    gyr = np.column_stack([np.zeros_like(angle), -np.gradient(angle, 1 / RATE_HZ), np.zeros_like(angle)])
    bounce = slice(int(60 * RATE_HZ), int(960 * RATE_HZ))
    acc[bounce, 0] += 2.0 * np.sin(2 * np.pi * 1.9 * np.arange(bounce.stop - bounce.start) / RATE_HZ)
    return acc + rng.normal(0, NOISE_ACC, acc.shape), gyr + rng.normal(0, NOISE_GYR, gyr.shape)


def _still(lasts_s: float, at_deg: float) -> Float:
    return np.full(int(lasts_s * RATE_HZ), at_deg)


def _move(start_deg: float, end_deg: float, lasts_s: float) -> Float:
    """A minimum-jerk move."""
    t = np.arange(int(lasts_s * RATE_HZ)) / (lasts_s * RATE_HZ)
    return start_deg + (end_deg - start_deg) * (10 * t**3 - 15 * t**4 + 6 * t**5)


def _walk(lasts_s: float) -> Float:
    return 90.0 + 20.0 * np.sin(2 * np.pi * 0.95 * np.arange(int(lasts_s * RATE_HZ)) / RATE_HZ)


def make(hours: int) -> Recording:
    """A fresh Recording, so that nothing of it is remembered from an earlier round."""
    acc, gyr = half_hour()
    time_s = np.arange(2 * hours * len(acc)) / RATE_HZ
    acc, gyr = (np.tile(values, (2 * hours, 1)) for values in (acc, gyr))
    return Recording(time_s, acc, gyr, placement="right_thigh", name=f"{hours} h")


def again(recording: Recording) -> Recording:
    """The same arrays in a new Recording, which has computed nothing yet."""
    return Recording(recording.time_s, recording.acc, recording.gyr, placement=recording.placement)


def check(analysis: Analysis, hours: int) -> int:
    """The count; raises SystemExit when the answer is wrong, since a wrong answer has no speed."""
    count, true = sum(block.count for block in analysis.blocks), hours * REPS_AN_HOUR
    if abs(count - true) > COUNT_WITHIN * true:
        raise SystemExit(f"wrong answer for {hours} h: counted {count}, there are {true}; nothing was timed")
    return count


def cpu_s(work: Callable[[], object]) -> float:
    gc.collect()
    start_s = time.process_time()
    work()
    return time.process_time() - start_s


def measure(hours: int, rounds: int) -> Cost:
    """CPU time of the analysis, of one filter pass and of the twenty-line script, in turns."""
    recording = make(hours)
    found = check(analyze(recording, exercise="auto"), hours)
    print(f"{hours} h: {found} of {hours * REPS_AN_HOUR} reps found; {rounds} rounds", file=sys.stderr)
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
    ratio = statistics.median(a / f for a, f, _ in rows)
    script_ratio = statistics.median(s / a for a, _, s in rows)
    return Cost(hours, recording.n_samples, analyze_s, filter_s, script_s, ratio, script_ratio)


def exponent(costs: list[Cost]) -> float:
    """Slope of log time over log length: 1 is linear."""
    hours, seconds = (np.log([getattr(c, name) for c in costs]) for name in ("hours", "analyze_s"))
    return float(np.polyfit(hours, seconds, 1)[0])


def memory(hours: int) -> dict[str, float]:
    """Peak extra bytes a sample of one analysis, in a child process: arrays (tracemalloc) and the resident set."""
    out = subprocess.run(
        [sys.executable, __file__, "--memory-of", str(hours)], check=True, capture_output=True, text=True
    )
    arrays, resident, samples = (float(word) for word in out.stdout.split())
    return {"arrays": arrays / samples, "resident": resident / samples}


def print_memory(hours: int) -> None:
    """Runs in the child: analyses twice, once under tracemalloc and once watching the resident set."""
    recording = make(hours)
    analyze(make(1), exercise="auto")  # imports and caches are not part of an analysis
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
        path = write_recording(make(1), Path(folder) / "hour.parquet")
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


def report(costs: list[Cost], used: dict[int, dict[str, float]], process: tuple[float, float]) -> None:
    print(f"analyze in memory, {RATE_HZ:g} Hz, 6 axes of float64, one thread, numpy {np.__version__}")
    print("  hours   analyze s   ns/sample   filter pass s   passes   script s   script/ours")
    for c in costs:
        print(
            f"  {c.hours:5d} {c.analyze_s:11.3f} {1e9 * c.analyze_s / c.samples:11.1f} {c.filter_s:15.3f} "
            f"{c.ratio:8.2f} {c.script_s:10.3f} {c.script_ratio:13.1f}"
        )
    for c in costs:
        line("filter passes", f"at {c.hours} h", c.ratio, ASKED["passes"])
    first, eight = costs[0], next((c for c in costs if c.hours == 8), costs[-1])
    line("filter passes, first goal", f"at {eight.hours} h", eight.ratio, ASKED["passes at first"])
    grown = (eight.analyze_s / eight.samples) / (first.analyze_s / first.samples)
    line("cost of a sample", f"{eight.hours} h against {first.hours} h", grown, ASKED["per sample"])
    line("growth exponent", f"{costs[0].hours} to {costs[-1].hours} h", exponent(costs), ASKED["exponent"])
    for c in costs[-1:]:
        line("script / ours", f"at {c.hours} h", c.script_ratio, ASKED["script"], least=True)
    for hours, values in used.items():
        for kind, value in values.items():
            times = f"is {value / BYTES_A_SAMPLE:.2f} times the input, at first asked {ASKED['times the input']:g}"
            line("extra bytes a sample", f"at {hours} h, {kind}", value, ASKED["bytes"], times)
    ours, bare = process
    line("one-hour file, process", f"{1e3 * ours:.0f} ms / {1e3 * bare:.0f} ms", ours / bare, ASKED["process"])


def line(what: str, where: str, value: float, asked: float, note: str = "", *, least: bool = False) -> None:
    """One figure beside what is asked of it."""
    met = value >= asked if least else value <= asked
    words = f"asked {'at least' if least else 'at most'} {asked:g}" + (f"; {note}" if note else "")
    print(f"  {'met   ' if met else 'MISSED'} {what:26} {where:24} {value:8.2f}   {words}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="1 and 2 hours, few rounds")
    parser.add_argument("--long", action="store_true", help="24 hours as well; needs about 4 GB")
    parser.add_argument("--memory-of", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if any(os.environ.get(name) != value for name, value in ONE_THREAD.items()):
        # Threads are counted when numpy is loaded, so it has to be loaded anew.
        os.execve(sys.executable, [sys.executable, __file__, *sys.argv[1:]], {**os.environ, **ONE_THREAD})
    if args.memory_of:
        print_memory(args.memory_of)
        return
    lengths = (1, 2) if args.quick else (1, 2, 4, 8, *((24,) if args.long else ()))
    rounds = {1: 5, 2: 3} if args.quick else {1: 11, 2: 7, 4: 5, 8: 5, 24: 3}
    costs = [measure(hours, rounds[hours]) for hours in lengths]
    used = {hours: memory(hours) for hours in lengths[-1:]}
    report(costs, used, whole_process(3 if args.quick else 9))


if __name__ == "__main__":
    main()
