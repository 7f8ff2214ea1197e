"""Adversarial cases: what makes a detector fail, one difficulty at a time, with what it should say.

The numbers A01 to A52 are those of the project's domain notes. A31 is a matter of the collector, A37, A44 and A45
are normal sets, and none of the four is a case for `analyze`.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from sciatrack_ingest.recording import Recording
from sciatrack_signal.result import Analysis
from sciatrack_signal.simulate.expect import Expect, failures
from sciatrack_signal.simulate.parameters import SimulationError
from sciatrack_signal.simulate.truth import Simulated


@dataclass(frozen=True, eq=False)
class AdversarialCase:
    """One case: a recording with its truth, and what an analysis of it should say.

    what  : the difficulty, in words.
    units : what the sidecar of a file would claim of the recording's numbers; only `write` uses it, and only the
            cases about files claim anything but the truth.
    """

    id: str
    what: str
    simulated: Simulated
    expect: Expect
    units: Mapping[str, str] = field(default_factory=lambda: {"acc": "m/s^2", "gyr": "rad/s"})

    @property
    def recording(self) -> Recording:
        return self.simulated.recording

    def failures(self, analysis: Analysis) -> tuple[str, ...]:
        """What this analysis got wrong, one sentence each; empty when the case is met."""
        return failures(self.expect, self.simulated, analysis)

    def write(self, path: Path) -> Path:
        """Writes the recording as CSV with its sidecar, with the units that the case claims; returns the path."""
        rec = self.recording
        columns = {"time": rec.time_s, **{f"acc_{axis}": rec.acc[:, k] for k, axis in enumerate("xyz")}}
        if rec.gyr is not None:
            columns |= {f"gyr_{axis}": rec.gyr[:, k] for k, axis in enumerate("xyz")}
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            writer.writerows(np.round(np.column_stack(list(columns.values())), 6).tolist())
        sidecar = {
            "units": dict(self.units),
            "exercise": rec.exercise,
            "placement": rec.placement,
            "side": rec.side,
        }
        known = {key: value for key, value in sidecar.items() if value is not None}
        path.with_suffix(".json").write_text(json.dumps(known), encoding="utf-8")
        return path


Builder = Callable[[int], AdversarialCase]


def adversarial(case_id: str, *, seed: int) -> AdversarialCase:
    """The case of this id, one of `case_ids()`; another seed is another person, exercise and sensor."""
    cases = _cases()
    if case_id not in cases:
        raise SimulationError(f"case '{case_id}' is not known; known are {', '.join(cases)}")
    return cases[case_id](seed)


def case_ids() -> tuple[str, ...]:
    return tuple(_cases())


def _cases() -> dict[str, Builder]:
    # Imported here because the cases build on this module.
    from sciatrack_signal.simulate.cases_body import CASES as BODY
    from sciatrack_signal.simulate.cases_context import CASES as CONTEXT
    from sciatrack_signal.simulate.cases_sensor import CASES as SENSOR

    return dict(sorted((BODY | SENSOR | CONTEXT).items()))
