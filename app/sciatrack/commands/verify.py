"""`sciatrack verify`: is everything there, whole and counted?"""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument(
    "paths", metavar="SESSION_OR_STUDY...", nargs=-1, required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
)  # fmt: skip
def verify(paths: tuple[Path, ...]) -> None:
    """Check session folders and studies: every file there, unchanged and with its number of rows.

    Of a study also the index: every session in it, in the state of its folder. Prints one line for each problem;
    exit status 1 if there are any. An index that is wrong is made anew by `sciatrack study rebuild`.

    \b
    Example:
      sciatrack verify sessions/P01-20260302T173000Z-1f3a9c2e
      sciatrack verify clinic
    """
    problems = [problem for path in paths for problem in _problems(path)]
    for problem in problems:
        click.echo(problem)
    click.echo("1 problem" if len(problems) == 1 else f"{len(problems)} problems", err=True)
    if problems:
        raise click.exceptions.Exit(1)


def _problems(path: Path) -> list[str]:
    from sciatrack_analytics.settings import FILE_NAME
    from sciatrack_analytics.store import verify_study
    from sciatrack_ingest.sessions import is_session_folder, is_unfinished, session_folders, verify_session

    if (path / FILE_NAME).exists():
        return verify_study(path)
    if is_session_folder(path) or is_unfinished(path):
        return verify_session(path)
    folders = list(session_folders(path))
    if not folders:
        return [f"{path}: neither a session, nor a study, nor a folder of sessions."]
    return [problem for folder in folders for problem in verify_session(folder)]
