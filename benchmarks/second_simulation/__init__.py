"""What a second, independent simulation says of sciatrack: `python benchmarks/second_simulation --help`."""
