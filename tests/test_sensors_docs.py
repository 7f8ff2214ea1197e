"""docs/sensors.md says what the code does, and the sketch for the Arduino speaks the layout that it describes."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from sciatrack_ingest.sensors import REGISTRY, RawPacket, generic

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "sensors.md").read_text(encoding="utf-8")
SKETCH = ROOT / "docs" / "arduino" / "sciatrack_imu" / "sciatrack_imu.ino"

ARDUINO_H = r"""
#pragma once
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
const int LED_BUILTIN = 13, OUTPUT = 1;
static uint32_t clockUs = 4294000000u;  // wraps after 0.97 s
static int polls = 0;
inline uint32_t micros() { return clockUs; }
inline uint32_t millis() { return clockUs / 1000; }
inline void pinMode(int, int) {}
inline void digitalWrite(int, bool) {}
"""
BLE_H = r"""
#pragma once
#include <Arduino.h>
const int BLENotify = 1, BLEWrite = 2, BLEWriteWithoutResponse = 4;
struct BLEService { BLEService(const char *uuid) { printf("service %s\n", uuid); }
  template <class T> void addCharacteristic(T &) {} };
struct BLECharacteristic { BLECharacteristic(const char *uuid, int, int) { printf("data %s\n", uuid); }
  void writeValue(const uint8_t *bytes, int length) {
    printf("sent ");
    for (int i = 0; i < length; i++) printf("%02x", bytes[i]);
    printf("\n"); } };
struct BLEByteCharacteristic { BLEByteCharacteristic(const char *uuid, int) { printf("control %s\n", uuid); }
  bool written() { return polls == 3; }
  uint8_t value() { return 1; } };
struct Radio { bool begin() { return true; } void setLocalName(const char *) {} void setDeviceName(const char *) {}
  void setAdvertisedService(BLEService &) {} void addService(BLEService &) {} void advertise() {}
  bool connected() { return true; }
  void poll() { polls++; clockUs += polls == 1500 ? 300000 : 1000; } };  // a stall of 0.3 s
static Radio BLE;
"""
IMU_H = r"""
#pragma once
#include <Arduino.h>
struct Chip { int n = 0; bool begin() { return true; }
  void readAcceleration(float &x, float &y, float &z) { x = 0.001f * n; y = -1; z = 99; }
  void readGyroscope(float &x, float &y, float &z) { x = n++; y = -90; z = 0.03f; } };
static Chip IMU;
"""
MAIN = r"""
#include "sketch.h"
int main() { setup(); while (polls < 3000) loop(); return 0; }
"""


@pytest.mark.parametrize(
    ("samples", "chip"), [(1, "Arduino_LSM9DS1.h"), (10, "Arduino_LSM9DS1.h"), (5, "Arduino_BMI270_BMM150.h")]
)
def test_the_arduino_sketch_sends_what_we_decode(tmp_path: Path, samples: int, chip: str) -> None:
    if shutil.which("g++") is None:
        pytest.skip("the sketch is compiled with g++, which is not here")
    sketch = SKETCH.read_text(encoding="utf-8")
    sketch = sketch.replace("#define SAMPLES_PER_PACKET 1\n", f"#define SAMPLES_PER_PACKET {samples}\n")
    if "BMI270" in chip:
        sketch = sketch.replace("// #define NANO_REV2", "#define NANO_REV2")
    texts = {"Arduino.h": ARDUINO_H, "ArduinoBLE.h": BLE_H, chip: IMU_H, "sketch.h": sketch, "main.cpp": MAIN}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    command = ["g++", "-std=c++14", "-Wall", "-Werror", "-I", str(tmp_path), "-o", "sketch", "main.cpp"]
    subprocess.run(command, cwd=tmp_path, check=True)
    lines = subprocess.run([tmp_path / "sketch"], capture_output=True, text=True, check=True).stdout.splitlines()
    told = dict(line.split() for line in lines if not line.startswith("sent"))
    assert told == {"service": generic.SERVICE_UUID, "data": generic.DATA_UUID, "control": generic.CONTROL_UUID}

    sent = [bytes.fromhex(line.removeprefix("sent ")) for line in lines if line.startswith("sent")]
    packets = [RawPacket(generic.DATA_UUID, payload, i * 10**7 * samples, 0) for i, payload in enumerate(sent)]
    decoded = generic.decode(packets)
    n = decoded.n_samples
    assert n > 290
    assert decoded.findings == ()
    np.testing.assert_allclose(decoded.acc[:50, 0] / 9.80665, 0.001 * np.arange(50), atol=1 / 4096)
    np.testing.assert_allclose(decoded.acc[:, 1] / 9.80665, -1.0)
    assert decoded.acc[0, 2] == 32767 * generic.ACC_M_S2_PER_LSB  # full scale, not wrapped
    assert decoded.gyr is not None
    np.testing.assert_allclose(np.degrees(decoded.gyr[:, 1]), -90.0)
    # The chip counts what it is asked for; half a packet may be given up in the stall.
    asked = np.degrees(decoded.gyr[:, 0])
    assert set(np.round(np.diff(asked), 2)) <= {1.0, *np.arange(1.0, samples + 1)}
    assert decoded.device_time_s is not None
    assert decoded.lost_samples == pytest.approx(30, abs=samples)
    assert [gap.basis for gap in decoded.gaps] == ["sequence"]
    step_s = np.diff(decoded.device_time_s) / np.diff(decoded.tick)
    np.testing.assert_allclose(step_s, 0.01, atol=2e-3)


@pytest.mark.parametrize("name", REGISTRY)
def test_the_page_knows_every_family(name: str) -> None:
    family = REGISTRY[name]
    (row,) = [line for line in PAGE.splitlines() if line.startswith("|") and f"[`{name}`]" in line]
    cells = [cell.strip() for cell in row.split("|")[1:-1]]
    assert cells[1] == f"{family.nominal_rate_hz:g} Hz"
    assert cells[5] == str(family.min_mtu)
    assert ("counter" in cells[2]) == family.has_counter
    assert (cells[3] == "none") == (not family.has_device_time)
    assert family.service_uuid in PAGE


def test_the_page_describes_the_generic_layout() -> None:
    offsets = {field: generic.HEADER.fields[field][1] for field in ("version", "n", "first", "t_us")}
    assert offsets == {"version": 0, "n": 1, "first": 2, "t_us": 4}
    assert f"of {generic.HEADER.itemsize} + {generic.SAMPLE.itemsize} n bytes" in PAGE
    assert f"1 ≤ n ≤ {generic.MAX_SAMPLES}" in PAGE
    assert f"1/{generic.ACC_LSB_PER_G:g} g" in PAGE
    assert f"1/{generic.GYR_LSB_PER_DPS:g} °/s" in PAGE


def test_the_page_s_links_and_files_are_there() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", PAGE):
        assert (ROOT / "docs" / target).exists(), target
    for name in re.findall(r"`((?:docs|tests|benchmarks|ingest)/[\w/.]+)`", PAGE):
        assert (ROOT / name).exists(), name
