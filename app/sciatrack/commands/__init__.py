"""One module a sub-command; each is named in `sciatrack.cli.COMMANDS` and imported only when it is run."""
