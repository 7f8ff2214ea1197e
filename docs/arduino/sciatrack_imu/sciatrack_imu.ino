/*
  A motion sensor for sciatrack from an Arduino Nano 33 BLE: 100 samples a second of acceleration and angular rate.

  Board package: "Arduino Mbed OS Nano Boards". Libraries: "ArduinoBLE" and, for the first board, "Arduino_LSM9DS1";
  for the board Rev2, "Arduino_BMI270_BMM150" (and define NANO_REV2 below). The layout of a notification is described
  in docs/sensors.md under "Generic GATT"; any other board that sends it works as well.
*/
#include <ArduinoBLE.h>
// #define NANO_REV2
#ifdef NANO_REV2
#include <Arduino_BMI270_BMM150.h>
#else
#include <Arduino_LSM9DS1.h>
#endif

// 1 makes 20 bytes, which fits every connection. 5 or 10 save power and radio time, but need an MTU of 71 or 131:
// every computer of the last ten years grants it.
#define SAMPLES_PER_PACKET 1

const char *SERVICE_UUID = "7a0b0001-5c1a-4b0e-9c3d-2f6d1e8a4b70";
const char *DATA_UUID = "7a0b0002-5c1a-4b0e-9c3d-2f6d1e8a4b70";
const char *CONTROL_UUID = "7a0b0003-5c1a-4b0e-9c3d-2f6d1e8a4b70";

const uint32_t PERIOD_US = 10000;      // 100 Hz
const uint32_t LONGEST_DELAY_US = 5 * PERIOD_US;
const float ACC_STEPS_PER_G = 4096.0;  // 8 g full scale; the chip itself measures up to 4 g
const float GYR_STEPS_PER_DPS = 16.0;  // 2048 degrees a second full scale

struct __attribute__((packed)) Sample {
  int16_t acc[3];
  int16_t gyr[3];
};

struct __attribute__((packed)) Packet {
  uint8_t version;
  uint8_t count;
  uint16_t first;  // number of the first sample; counts samples, goes on when packets are lost, wraps
  uint32_t t_us;   // this board's clock at the first sample; wraps after 71.6 minutes
  Sample samples[SAMPLES_PER_PACKET];
};

BLEService service(SERVICE_UUID);
BLECharacteristic data(DATA_UUID, BLENotify, sizeof(Packet));
BLEByteCharacteristic control(CONTROL_UUID, BLEWrite | BLEWriteWithoutResponse);

Packet packet;
uint32_t taken = 0;  // samples since the start, with those that a stall has cost
uint32_t nextUs = 0;
bool streaming = false;

int16_t toSteps(float value, float stepsPerUnit) {
  float steps = roundf(value * stepsPerUnit);
  return (int16_t)fmaxf(-32768.0f, fminf(32767.0f, steps));
}

void takeSample(uint32_t nowUs) {
  uint32_t at = taken % SAMPLES_PER_PACKET;
  if (at == 0) {
    packet.version = 1;
    packet.count = SAMPLES_PER_PACKET;
    packet.first = (uint16_t)taken;
    packet.t_us = nowUs;
  }
  float x = 0, y = 0, z = 0;
  IMU.readAcceleration(x, y, z);  // in g
  packet.samples[at].acc[0] = toSteps(x, ACC_STEPS_PER_G);
  packet.samples[at].acc[1] = toSteps(y, ACC_STEPS_PER_G);
  packet.samples[at].acc[2] = toSteps(z, ACC_STEPS_PER_G);
  IMU.readGyroscope(x, y, z);  // in degrees a second
  packet.samples[at].gyr[0] = toSteps(x, GYR_STEPS_PER_DPS);
  packet.samples[at].gyr[1] = toSteps(y, GYR_STEPS_PER_DPS);
  packet.samples[at].gyr[2] = toSteps(z, GYR_STEPS_PER_DPS);
  taken++;
  if (at == SAMPLES_PER_PACKET - 1) {
    data.writeValue((const uint8_t *)&packet, sizeof(packet));  // a full queue loses it: the number tells
  }
}

void startOrStop(uint8_t command) {
  streaming = command == 1;
  taken = 0;  // whole packets only
  nextUs = micros();
}

void setup() {
  pinMode(LED_BUILTIN, OUTPUT);
  if (!IMU.begin() || !BLE.begin()) {
    while (true) {  // fast blinking: the board or a library is not the right one
      digitalWrite(LED_BUILTIN, (millis() / 100) % 2);
    }
  }
  BLE.setLocalName("sciatrack IMU");
  BLE.setDeviceName("sciatrack IMU");
  BLE.setAdvertisedService(service);
  service.addCharacteristic(data);
  service.addCharacteristic(control);
  BLE.addService(service);
  BLE.advertise();
}

void loop() {
  BLE.poll();
  if (control.written()) {
    startOrStop(control.value());
  }
  if (!BLE.connected()) {
    streaming = false;
  }
  digitalWrite(LED_BUILTIN, streaming);
  uint32_t nowUs = micros();
  if (!streaming || (int32_t)(nowUs - nextUs) < 0) {
    return;
  }
  if (nowUs - nextUs > LONGEST_DELAY_US) {
    // A stall: the samples of that time were never taken, and a packet that is half full would be torn by it.
    uint32_t skipped = (nowUs - nextUs) / PERIOD_US + 1;
    while ((taken + skipped) % SAMPLES_PER_PACKET != 0) {
      skipped++;
    }
    taken += skipped;
    nextUs += skipped * PERIOD_US;
    return;
  }
  takeSample(nowUs);
  nextUs += PERIOD_US;
}
