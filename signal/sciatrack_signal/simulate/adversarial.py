"""Adversarial cases: what makes a detector fail, one difficulty at a time, with what it should say.

The numbers A01 to A52 are those of the project's domain notes. A31 is a matter of the collector, A37, A44 and A45
are normal sets, and none of the four is a case for `analyze`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sciatrack_ingest.recording import Recording
from sciatrack_signal.result import Analysis
from sciatrack_signal.simulate.expect import Expect, failures
from sciatrack_signal.simulate.parameters import SimulationError
from sciatrack_signal.simulate.truth import Simulated


@dataclass(frozen=True, eq=False)
class AdversarialCase:
    """One case: a recording with its truth, and what an analysis of it should say.

    what  : the difficulty, in words.
    units : what the sidecar of a file would claim of the recording's numbers; only the cases about files (A46)
            claim anything but the truth, and only whoever writes such a file needs it.
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
