"""What it costs to start the command line, beside a Python that does nothing.

    python benchmarks/startup.py [--quick]

Prints the CPU time (user and system, children included) of whole processes as a ratio to `python -c pass`,
measured in turns so that a busy machine slows both alike. It does not show a first start from a cold disk.
The goal for `sciatrack --help` is at most 10.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys

BARE = (sys.executable, "-c", "pass")
COMMANDS = {
    "python -c pass": BARE,
    "sciatrack --help": (sys.executable, "-m", "sciatrack.cli", "--help"),
    "sciatrack analyze --help": (sys.executable, "-m", "sciatrack.cli", "analyze", "--help"),
    "sciatrack exercises": (sys.executable, "-m", "sciatrack.cli", "exercises"),
    "import sciatrack": (sys.executable, "-c", "import sciatrack"),
    "import numpy": (sys.executable, "-c", "import numpy"),
    "import scipy.signal": (sys.executable, "-c", "import scipy.signal"),
}


def cpu_s(command: tuple[str, ...]) -> float:
    """CPU seconds of one run. Raises CalledProcessError if it fails: a crash must not pass for speed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)


def main() -> None:
    rounds = 5 if "--quick" in sys.argv[1:] else 25
    for command in COMMANDS.values():
        cpu_s(command)  # once warm: byte code written, pages cached
    samples: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(rounds):
        for name, command in COMMANDS.items():
            samples[name].append(cpu_s(command))
    bare = statistics.median(samples["python -c pass"])
    print(f"median of {rounds} runs, Python {sys.version.split()[0]}")
    for name, values in samples.items():
        median = statistics.median(values)
        print(f"{name:26} {1000 * median:7.0f} ms {median / bare:6.1f} x bare")


if __name__ == "__main__":
    main()
