"""Does the collector lose anything? Real Bluetooth stacks in two processes, faults, kill -9 and full disks.

    python benchmarks/recording.py [--quick] [soak | rate | faults | time | kill | disk ...]

soak    two sensors of 100 Hz, one sample a packet, 20 minutes, sensors and recorder in two processes over TCP
rate    one sensor of 400 Hz in packets of 10, 2 minutes, likewise
faults  200 seeded fault schedules, all sensor families, on a virtual clock
time    the error of time stamps at 50 ms jitter and a clock that is 100 ppm fast
kill    50 times kill -9 at a random moment of a recording
disk    a file that may not grow any more

It asserts that nothing is lost or misplaced and prints the numbers. It shows nothing about radio waves: the link
between the stacks has no interference, and connection intervals are not modelled.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np

from sciatrack_ingest.decode_session import decode_log
from sciatrack_ingest.radio import Found
from sciatrack_ingest.rawlog import RawHeader, RawLogWriter
from sciatrack_ingest.rawread import RawLog, read_raw
from sciatrack_ingest.recovery import finish_session
from sciatrack_ingest.sensors import REGISTRY, SensorFamily
from sciatrack_ingest.sessions import verify_session
from sciatrack_ingest.virtual.faults import Faults, random_faults
from sciatrack_ingest.virtual.sensor import Motion, VirtualSensor
from sciatrack_ingest.virtual.serve import ACC_STEP, coded_motion
from sciatrack_ingest.virtual.speakers import SPEAKERS

PLACEMENTS = ("hip", "right_thigh")
RATES_HZ = {"generic": 100.0, "movesense": 52.0, "polar": 52.0, "witmotion": 100.0, "dot": 60.0}
LOST_AT_A_KILL_S = 1.1  # the flush comes twice a second
DISK_LIMIT_BYTES = 60_000
MOST_TIME_ERROR_MS, ASKED_JITTER_S, WILD_JITTER_MS = 20.0, 0.05, 200
TOLERANCE_MPS2 = 0.003  # half a step of the coarsest protocol
ANSWERS = {"movesense": b"\x01", "witmotion": b"\x55\x71"}  # on the same characteristic as the samples


def child(*arguments: str, **more: object) -> subprocess.Popen[str]:
    """Another Python of the same environment, with its streams as pipes."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    return subprocess.Popen([sys.executable, *arguments], **{**pipes, **more})  # type: ignore[call-overload,no-any-return]


# -- two processes ---------------------------------------------------------------------------------------------


def two_processes(seconds: float, sensors: int, rate_hz: float, packet: int) -> None:
    """Record from another process's sensors and compare every sample with what was sent."""
    folder = Path(tempfile.mkdtemp(prefix="recording-"))
    truth = folder / "truth.json"
    options = f"--sensors {sensors} --rate {rate_hz} --packet {packet} --seconds {seconds + 60}"
    served = child("-m", "sciatrack_ingest.virtual.serve", "--truth", str(truth), *options.split())
    assert served.stdout is not None
    port = served.stdout.readline().strip()
    arguments = [str(folder / "sessions"), port, str(sensors), str(seconds)]
    recorder = child(__file__, "child-record", *arguments, stderr=subprocess.DEVNULL)
    said = json.loads(recorder.communicate(timeout=seconds + 120)[0])
    served.communicate(timeout=60)
    sent = json.loads(truth.read_text())
    for number in range(sensors):
        log = read_raw(Path(said["folder"]) / f"raw-{PLACEMENTS[number]}.mcap")
        decoded = decode_log(log)
        mine = sent[f"IMU {number}"]
        rows = np.concatenate([np.arange(a, a + n) for a, n in zip(mine["first_rows"], mine["rows"], strict=True)])
        expected = np.round(coded_motion(rate_hz, seconds + 60, number).acc[rows] / ACC_STEP)
        got = np.round(decoded.recording.acc / ACC_STEP)
        assert log.finished, log.problems
        # the last packets may be on the way when the recorder says goodbye
        assert 0 <= len(expected) - len(got) <= 4 * packet, (len(expected), len(got))
        assert np.array_equal(got, expected[: len(got)]), "samples are misplaced"
        assert decoded.lost_samples == 0
        step_s = np.diff(decoded.recording.time_s)
        print(
            f"  sensor {number}: {len(got)} samples in {decoded.recording.duration_s:.1f} s, 0 lost, 0 misplaced; "
            f"step {1e3 * step_s.min():.3f} to {1e3 * step_s.max():.3f} ms"
        )
    print(f"  recorder: {100 * said['cpu_s'] / said['wall_s']:.1f} % of a core (counting and display included)")
    shutil.rmtree(folder)


def record_child(parent: str, port: str, sensors: str, seconds: str) -> None:
    """In a process of its own: what `sciatrack record` does, on the air of the other process."""
    from contextlib import asynccontextmanager

    from sciatrack import recorder
    from sciatrack_ingest.ble import BleakRadio
    from sciatrack_ingest.session_recording import Sitting
    from sciatrack_ingest.virtual.air import open_remote_central
    from sciatrack_ingest.virtual.bleak_backend import client_backend, scanner_backend

    @asynccontextmanager
    async def remote_radio():  # type: ignore[no-untyped-def]
        central = await open_remote_central("127.0.0.1", int(port))
        await central.power_on()
        yield BleakRadio(scanner_backend(central), client_backend(central))

    wanted = tuple((f"IMU {number}", PLACEMENTS[number]) for number in range(int(sensors)))
    sitting = Sitting("P01", "UTC", wanted)
    before_s, wall_s = time.process_time(), time.monotonic()
    done = recorder.record(recorder.Request(sitting, remote_radio, Path(parent), float(seconds)))
    assert done.trouble is None, done.trouble
    used = {"cpu_s": time.process_time() - before_s, "wall_s": time.monotonic() - wall_s}
    print(json.dumps({"folder": str(done.folder), **used}))


# -- faults on a virtual clock ---------------------------------------------------------------------------------


def virtual_run(family: str, faults: Faults, seconds: float, path: Path) -> VirtualSensor:
    """Record a virtual sensor through its faults into `path`."""
    from sciatrack_ingest.collector import SensorRecorder
    from sciatrack_ingest.virtual.clock import LoopClock, run_virtual
    from sciatrack_ingest.virtual.plain_radio import PlainRadio

    def open_log(found: Found, kind: SensorFamily) -> RawLogWriter:
        return RawLogWriter(path, RawHeader(kind.name, "hip", "P01", "s", "2026-03-02T08:00:00Z", 0))

    async def program() -> VirtualSensor:
        sensor = VirtualSensor(SPEAKERS[family](), waves(RATES_HZ[family], seconds), faults)
        life = asyncio.create_task(sensor.run())
        stop = asyncio.Event()
        recorder = SensorRecorder(
            PlainRadio([sensor]), None, "hip", open_log, clock=LoopClock(), rng=random.Random(faults.seed)
        )
        task = asyncio.create_task(recorder.run(stop))
        await asyncio.wait([task], timeout=seconds)
        stop.set()
        await task
        life.cancel()
        return sensor

    return run_virtual(program())


def waves(rate_hz: float, seconds: float) -> Motion:
    """Slow, all different, within every range."""
    at_s = np.arange(int(rate_hz * seconds)) / rate_hz
    made = np.stack([np.sin(0.3 * (1 + axis) * at_s + axis) for axis in range(6)], axis=1)
    return Motion(rate_hz, 9.0 * made[:, :3], 3.0 * made[:, 3:])


def faults(count: int, seconds: float = 90.0) -> None:
    """Every delivered sample is in the file once, and gaps have their length within a packet.

    Time errors are told of the schedules with a jitter of at most ASKED_JITTER_S, and of the wilder ones apart.
    """
    folder = Path(tempfile.mkdtemp(prefix="recording-"))
    started_s = time.monotonic()
    problems, runs, worst_gap, errors_ms = Counter[str](), Counter[str](), Counter[str](), {}
    for seed in range(count):
        family = list(SPEAKERS)[seed % len(SPEAKERS)]
        sensor = virtual_run(family, random_faults(seed, seconds - 10), seconds, folder / f"{seed}.mcap")
        runs[family] += 1
        for name, value in judged(sensor, family, folder / f"{seed}.mcap").items():
            if name == "gap":
                worst_gap[family] = max(worst_gap[family], int(value))
                wrong = value > sensor.speaker.samples_per_packet
                problems[f"{family}: a gap is off by {value:.0f} samples (seed {seed})"] += wrong
            elif name == "time_ms":
                wild = sensor.faults.jitter_s > ASKED_JITTER_S
                errors_ms.setdefault((family, wild), []).append(value)
            elif value:
                problems[f"{family}: {name} (seed {seed})"] += 1
    print(f"  {count} schedules of {seconds:.0f} s, 0 hangs, {time.monotonic() - started_s:.0f} s")
    for family in runs:
        print(
            f"  {family:10} {runs[family]:3} runs; gap lengths off by at most {worst_gap[family]} samples; "
            f"time error {spread(errors_ms.get((family, False)))}; at {WILD_JITTER_MS} ms jitter "
            f"{spread(errors_ms.get((family, True)))}"
        )
        tame_ms = errors_ms.get((family, False), [0.0])
        late = REGISTRY[family].has_device_time and statistics.median(tame_ms) > MOST_TIME_ERROR_MS
        problems[f"{family}: times are {statistics.median(tame_ms):.1f} ms off"] += late
    for problem in sorted(+problems):
        print(f"  PROBLEM {problem}")
    shutil.rmtree(folder)
    assert not +problems


def spread(errors_ms: list[float] | None) -> str:
    """Median and worst of some runs."""
    return f"{statistics.median(errors_ms):.1f} (worst run {max(errors_ms):.1f}) ms" if errors_ms else "not met"


def judged(sensor: VirtualSensor, family: str, path: Path) -> dict[str, float]:
    """What is wrong with one recording (0: nothing), how far gap lengths are off, and the median time error."""
    log = read_raw(path)
    decoded = decode_log(log)
    unique = {(one.packet, one.boot): one for one in sensor.delivered}
    truth = sorted(unique.values(), key=lambda one: one.first_row)
    n = sensor.speaker.samples_per_packet
    # without a number or a time in the packets a copy cannot be told from a sample, so it stays
    kept = truth if REGISTRY[family].has_device_time else sensor.delivered
    true_s = np.concatenate([sensor_times(sensor, one.first_row, one.rows) for one in kept])
    lost = abs(len(sensor.delivered) - data_packets(family, sensor, log))
    result = {"packets": lost, "unfinished": float(not log.finished), "gap": 0.0, "time_ms": float("nan")}
    got = decoded.recording.n_samples
    if got != len(true_s):
        return {**result, "samples": abs(got - len(true_s))}
    rows = np.concatenate([np.arange(one.first_row, one.first_row + one.rows) for one in kept])
    wrong = np.abs(decoded.recording.acc - sensor.motion.rows_at(rows)[0]).max(axis=1) > TOLERANCE_MPS2
    result["misplaced"] = float(wrong.sum())
    errors_s = decoded.recording.time_s - true_s
    result = {**result, "samples": 0.0, "time_ms": 1e3 * float(np.median(np.abs(errors_s)))}
    if not decoded.family.has_device_time:
        return result
    true_gaps = [
        (sensor.sampled_s(after.first_row), (after.packet - before.packet - 1) * n)
        for before, after in pairwise(truth)
        if after.packet > before.packet + 1 and after.link == before.link
    ]
    found = [(gap.end_s, gap.lost_samples) for gap in decoded.gaps if gap.basis != "arrival"]
    if len(found) != len(true_gaps):
        return {**result, "gaps": abs(len(found) - len(true_gaps))}
    off = max((abs(mine[1] - theirs[1]) for mine, theirs in zip(found, true_gaps, strict=True)), default=0)
    return {**result, "gap": float(off)}


def sensor_times(sensor: VirtualSensor, first: int, rows: int) -> np.ndarray:
    """The true moments of some samples."""
    return np.array([sensor.sampled_s(first + row) for row in range(rows)])


def data_packets(family: str, sensor: VirtualSensor, log: RawLog) -> int:
    """Notifications that carry samples; the others are answers to commands."""
    answer = ANSWERS.get(family, b"none")
    return sum(p.channel == sensor.speaker.data_uuid and not p.payload.startswith(answer) for p in log.packets)


def time_stamps(seconds: float) -> None:
    """The error of time stamps at 50 ms jitter and 100 ppm: the median of each family, over the whole run."""
    folder = Path(tempfile.mkdtemp(prefix="recording-"))
    for number, family in enumerate(SPEAKERS):
        jittery = Faults(seed=number, jitter_s=0.05, skew_ppm=100.0)
        sensor = virtual_run(family, jittery, seconds, folder / family)
        error_ms = judged(sensor, family, folder / family)["time_ms"]
        print(f"  {family:10} 50 ms jitter, 100 ppm, {seconds:.0f} s: median error {error_ms:.1f} ms")
        assert error_ms <= MOST_TIME_ERROR_MS
    shutil.rmtree(folder)


# -- kill -9 and a full disk -----------------------------------------------------------------------------------


def kill(count: int) -> None:
    """Kill a recorder at a random moment; compare its file with what its radio had handed over."""
    rng, missing_s, missing = random.Random(1), [], []
    for _ in range(count):
        folder = Path(tempfile.mkdtemp(prefix="recording-")) / "P01-20260302T080000Z-1f3a9c2e"
        folder.mkdir()
        recorder = child(__file__, "child-loop", str(folder / "raw-hip.mcap"))
        assert recorder.stdout is not None
        assert recorder.stdout.readline() == "recording\n"
        time.sleep(rng.uniform(0.3, 4.0))
        recorder.send_signal(signal.SIGKILL)
        killed_ns = time.monotonic_ns()
        handed = [line.split() for line in recorder.communicate()[0].splitlines() if line.count(" ") == 1]
        log = read_raw(folder / "raw-hip.mcap")
        numbers = [int.from_bytes(packet.payload[2:4], "little") for packet in log.packets]
        finished = finish_session(folder)
        assert verify_session(folder) == []
        assert len(read_raw(folder / "raw-hip.mcap").packets) == len(log.packets)
        assert sum(sensor.recording.n_samples for sensor in finished.sensors) == len(numbers)
        assert numbers == list(range(len(numbers))), "earlier packets are not intact"
        assert log.header is not None
        kept_until_ns = log.packets[-1].monotonic_ns if log.packets else int(handed[0][1])
        missing_s.append((killed_ns - kept_until_ns) * 1e-9)
        missing.append(max(len(handed) - len(numbers), 0))
        shutil.rmtree(folder.parent)
    print(
        f"  {count} kills: {statistics.median(missing_s):.2f} s missing in the median, {max(missing_s):.2f} s "
        f"at most, {max(missing)} packets at most; all earlier packets intact, all recovered"
    )
    assert max(missing_s) <= LOST_AT_A_KILL_S


def loop_child(path: str) -> None:
    """In a process of its own: record, and say of each packet that it came."""
    from sciatrack_ingest.collector import SensorRecorder
    from sciatrack_ingest.virtual.plain_radio import PlainRadio

    def open_log(found: Found, kind: SensorFamily) -> RawLogWriter:
        return RawLogWriter(Path(path), RawHeader(kind.name, "hip", "P01", "s", "2026-03-02T08:00:00Z", 0))

    async def program() -> None:
        sensor = VirtualSensor(SPEAKERS["generic"](), waves(100.0, 60.0))
        life = asyncio.create_task(sensor.run())
        recorder = SensorRecorder(PlainRadio([sensor]), None, "hip", open_log)
        running = asyncio.create_task(recorder.run(asyncio.Event()))
        said = False
        while not running.done():
            for packet in recorder.take_recent():
                if not said:
                    os.write(1, b"recording\n")
                    said = True
                number = int.from_bytes(packet.payload[2:4], "little")
                os.write(1, f"{number} {packet.monotonic_ns}\n".encode())
            await asyncio.sleep(0.005)
        life.cancel()
        await running

    asyncio.run(program())


def disk() -> None:
    """Recording into a file that must not grow any more: one message, and what was written is there."""
    folder = Path(tempfile.mkdtemp(prefix="recording-"))

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (DISK_LIMIT_BYTES, DISK_LIMIT_BYTES))

    recorder = child(__file__, "child-loop", str(folder / "raw.mcap"), preexec_fn=limit, stderr=subprocess.PIPE)
    said, errors = recorder.communicate(timeout=120)
    assert recorder.returncode != 0
    message = errors.strip().splitlines()[-1]
    assert "RawLogError" in message, message
    log = read_raw(folder / "raw.mcap")
    numbers = [int.from_bytes(packet.payload[2:4], "little") for packet in log.packets]
    assert numbers == list(range(len(numbers)))
    assert len(numbers) > 100
    print(f"  {message}")
    print(f"  {len(numbers)} packets kept of {said.count(' ')} received in {DISK_LIMIT_BYTES} bytes")
    shutil.rmtree(folder)


def main() -> None:
    if len(sys.argv) > 1 and sys.argv[1].startswith("child-"):
        {"child-record": record_child, "child-loop": loop_child}[sys.argv[1]](*sys.argv[2:])
        return
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--quick", action="store_true", help="seconds instead of an hour")
    options.add_argument("parts", nargs="*", choices=["soak", "rate", "faults", "time", "kill", "disk", []])
    given = options.parse_args()
    quick = given.quick
    parts = {
        "soak": lambda: two_processes(8.0 if quick else 1200.0, 2, 100.0, 1),
        "rate": lambda: two_processes(5.0 if quick else 120.0, 1, 400.0, 10),
        "faults": lambda: faults(10 if quick else 200),
        "time": lambda: time_stamps(60.0 if quick else 300.0),
        "kill": lambda: kill(3 if quick else 50),
        "disk": disk,
    }
    for name, run in parts.items():
        if not given.parts or name in given.parts:
            print(name)
            run()


if __name__ == "__main__":
    main()
