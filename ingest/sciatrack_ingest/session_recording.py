"""One sitting with one or more sensors: the folder, its raw logs on one time base, and their recorders.

The folder appears when the first sensor is found and holds raw logs only; `finish_session` makes a finished session
of it, at the end of a recording as well as after a crash.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import uuid
from dataclasses import dataclass
from pathlib import Path

from sciatrack_ingest.collector import OpenLog, SensorRecorder
from sciatrack_ingest.connecting import Patience
from sciatrack_ingest.manifest import check_participant, session_id_for, utc_to_text, zone
from sciatrack_ingest.radio import Clock, Found, HostClock, Radio
from sciatrack_ingest.rawlog import BEGIN, RawHeader, RawLogError, RawLogWriter
from sciatrack_ingest.sensors import SensorFamily
from sciatrack_ingest.sessions import private_folder


@dataclass(frozen=True)
class Sitting:
    """Who is recorded, where and why. `sensors`: (name, address or None for any, placement), one for each sensor.

    Raises PseudonymError, ZoneError or ValueError for words that a session cannot keep.
    """

    participant: str
    timezone: str
    sensors: tuple[tuple[str | None, str], ...]
    exercise: str = ""
    side: str = ""
    origin: str = "recorded"
    software: str = ""

    def __post_init__(self) -> None:
        check_participant(self.participant)
        zone(self.timezone)
        placements = [placement for _, placement in self.sensors]
        if len(set(placements)) != len(placements):
            raise ValueError(f"each sensor needs a placement of its own; got {', '.join(placements)}")


class RecordingSession:
    """The recorders of a sitting and the folder in which their logs appear."""

    def __init__(
        self,
        radio: Radio,
        sitting: Sitting,
        parent: Path,
        *,
        patience: Patience | None = None,
        clock: Clock | None = None,
        preparing: bool = False,
    ) -> None:
        self.preparing = preparing  # until `begin_now`
        self._sitting = sitting
        self._clock = clock or HostClock()
        self.start_ns = self._begin_ns = self._clock.monotonic_ns()
        self.start_utc = dt.datetime.fromtimestamp(self._clock.wall_ns() / 1e9, dt.UTC)
        self.session_id = session_id_for(sitting.participant, self.start_utc, uuid.uuid4().hex)
        self.folder = parent / self.session_id
        turn = asyncio.Lock()
        self.recorders = [
            SensorRecorder(
                radio, wanted, placement, self._opener(placement), turn=turn, patience=patience, clock=self._clock
            )
            for wanted, placement in sitting.sensors
        ]

    @property
    def begun(self) -> bool:
        """Something was recorded, or could have been: there is a folder."""
        return self.folder.is_dir()

    @property
    def now_s(self) -> float:
        """Seconds of the session's clock, whose zero is its start."""
        return (self._clock.monotonic_ns() - self.start_ns) * 1e-9

    @property
    def streaming(self) -> bool:
        """Data have come from every sensor."""
        return all(recorder.status.first_data_ns is not None for recorder in self.recorders)

    def begin_now(self) -> None:
        """`recorded_s` counts from here; what came until now, if it was preparation, is no part of the samples."""
        self._begin_ns = self._clock.monotonic_ns()
        for recorder in self.recorders if self.preparing else ():
            recorder.note(BEGIN)
        self.preparing = False

    @property
    def recorded_s(self) -> float:
        """Seconds since data came from every sensor, or since `begin_now`; 0.0 before that."""
        if not self.streaming:
            return 0.0
        first = [recorder.status.first_data_ns or 0 for recorder in self.recorders]
        return (self._clock.monotonic_ns() - max(self._begin_ns, *first)) * 1e-9

    def _opener(self, placement: str) -> OpenLog:
        def open_log(found: Found, family: SensorFamily) -> RawLogWriter:
            try:
                private_folder(self.folder)
            except OSError as error:
                raise RawLogError(
                    self.folder, f"cannot be written: {error.strerror or error}.",
                    hint="Choose another folder with --output.",
                ) from error  # fmt: skip
            sitting = self._sitting
            header = RawHeader(
                family=family.name,
                placement=placement,
                participant=sitting.participant,
                session_id=self.session_id,
                start_utc=utc_to_text(self.start_utc),
                start_monotonic_ns=self.start_ns,
                timezone=sitting.timezone,
                sensor_name=found.advertisement.name,
                sensor_address=found.advertisement.address,
                exercise=sitting.exercise,
                side=sitting.side,
                origin=sitting.origin,
                software=sitting.software,
            )
            return RawLogWriter(self.folder / f"raw-{placement}.mcap", header)

        return open_log
