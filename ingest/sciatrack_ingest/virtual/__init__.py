"""A sensor in software: real ATT, L2CAP and HCI of google/bumble over a link inside the machine.

sensor.py         what a sensor does: samples, device clock, packets, faults; no radio in it
speakers.py       the protocols it can speak
air.py            the radio: a link in this process, or a port that other processes open
peripheral.py     a sensor on the air as a GATT server
bleak_backend.py  bleak's own client and scanner on that radio
plain_radio.py    the same sensors without a Bluetooth stack, for thousands of runs on a virtual clock
"""
