"""How often sciatrack is right: `python benchmarks/accuracy --help`."""
