"""`Status`: what the recorder of one sensor lets others see of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sciatrack_ingest.sensors import SensorFamily


class State(StrEnum):
    """What the recorder of one sensor is doing."""

    WAITING = "waiting"
    SEARCHING = "searching"
    CONNECTING = "connecting"
    RECORDING = "recording"
    LOST = "sensor lost"
    STOPPED = "stopped"


@dataclass
class Status:
    """What a display may show; only the recorder writes to it."""

    placement: str
    state: State = State.WAITING
    label: str = ""
    family: SensorFamily | None = None
    packets: int = 0
    connections: int = 0
    battery_percent: float | None = None
    rssi_dbm: int | None = None
    trouble: str = ""
    overflowed: int = 0
    first_data_ns: int | None = None
