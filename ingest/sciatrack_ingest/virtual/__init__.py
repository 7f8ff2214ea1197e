"""A sensor in software: real ATT, L2CAP and HCI of google/bumble over a link inside the machine.

sensor.py, faults.py  what a sensor does: samples, device clock, packets, and what goes wrong; no radio in it
speakers/             the protocols it can speak
air.py                the radio: a link in this process, or a port that other processes open
peripheral.py         a sensor on the air as a GATT server
bleak_backend.py      bleak's client and scanner on that radio
bluez.py              `org.bluez` on a message bus of one's own, for bleak's BlueZ backend
serve.py              sensors in a process of their own
plain_radio.py        the same sensors without a Bluetooth stack, for thousands of runs
clock.py              an event loop whose time is virtual
"""
