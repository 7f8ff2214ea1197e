"""The sensors that people can buy or build, one module a family. A new one is its module and a line here."""

from sciatrack_ingest.sensors import dot, generic, movesense, polar, witmotion
from sciatrack_ingest.sensors.family import (
    Advertisement,
    Command,
    Decoded,
    Gap,
    RawPacket,
    SensorFamily,
    SensorRefusedError,
)

REGISTRY: dict[str, SensorFamily] = {
    family.name: family
    for family in (
        generic.FAMILY,
        movesense.FAMILY,
        polar.FAMILY,
        witmotion.FAMILY,
        dot.FAMILY,
    )
}  # fmt: skip


def recognise(advertisement: Advertisement) -> SensorFamily | None:
    """The family of what advertises so, or None for anything that is no sensor of ours."""
    return next((family for family in REGISTRY.values() if family.recognise(advertisement)), None)


__all__ = [
    "REGISTRY",
    "Advertisement",
    "Command",
    "Decoded",
    "Gap",
    "RawPacket",
    "SensorFamily",
    "SensorRefusedError",
    "recognise",
]
