"""Runs the notebooks, and keeps the numbers in their text true.

    python notebooks/run.py [NAME ...]            runs them, writes their output and the numbers of the text
    python notebooks/run.py --check [NAME ...]    runs them and fails where a cell fails or the text says otherwise

The text of a cell is kept twice: as people read it, and in the cell's metadata (`sciatrack.text`) with expressions
in braces where numbers stand, as in "{len(reps)} repetitions". They are evaluated after the last cell. Needs the
extra `notebooks`.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

HERE = Path(__file__).resolve().parent
TIMEOUT_S = 300
MARK = "numbers-of-the-text"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="notebooks, by file name [default: all]")
    parser.add_argument("--check", action="store_true", help="write nothing; fail where the text is not true")
    args = parser.parse_args(arguments)
    paths = [HERE / name for name in args.names] or sorted(HERE.glob("*.ipynb"))
    wrong = [line for path in paths for line in treat(path, check=args.check)]
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


def treat(path: Path, *, check: bool) -> list[str]:
    """Run one notebook; returns what its text says wrongly (after writing, nothing is wrong any more)."""
    notebook = nbformat.read(path, as_version=4)
    before = [cell.source for cell in notebook.cells]
    texts = execute(notebook)
    for cell, text in texts:
        cell.source = text
    if not check:
        nbformat.write(notebook, path)
        print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")
        return []
    return [
        f"{path.name}, cell {number}: the text says\n  {old}\nbut it should be\n  {cell.source}"
        for number, (old, cell) in enumerate(zip(before, notebook.cells, strict=True), start=1)
        if old != cell.source
    ]


def execute(notebook: Any) -> list[tuple[Any, str]]:
    """Run all cells in place; returns the cells whose text has numbers, with the text as it should read."""
    templates = [cell for cell in notebook.cells if "text" in cell.metadata.get("sciatrack", {})]
    code = (
        "import json\n"
        + f"print({MARK!r} + json.dumps(["
        + ",".join("f" + repr(cell.metadata["sciatrack"]["text"]) for cell in templates)
        + "]))"
    )
    notebook.cells.append(nbformat.v4.new_code_cell(code))
    NotebookClient(notebook, timeout=TIMEOUT_S, resources={"metadata": {"path": str(HERE)}}).execute()
    last = notebook.cells.pop()
    (printed,) = [output.text for output in last.outputs if output.output_type == "stream" and MARK in output.text]
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # when each cell ran is news at every run
    return list(zip(templates, json.loads(printed.strip().removeprefix(MARK)), strict=True))


if __name__ == "__main__":
    sys.exit(main())
