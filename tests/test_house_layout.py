"""Guards of the house: where files may stand, who may import whom, and what the wheel must carry."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).parents[1]
# Each source root and its one package; a package may import those to its right, never those to its left.
HOUSE = {
    "app": "sciatrack",
    "analytics": "sciatrack_analytics",
    "signal": "sciatrack_signal",
    "ingest": "sciatrack_ingest",
}
PACKAGES = tuple(HOUSE.values())
MAX_LINES = 400


def modules() -> Iterator[tuple[str, Path]]:
    for folder, package in HOUSE.items():
        for path in sorted((ROOT / folder / package).rglob("*.py")):
            yield package, path


def imported_modules(path: Path) -> set[str]:
    """Full names of everything that a file imports, wherever in it the import stands."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute here, so that this test can read them"
            names.add(str(node.module))
    return names


def forbidden(package: str, imported: set[str]) -> set[str]:
    """The imports that run against app -> analytics -> signal -> ingest."""
    above = PACKAGES[: PACKAGES.index(package)]
    return {name for name in imported if name.split(".")[0] in above}


def repository_files() -> list[str]:
    """Files that git tracks or would track; in a source archive without git, all files."""
    command = ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("the list of the repository's files comes from git, which cannot read this folder")
    return [name for name in done.stdout.splitlines() if (ROOT / name).exists()]


@pytest.mark.parametrize("folder", HOUSE)
def test_a_source_root_holds_one_package_and_nothing_else(folder: str) -> None:
    entries = {entry.name for entry in (ROOT / folder).iterdir() if entry.name != "__pycache__"}
    assert entries == {HOUSE[folder]}, f"{folder}/ is a source root: it would shadow or be shadowed"
    assert (ROOT / folder / HOUSE[folder] / "__init__.py").exists()
    assert (ROOT / folder / HOUSE[folder] / "py.typed").exists()


def test_tests_are_no_package_and_shadow_no_standard_module() -> None:
    folders = [path for path in (ROOT / "tests").rglob("*") if path.is_dir() and path.name != "__pycache__"]
    assert not list((ROOT / "tests").rglob("__init__.py"))
    assert not [path for path in folders if path.name in sys.stdlib_module_names]


def test_test_files_have_names_of_their_own() -> None:
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert len(names) == len(set(names))


def test_imports_run_from_app_to_ingest() -> None:
    wrong = {
        str(path): found for package, path in modules() if (found := forbidden(package, imported_modules(path)))
    }
    assert wrong == {}


def test_the_reader_of_imports_sees_every_form(tmp_path: Path) -> None:
    source = tmp_path / "m.py"
    source.write_text("import sciatrack.cli as c\ndef f():\n    from sciatrack_analytics.study import Study\n")
    assert forbidden("sciatrack_signal", imported_modules(source)) == {
        "sciatrack.cli",
        "sciatrack_analytics.study",
    }
    assert forbidden("sciatrack", imported_modules(source)) == set()


def test_signal_does_no_io_over_the_network_and_opens_no_database() -> None:
    for package, path in modules():
        if package == "sciatrack_signal":
            assert not {name.split(".")[0] for name in imported_modules(path)} & {
                "duckdb",
                "socket",
                "asyncio",
            }


def test_bleak_is_imported_in_one_module_at_most() -> None:
    users = [path for _, path in modules() if "bleak" in {n.split(".")[0] for n in imported_modules(path)}]
    # virtual/ does not use bleak's radio: it gives bleak another one
    outside = {path.stem for path in users if path.parent.name != "virtual"}
    assert outside <= {"ble"}, "the radio has one door: sciatrack_ingest.ble"


def test_no_module_outgrows_a_reader() -> None:
    long = {str(path): count for _, path in modules() if (count := len(path.read_text().splitlines())) > MAX_LINES}
    assert long == {}


def test_the_wheel_carries_every_module_and_data_file() -> None:
    built = {file.distribution_path for file in WheelBuilder(str(ROOT)).recurse_included_files()}
    prefixes = {f"{folder}/{package}/": f"{package}/" for folder, package in HOUSE.items()}
    prefixes["sample_data/"] = "sciatrack/sample_data/"
    expected = {
        name.replace(old, new, 1)
        for name in repository_files()
        for old, new in prefixes.items()
        if name.startswith(old)
    }
    assert "sciatrack_signal/exercises.toml" in expected
    assert expected <= built
    assert not [name for name in built if "__pycache__" in name]


def test_the_repository_stays_small() -> None:
    sizes = {name: (ROOT / name).stat().st_size for name in repository_files()}
    assert {name: size for name, size in sizes.items() if size > 2_000_000} == {}
    assert sum(size for name, size in sizes.items() if name.startswith("sample_data/")) < 5_000_000
