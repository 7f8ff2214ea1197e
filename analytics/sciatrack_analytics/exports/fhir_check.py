"""Own checks of a FHIR bundle: codes, references and times that a schema alone lets pass.

The library `fhir.resources` (extra `fhir`) knows which fields there are and which are needed, but takes any word
for a code; where it is installed, a bundle goes through both. The value sets are those of FHIR R4 (4.0.1).
"""

from __future__ import annotations

import datetime as dt
import importlib.util
from collections.abc import Iterator, Mapping
from typing import Any

from sciatrack_ingest.errors import SciatrackError

STATUS = {
    "CarePlan": {"draft", "active", "on-hold", "revoked", "completed", "entered-in-error", "unknown"},
    "ServiceRequest": {"draft", "active", "on-hold", "revoked", "completed", "entered-in-error", "unknown"},
    "Procedure": {
        "preparation", "in-progress", "not-done", "on-hold", "stopped", "completed", "entered-in-error", "unknown",
    },
    "Observation": {
        "registered", "preliminary", "final", "amended", "corrected", "cancelled", "entered-in-error", "unknown",
    },
}  # fmt: skip
INTENT = {
    "CarePlan": {"proposal", "plan", "order", "option"},
    "ServiceRequest": {
        "proposal", "plan", "directive", "order", "original-order", "reflex-order", "filler-order",
        "instance-order", "option",
    },
}  # fmt: skip
NEEDED = {
    "Patient": (),
    "CarePlan": ("status", "intent", "subject"),
    "ServiceRequest": ("status", "intent", "subject"),
    "Procedure": ("status", "subject"),
    "Observation": ("status", "code"),
}
UNITS_OF_TIME = {"s", "min", "h", "d", "wk", "mo", "a"}
MOMENTS = ("effectiveDateTime", "authoredOn")
PERIODS = ("performedPeriod", "effectivePeriod")


class FhirError(SciatrackError, ValueError):
    """A bundle that is not valid FHIR R4; names the resource and what is wrong. A defect of the software."""


def check_bundle(bundle: Mapping[str, Any]) -> None:
    """Raises FhirError with the first thing that is wrong with a bundle."""
    urls = [entry["fullUrl"] for entry in bundle["entry"]]
    if len(set(urls)) != len(urls):
        raise FhirError("two entries of the bundle have one fullUrl")
    for entry in bundle["entry"]:
        resource = entry["resource"]
        for problem in _problems(resource, set(urls)):
            raise FhirError(f"{resource['resourceType']} {entry['fullUrl']}: {problem}")
    if library_there():
        check_with_library(bundle)


def library_there() -> bool:
    """Whether the extra `fhir` is installed."""
    return importlib.util.find_spec("fhir") is not None


def check_with_library(bundle: Mapping[str, Any]) -> None:
    """Fields and types by the library's R4B models, which take everything that is used here of R4."""
    from fhir.resources.R4B.bundle import Bundle
    from pydantic import ValidationError

    try:
        Bundle.model_validate(bundle)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise FhirError(f"{where}: {first['msg']}") from error


def _problems(resource: Mapping[str, Any], urls: set[str]) -> Iterator[str]:
    kind = resource["resourceType"]
    if kind not in NEEDED:
        yield "is no kind of resource that this export writes"
        return
    for key in NEEDED[kind]:
        if key not in resource:
            yield f"lacks {key}"
    for key, allowed in (("status", STATUS), ("intent", INTENT)):
        if key in resource and resource[key] not in allowed.get(kind, set()):
            yield f"{key} '{resource[key]}' is not in the value set"
    for key in MOMENTS:
        if key in resource and not _has_offset(resource[key]):
            yield f"{key} '{resource[key]}' has no offset from UTC"
    for key in PERIODS:
        period = resource.get(key)
        if period and not (_has_offset(period["start"]) and _has_offset(period["end"])):
            yield f"{key} has no offset from UTC"
        elif period and _moment(period["start"]) > _moment(period["end"]):
            yield f"{key} ends before it begins"
    repeat = resource.get("occurrenceTiming", {}).get("repeat", {})
    if "periodUnit" in repeat and repeat["periodUnit"] not in UNITS_OF_TIME:
        yield f"periodUnit '{repeat['periodUnit']}' is no unit of time"
    if kind == "Observation" and "dataAbsentReason" in resource and "valueQuantity" in resource:
        yield "has both a value and a reason why there is none"
    if kind == "Observation" and not {"valueQuantity", "component", "dataAbsentReason"} & set(resource):
        yield "has neither a value nor a reason why there is none"
    for reference in _references(resource):
        if reference not in urls:
            yield f"refers to {reference}, which is not in the bundle"


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, Mapping):
        if isinstance(part.get("reference"), str):
            yield part["reference"]
        for value in part.values():
            yield from _references(value)
    elif isinstance(part, list):
        for value in part:
            yield from _references(value)


def _moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def _has_offset(text: str) -> bool:
    try:
        return _moment(text).tzinfo is not None
    except ValueError:
        return False
