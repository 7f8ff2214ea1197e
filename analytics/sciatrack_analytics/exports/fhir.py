"""FHIR R4: what was prescribed, done and felt of one participant, as a transaction bundle.

Patient (the pseudonym, nothing else), CarePlan over all ServiceRequests (one a prescription version), one Procedure
a block of a session, Observations of its reps and holds, and of pain. LOINC codes: 73985-4 exercise activity,
55411-3 exercise duration (HL7 Physical Activity guide), 72514-3 pain severity 0 to 10; our exercises have no
LOINC code and stand under a URI of our own. A block that the sensor could not see is an Observation without a value
whose reason says so, never a procedure that was not done. Export only, made for R4 (4.0.1).
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from statistics import median
from typing import Any

from sciatrack_analytics.exports.fhir_check import check_bundle
from sciatrack_analytics.exports.sources import (
    Exported,
    Session,
    counted,
    new_folder,
    open_new,
    sessions_of,
    unseen,
)
from sciatrack_analytics.study import Study
from sciatrack_ingest.manifest import Manifest, zone

URI = "urn:sciatrack"  # of our own code systems: no address, nothing is fetched
LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
NAMESPACE = uuid.UUID("a5d0b4de-6f3c-5b39-9d27-3c3cb2a1f5a4")  # the same resource has the same uuid in each export
PAIN = {"leg_nrs": "Leg pain", "back_nrs": "Back pain"}
SECONDS = {"unit": "s", "system": UCUM, "code": "s"}
COUNT = {"unit": "1", "system": UCUM, "code": "1"}
SCORE = {"unit": "{score}", "system": UCUM, "code": "{score}"}
SIMULATED = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ActReason",
    "code": "HTEST",
    "display": "test health data",
}
Resource = dict[str, Any]


def export_fhir(study: Study, output: Path, *, participant: str | None = None) -> Exported:
    """Writes one bundle a participant (`P01.fhir.json`) into a new folder.

    Raises ExportError where the folder is not empty or the participant is unknown, and FhirError where a bundle
    would not be valid.
    """
    sessions: dict[str, list[Session]] = defaultdict(list)
    for session in sessions_of(study, participant):
        sessions[session.manifest.participant].append(session)
    asked = study.rows(
        "select distinct participant from prescription union select distinct participant from checkin"
    )
    people = sorted({name for (name,) in asked} | set(sessions)) if participant is None else [participant]
    root = new_folder(output)
    entries = 0
    for name in people:
        body = bundle(study, name, sessions[name])
        check_bundle(body)
        entries += len(body["entry"])
        with open_new(root / f"{name}.fhir.json") as stream:
            json.dump(body, stream, indent=1, ensure_ascii=False, allow_nan=False)
            stream.write("\n")
    return Exported({"participants": len(people), "resources": entries})


def bundle(study: Study, participant: str, sessions: Iterable[Session]) -> Resource:
    """The transaction bundle of one participant."""
    sessions = list(sessions)
    patient: Resource = {
        "resourceType": "Patient",
        "identifier": [{"system": f"{URI}:participant", "value": participant}],
    }
    who = {"reference": _urn("Patient", participant)}
    resources: list[tuple[str, Resource]] = [(who["reference"], patient)]
    requests = list(_requests(study, participant, who))
    if requests:
        resources += [_care_plan(participant, who, requests), *((urn, request) for urn, request, _ in requests)]
    for session in sessions:
        resources += _session_resources(session, who, requests)
    resources += _pain(study, participant, who)
    simulated = any(session.manifest.origin == "simulated" for session in sessions)
    for _, resource in resources:
        if simulated:
            resource["meta"] = {"tag": [dict(SIMULATED)]}
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {"fullUrl": urn, "resource": body, "request": {"method": "POST", "url": body["resourceType"]}}
            for urn, body in resources
        ],
    }


def _urn(*key: object) -> str:
    return f"urn:uuid:{uuid.uuid5(NAMESPACE, '/'.join(map(str, key)))}"


def _concept(system: str, code: str, text: str) -> Resource:
    return {"coding": [{"system": system, "code": code, "display": text}], "text": text}


def _exercise(study_names: Mapping[str, str], exercise: str) -> Resource:
    return _concept(f"{URI}:exercise", exercise, study_names.get(exercise, exercise))


def _requests(study: Study, participant: str, who: Resource) -> Iterator[tuple[str, Resource, Mapping[str, Any]]]:
    """One ServiceRequest a prescription version, in order; the next version revokes the one before it."""
    names = {exercise.id: exercise.name for exercise in study.exercises.values()}
    rows = [row for row in study.table_rows("prescription") if row["participant"] == participant]
    rows.sort(key=lambda row: (row["exercise"], row["version"]))
    following = {(row["exercise"], row["version"] - 1): row for row in rows}
    for row in rows:
        after = following.get((row["exercise"], row["version"]))
        active = after is None and row["days_per_week"] > 0
        period = {"start": row["valid_from"].isoformat()}
        if (
            after is not None
        ):  # FHIR periods include their last day, valid_from of the next version is the first of it
            period["end"] = max(after["valid_from"] - dt.timedelta(days=1), row["valid_from"]).isoformat()
        repeat: Resource = {"boundsPeriod": period}
        if row["days_per_week"] > 0:
            # times a week: days asked for, each with its sessions
            repeat |= {"frequency": row["days_per_week"] * row["sessions_per_day"], "period": 1, "periodUnit": "wk"}
        sides = {"left": "left leg", "right": "right leg", "each": "each leg", "both": "both legs together"}
        text = f"{row['sets']} set(s) of {row['reps']} repetitions, hold {row['hold_s']:g} s, {sides[row['side']]}"
        request: Resource = {
            "resourceType": "ServiceRequest",
            "identifier": [
                {"system": f"{URI}:prescription", "value": f"{participant}/{row['exercise']}/{row['version']}"}
            ],
            "status": "active" if active else "completed" if after is None else "revoked",
            "intent": "order",
            "code": _exercise(names, row["exercise"]),
            "subject": who,
            "quantityQuantity": {"value": row["sets"] * row["reps"], **COUNT},
            "occurrenceTiming": {"repeat": repeat},
            "authoredOn": row["recorded_utc"].replace(tzinfo=dt.UTC).isoformat(timespec="seconds"),
            "requester": {"display": row["author"]},
            "patientInstruction": text,
            "note": [{"text": row["reason"]}],
        }
        if (row["exercise"], row["version"] - 1) in {(r["exercise"], r["version"]) for r in rows}:
            request["replaces"] = [
                {"reference": _urn("ServiceRequest", participant, row["exercise"], row["version"] - 1)}
            ]
        yield _urn("ServiceRequest", participant, row["exercise"], row["version"]), request, row


def _care_plan(participant: str, who: Resource, requests: list[tuple[str, Resource, Any]]) -> tuple[str, Resource]:
    """The plan that holds all versions; R4 has no other place that groups them."""
    active = any(request["status"] == "active" for _, request, _ in requests)
    return _urn("CarePlan", participant), {
        "resourceType": "CarePlan",
        "status": "active" if active else "completed",
        "intent": "plan",
        "title": "Home exercise for sciatica",
        "subject": who,
        "activity": [{"reference": {"reference": urn}} for urn, _, _ in requests],
    }


def _session_resources(
    session: Session, who: Resource, requests: list[tuple[str, Resource, Mapping[str, Any]]]
) -> Iterator[tuple[str, Resource]]:
    """A Procedure a block, and what was seen of it."""
    manifest = session.manifest
    reps = defaultdict(list)
    for rep in session.reps:
        reps[rep["recording"], rep["block"]].append(rep)
    for block in manifest.blocks:
        key = (manifest.session_id, block["recording"], block["block"])
        urn = _urn("Procedure", *key)
        procedure: Resource = {
            "resourceType": "Procedure",
            "status": "unknown" if unseen(block) else "completed",
            "code": _concept(f"{URI}:exercise", block["exercise"], block["exercise"].replace("_", " ")),
            "subject": who,
            "performedPeriod": {
                "start": _local(manifest, block["block_start_s"]), "end": _local(manifest, block["block_end_s"]),
            },
        }  # fmt: skip
        based_on = _in_force(manifest, block["exercise"], requests)
        if based_on:
            procedure["basedOn"] = [{"reference": based_on}]
        if block["note"]:
            procedure["note"] = [{"text": block["note"]}]
        yield urn, procedure
        mine = [rep for rep in reps[block["recording"], block["block"]] if counted(rep)]
        yield _urn("Observation", *key), _observation(block, mine, procedure, urn, who)


def _observation(
    block: Mapping[str, Any], reps: list[dict[str, Any]], procedure: Resource, urn: str, who: Resource
) -> Resource:
    """Reps and holds of one block; without a value, and with the reason, where the sensor could not see it."""
    base: Resource = {
        "resourceType": "Observation",
        "status": "final",
        "category": [{"coding": [{"system": CATEGORY, "code": "activity"}]}],
        "code": _concept(LOINC, "73985-4", "Exercise activity"),
        "subject": who,
        "effectivePeriod": procedure["performedPeriod"],
        "partOf": [{"reference": urn}],
        "method": {"text": f"{block['algorithm']}, sensor on {block['placement']}"},
    }
    if unseen(block):
        reason = _concept(ABSENT, "unsupported", "Unsupported")
        return base | {"dataAbsentReason": reason | {"text": f"not observable: {block['note']}"}}
    component = [_component(f"{URI}:measure", "reps", "Repetitions", {"value": len(reps), **COUNT})]
    holds = [rep["hold_s"] for rep in reps if rep["hold_s"] is not None]
    if holds:
        total = {"value": round(sum(holds), 3), **SECONDS}
        component.append(_component(f"{URI}:measure", "hold-total", "Hold time, sum", total))
        component.append(
            _component(
                f"{URI}:measure", "hold-median", "Hold time, median", {"value": round(median(holds), 3), **SECONDS}
            )
        )
    length_s = round(block["block_end_s"] - block["block_start_s"], 3)
    component.append(_component(LOINC, "55411-3", "Exercise duration", {"value": length_s, **SECONDS}))
    return base | {"component": component}


def _component(system: str, code: str, text: str, value: Resource) -> Resource:
    return {"code": _concept(system, code, text), "valueQuantity": value}


def _pain(study: Study, participant: str, who: Resource) -> Iterator[tuple[str, Resource]]:
    """One Observation an answered pain score; what was not answered is not there."""
    rows = [row for row in study.table_rows("checkin") if row["participant"] == participant]
    for k, row in enumerate(sorted(rows, key=lambda row: (row["at_utc"], row["phase"]))):
        for key, text in PAIN.items():
            if row[key] is None:
                continue
            at = row["at_utc"].replace(tzinfo=dt.UTC).astimezone(zone(row["tz"]))
            yield (
                _urn("Observation", participant, key, row["at_utc"], row["phase"], k),
                {
                    "resourceType": "Observation",
                    "status": "final",
                    "category": [{"coding": [{"system": CATEGORY, "code": "survey"}]}],
                    "code": _concept(LOINC, "72514-3", "Pain severity - 0-10 verbal numeric rating")
                    | {"text": text},
                    "bodySite": {"text": text.removesuffix(" pain").lower()},
                    "subject": who,
                    "effectiveDateTime": at.isoformat(timespec="seconds"),
                    "valueQuantity": {"value": row[key], **SCORE},
                    "note": [{"text": f"asked: {row['phase']}"}],
                },
            )


def _local(manifest: Manifest, offset_s: float) -> str:
    moment = manifest.start_utc + dt.timedelta(seconds=offset_s)
    return moment.astimezone(zone(manifest.timezone)).isoformat(timespec="seconds")


def _in_force(
    manifest: Manifest, exercise: str, requests: list[tuple[str, Resource, Mapping[str, Any]]]
) -> str | None:
    """The version in force on the day of the session."""
    day = manifest.start_local.date()
    known = [
        (row["version"], urn)
        for urn, _, row in requests
        if row["exercise"] == exercise and row["valid_from"] <= day
    ]
    return max(known)[1] if known else None
