"""Lets `python benchmarks/second_simulation` and `python -m benchmarks.second_simulation` both run."""

import os
import sys
from pathlib import Path

# Before numpy is loaded: with processes of its own the benchmark must not also start threads in each.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")
# This folder itself must not be searched, or its modules could hide those of the standard library.
here = Path(__file__).resolve().parent
sys.path[:] = [str(here.parent), *(p for p in sys.path if Path(p or ".").resolve() != here)]

from second_simulation.cli import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
