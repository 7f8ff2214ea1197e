"""The newest samples of a stream, as they came: no more than KEPT_S of them, however long it lasts."""

from __future__ import annotations

from collections import deque

import numpy as np
import numpy.typing as npt

from sciatrack_ingest import Recording

Float = npt.NDArray[np.float64]
Packet = tuple[Float, Float, Float | None]

# Ten minutes, 6 MB at 100 Hz: longer than any set and than all that an analysis looks at around one.
KEPT_S = 600.0


class Window:
    """Owns copies of packets; plain data that can be pickled."""

    def __init__(self) -> None:
        self._packets: deque[Packet] = deque()
        self.dropped = False  # whether it held more once

    def add(self, time_s: Float, acc: Float, gyr: Float | None) -> None:
        """Takes time_s (n,), acc (n, 3), gyr (n, 3) or None; n > 0. The oldest packets go."""
        self._packets.append((np.array(time_s), np.array(acc), None if gyr is None else np.array(gyr)))
        oldest_s = float(time_s[-1]) - KEPT_S
        while self._packets[0][0][-1] < oldest_s:
            self._packets.popleft()
            self.dropped = True

    def recording(self, from_s: float = -np.inf) -> Recording:
        """What is kept from this time on (whole packets)."""
        packets = []
        for packet in reversed(self._packets):
            if packet[0][-1] < from_s:
                break
            packets.append(packet)
        if not packets:
            return Recording(np.empty(0), np.empty((0, 3)))
        times, accs, gyrs = zip(*reversed(packets), strict=True)
        gyr = None if any(g is None for g in gyrs) else np.concatenate(gyrs)
        return Recording(np.concatenate(times), np.concatenate(accs), gyr)
