"""Who exercises: one of four severities, with a body, a pace and a way of breathing."""

from __future__ import annotations

from dataclasses import dataclass

from sciatrack_signal.simulate.draws import Generator, Spread, draw, draw_word
from sciatrack_signal.simulate.parameters import (
    Severity,
    section,
    severity_parameters,
    severity_shares,
)


@dataclass(frozen=True)
class Subject:
    """A simulated person; `range`, `time` and `shaky` are factors with age in them."""

    severity: Severity
    height_m: float
    age_years: float
    range: float
    time: float
    shaky: float
    breath_hz: float
    breath_gain: float
    tremor_move_gain: float
    heart_hz: float
    heartbeat_mg: float

    @property
    def limb(self) -> float:
        """Length of limbs against those of the mean height."""
        return self.height_m / float(section("people")["height_m"][0])


def draw_subject(rng: Generator, severity: str | None) -> Subject:
    """A person of the given severity; None draws that too by its share."""
    people, small = section("people"), section("small_motion")
    group = severity_parameters(severity or draw_word(rng, severity_shares()))
    age_years = draw(rng, people["age_years"])
    old = people["old"] if age_years > people["old_from_years"] else dict.fromkeys(people["old"], 1.0)
    return Subject(
        severity=group,
        height_m=draw(rng, people["height_m"]),
        age_years=age_years,
        range=group.range * old["range"],
        time=group.time * old["time"],
        shaky=group.shaky * old["shaky"],
        breath_hz=draw(rng, small["breath_hz"]),
        breath_gain=draw(rng, Spread(1.0, small["breath_cv"], 0.3, 2.2)),
        tremor_move_gain=draw(rng, small["tremor_move_gain"]),
        heart_hz=draw(rng, small["heart_hz"]),
        heartbeat_mg=draw(rng, small["heartbeat_mg"]),
    )
