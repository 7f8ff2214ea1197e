"""The protocols that a virtual sensor can speak, by the name of the sensor family."""

from collections.abc import Callable

from sciatrack_ingest.virtual.speakers.base import Characteristic, Notification, Packet, Service, Speaker
from sciatrack_ingest.virtual.speakers.dot import DotSpeaker
from sciatrack_ingest.virtual.speakers.generic import GenericSpeaker
from sciatrack_ingest.virtual.speakers.movesense import MovesenseSpeaker
from sciatrack_ingest.virtual.speakers.polar import PolarSpeaker
from sciatrack_ingest.virtual.speakers.witmotion import WitMotionSpeaker

SPEAKERS: dict[str, Callable[[], Speaker]] = {
    "generic": GenericSpeaker,
    "movesense": MovesenseSpeaker,
    "polar": PolarSpeaker,
    "witmotion": WitMotionSpeaker,
    "dot": DotSpeaker,
}

__all__ = [
    "SPEAKERS",
    "Characteristic",
    "DotSpeaker",
    "GenericSpeaker",
    "MovesenseSpeaker",
    "Notification",
    "Packet",
    "PolarSpeaker",
    "Service",
    "Speaker",
    "WitMotionSpeaker",
]
