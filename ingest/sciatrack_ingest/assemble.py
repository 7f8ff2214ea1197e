"""One way from a reader's raw columns to a `Recording`: time, gaps, units, faults, in this order.

Every reader of `files` ends here, so that each promise of the contract on bad input is kept once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from sciatrack_ingest.checks import find_clipping, find_stuck, mask_missing
from sciatrack_ingest.errors import TimeError, UnitsError
from sciatrack_ingest.gyro_check import check_gyro
from sciatrack_ingest.labels import Labels
from sciatrack_ingest.recording import Finding, Float, Recording, effective_rate_hz
from sciatrack_ingest.timeline import Timeline, clean_timeline, counted_timeline
from sciatrack_ingest.units import ACC_FACTOR, GYR_FACTOR, check_resting_norm

# Where no rate is known yet (a recording of one sample), block lengths are counted as if at this rate.
ANY_RATE_HZ = 100.0


def _row(row: int) -> str:
    return f"row {row + 1}"


@dataclass(frozen=True)
class Samples:
    """A reader's columns in the file's own units. The arrays belong to whoever gets them, to be changed.

    time_s : (n,) stamps in seconds, NaN where missing, or None for a file without a clock.
    acc    : (n, 3). gyr: (n, 3) or None. place_of names a row in messages ("line 7").
    """

    time_s: Float | None
    acc: Float
    gyr: Float | None = None
    place_of: Callable[[int], str] = _row
    provenance: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = field(default=())


def assemble(path: str, samples: Samples, labels: Labels, source: str) -> Recording:
    """The Recording of a file. Raises UnitsError, GravityError or TimeError for what cannot be trusted."""
    acc, gyr, provenance = samples.acc, samples.gyr, list(samples.provenance)
    if gyr is not None and np.isnan(gyr).all():
        gyr = None
        provenance.append("gyr columns are empty: read as a sensor without gyroscope")
    acc_unit = _unit(path, labels, "acc", "m/s^2, g or mg")
    gyr_unit = _unit(path, labels, "gyr", "rad/s or deg/s") if gyr is not None else "rad/s"
    timeline = _timeline(path, samples, labels.rate)
    if timeline.rows is not None:
        acc, gyr = acc[timeline.rows], gyr if gyr is None else gyr[timeline.rows]
    rate_hz = effective_rate_hz(timeline.time_s)
    rate_hz = rate_hz if np.isfinite(rate_hz) else labels.rate or ANY_RATE_HZ
    findings = [*samples.findings, *timeline.findings, *mask_missing(acc, gyr)]
    findings += check_resting_norm(path, acc, rate_hz, acc_unit)
    _convert(acc, ACC_FACTOR[acc_unit])
    provenance.append(_unit_line(labels, "acc", acc_unit, ACC_FACTOR))
    if gyr is not None:
        _convert(gyr, GYR_FACTOR[gyr_unit])
        provenance.append(_unit_line(labels, "gyr", gyr_unit, GYR_FACTOR))
        verdict = check_gyro(path, timeline.time_s, acc, gyr, gyr_unit)
        findings += verdict.findings
        gyr = gyr if verdict.use else None
    findings += find_stuck(acc, rate_hz)
    clipping = find_clipping(timeline.time_s, acc, gyr)
    findings += clipping.findings
    provenance += [f"{name} from {origin}" for name, origin in labels.origin if not name.startswith("units_")]
    recording = Recording(
        time_s=timeline.time_s, acc=acc, gyr=gyr, name=path, source=source,
        placement=labels.placement, side=labels.side, exercise=labels.exercise,
        participant=labels.participant, start_utc=labels.start_utc, timezone=labels.timezone,
        nominal_rate_hz=labels.rate, provenance=tuple(provenance), findings=tuple(findings),
        clipped_s=clipping.clipped_s,
    )  # fmt: skip
    return recording.with_labels(findings=(*findings, *_gap_finding(recording)))


def _unit(path: str, labels: Labels, sensor: str, words: str) -> str:
    unit = getattr(labels, f"units_{sensor}")
    if unit is None:
        hint = f'Say --units-{sensor} ({words}), or put "units": {{"{sensor}": ...}} into the sidecar.'
        raise UnitsError(path, f"the unit of {sensor}_x, {sensor}_y, {sensor}_z is not said.", hint=hint)
    return str(unit)


def _unit_line(labels: Labels, sensor: str, unit: str, factors: dict[str, float]) -> str:
    base = next(iter(factors))
    origin = labels.origin_of(f"units_{sensor}")
    changed = "as it is" if unit == base else f"x {factors[unit]:.9g} to {base}"
    return f"{sensor} in {unit} (said by {origin}), {changed}"


def _convert(array: Float, factor: float) -> None:
    if factor != 1.0:
        with np.errstate(over="ignore"):
            array *= factor


def _timeline(path: str, samples: Samples, rate_hz: float | None) -> Timeline:
    if samples.time_s is not None:
        return clean_timeline(path, samples.time_s, rate_hz, samples.place_of)
    if rate_hz is None:
        hint = 'Say --rate, or put "sampling_rate_hz" into the sidecar.'
        raise TimeError(path, "there is no column `time` and no sampling rate.", hint=hint)
    return counted_timeline(len(samples.acc), rate_hz)


def _gap_finding(recording: Recording) -> tuple[Finding, ...]:
    gaps_s = recording.gaps_s
    if not len(gaps_s):
        return ()
    lost_s = float((gaps_s[:, 1] - gaps_s[:, 0]).sum())
    return (Finding("gap", f"{len(gaps_s)} gaps, {lost_s:.2f} s in all", len(gaps_s)),)
