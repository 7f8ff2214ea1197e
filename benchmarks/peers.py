"""What other open packages cost on the same hour of data, in the same process, in turns.

    python benchmarks/peers.py [--quick]

scikit-digital-health's sit-to-stand, mobgap's whole pipeline for healthy gait and the twenty-line script of
baselines.py, each on the hour of daily living of long_recordings.py, taken as one from the lower back where a
package wants that. They answer other questions than sciatrack does, so this compares cost and nothing else.
Packages that are not installed (extra: peers) are left out with a word. CPU time, one thread, one warm call first,
medians of rounds.
"""

from __future__ import annotations

import argparse
import statistics
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np

from baselines import script
from long_recordings import KINDS, RATE_HZ, G, again, make
from sciatrack_ingest import Recording
from sciatrack_signal.pipeline import analyze
from speed import check, cpu_s, use_one_thread

EPOCH_S = 1_760_000_000.0  # skdh wants times of a real day
# How many times as fast as each sciatrack is asked to be.
ASKED = {"skdh Sit2Stand": 30.0, "mobgap MobilisedPipelineHealthy": 25.0, "20-line script": 4.0}
Work = Callable[[Recording], Any]


def skdh_work() -> Work:
    from skdh.sit2stand import Sit2Stand

    return lambda r: Sit2Stand().predict(time=EPOCH_S + r.time_s, accel=r.acc / G, fs=RATE_HZ)


def mobgap_work() -> Work:
    import pandas as pd
    from mobgap.data import GaitDatasetFromData
    from mobgap.pipeline import MobilisedPipelineHealthy

    def run(recording: Recording) -> Any:
        gyr_dps = np.rad2deg(recording.gyr)
        columns = ["acc_x", "acc_y", "acc_z", "gyr_x", "gyr_y", "gyr_z"]
        frame = pd.DataFrame(np.column_stack([recording.acc, gyr_dps]), columns=columns)
        person = {"height_m": 1.7, "sensor_height_m": 1.0, "cohort": "HA"}
        who, where = ("p",), {"measurement_condition": "free_living"}
        data = GaitDatasetFromData(
            {who: {"LowerBack": frame}}, RATE_HZ, {who: person}, {who: where}, index_cols=["participant"]
        )
        return MobilisedPipelineHealthy().run(data[0])

    return run


PEERS: dict[str, tuple[str, Callable[[], Work]]] = {
    "skdh Sit2Stand": ("skdh", skdh_work),
    "mobgap MobilisedPipelineHealthy": ("mobgap", mobgap_work),
    "20-line script": ("scipy", lambda: script),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one round")
    args = parser.parse_args()
    use_one_thread(__file__)
    warnings.simplefilter("ignore")  # of other packages about each other's versions
    hour = KINDS["daily"]()
    recording = make(1, hour)
    check(analyze(recording, exercise="auto"), hour.reps)
    works: dict[str, Work] = {}
    for name, (package, build) in PEERS.items():
        if find_spec(package) is None:
            print(f"{name}: {package} is not installed, left out (pip install -e '.[peers]')")
        else:
            works[name] = build()
            works[name](again(recording))
    rows: list[dict[str, float]] = []
    for _ in range(1 if args.quick else 5):
        row = {"sciatrack": cpu_s(lambda: analyze(again(recording), exercise="auto"))}
        rows.append(row | {name: cpu_s(lambda work=work: work(again(recording))) for name, work in works.items()})
    print(
        f"\n1 h (daily), {RATE_HZ:g} Hz, 6 axes: sciatrack {statistics.median(r['sciatrack'] for r in rows):.3f} s"
    )
    for name in works:
        ratio = statistics.median(row[name] / row["sciatrack"] for row in rows)
        word = "met   " if ratio >= ASKED[name] else "MISSED"
        cost_s = statistics.median(row[name] for row in rows)
        print(f"  {word} {name:32} {cost_s:8.3f} s  {ratio:7.1f} times ours, asked at least {ASKED[name]:g}")


if __name__ == "__main__":
    main()
