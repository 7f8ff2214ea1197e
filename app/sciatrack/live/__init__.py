"""The live page: a server in a process of its own, fed by a recorder that never waits for it."""
