"""The virtual air: a link between bumble controllers in this process, and ports on it for other processes."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from bumble import hci
from bumble.controller import Controller
from bumble.device import Device
from bumble.host import Host
from bumble.link import LocalLink
from bumble.transport.common import AsyncPipeSink, StreamPacketSink, StreamPacketSource

CENTRAL_ADDRESS = "F0:F0:F0:F0:F0:F0"
OUT_OF_RANGE = hci.HCI_CONNECTION_TIMEOUT_ERROR  # what a host is told after the supervision timeout


class Air:
    """One room: every controller in it hears every other one."""

    def __init__(self) -> None:
        self.link = LocalLink()  # type: ignore[no-untyped-call]
        self._centrals = 0
        self._controllers: dict[Device, Controller] = {}

    def new_device(self, name: str, address: str) -> Device:
        """A Bluetooth device of its own, not powered on yet."""
        controller = Controller(name, link=self.link, public_address=address)
        device = _device(name, address, Host(controller, AsyncPipeSink(controller)))
        self._controllers[device] = controller
        return device

    def new_central(self) -> Device:
        """The host's own radio; each has an address of its own."""
        self._centrals += 1
        return self.new_device("central", f"{CENTRAL_ADDRESS[:-2]}{self._centrals:02X}")

    def lose_link(self, device: Device) -> None:
        """Out of range: both ends are told what they would be told after the supervision timeout, at once."""
        controller = self._controllers[device]
        for connection in list(controller.le_connections.values()):
            _drop(controller, connection)

    async def serve(self, host: str = "127.0.0.1", port: int = 0) -> asyncio.Server:
        """Open a port on which each connection is one radio adapter (HCI over TCP), for other processes."""
        loop = asyncio.get_running_loop()
        return await loop.create_server(lambda: _HciPort(self.link), host, port)


async def open_remote_central(host: str, port: int) -> Device:
    """The central role on the air of another process; raises ConnectionError where nobody serves."""
    loop = asyncio.get_running_loop()
    transport, source = await loop.create_connection(_RemoteSource, host, port)
    sink = StreamPacketSink(transport)
    return _device("central", CENTRAL_ADDRESS, Host(controller_source=source, controller_sink=sink))


def _drop(controller: Any, connection: Any) -> None:
    other = controller.link.find_le_controller(connection.peer_address)
    if other is not None:
        for far in list(other.le_connections.values()):
            if far.peer_address == connection.self_address:
                other.on_le_disconnected(far, OUT_OF_RANGE)
    controller.on_le_disconnected(connection, OUT_OF_RANGE)


def _device(name: str, address: str, host: Host) -> Device:
    return Device(name=name, address=hci.Address(address), host=host)


class _RemoteSource(StreamPacketSource):
    """HCI packets of another process's air; the end of the connection is the end of the radio."""

    def connection_lost(self, error: Exception | None) -> None:
        with contextlib.suppress(Exception):  # bumble answers requests that nobody waits for any more
            self.on_transport_lost()


class _HciPort(StreamPacketSource):
    """One adapter for one connected process; when the process dies its links time out."""

    def __init__(self, link: LocalLink) -> None:
        super().__init__()
        self._link = link

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        sink = StreamPacketSink(transport)  # type: ignore[arg-type]
        self._controller = Controller("port", host_source=self, host_sink=sink, link=self._link)

    def connection_lost(self, error: Exception | None) -> None:
        controller: Any = self._controller
        controller.host = None
        for connection in list(controller.le_connections.values()):
            _drop(controller, connection)
        self._link.remove_controller(controller)
