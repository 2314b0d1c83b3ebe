"""Which runs there are: those of a folder, one by its name, the one that trains a document now."""

from __future__ import annotations

from pathlib import Path

from app.runs.records import RunError
from app.runs.run_folder import Run
from graphs.system.user_dirs import home


def runs_folder() -> Path:
    """Where runs go when nobody says otherwise."""
    return home() / "runs"


def list_runs(folder: Path | None = None) -> list[Run]:
    """The runs in a folder, newest first. Folders that are no runs are left out."""
    folder = folder or runs_folder()
    if not folder.is_dir():
        return []
    runs = [Run(path) for path in folder.iterdir() if (path / "run.json").is_file()]
    return sorted(runs, key=_created, reverse=True)


def _created(run: Run) -> tuple[float, str]:
    try:
        return run.info().created.timestamp(), run.name
    except RunError:  # listed last; whoever looks at it gets the sentence
        return 0.0, run.name


def find_run(text: str, folder: Path | None = None) -> Run:
    """The run at a path, or of a name in the runs folder. Raises RunError when there is none."""
    for path in (Path(text), (folder or runs_folder()) / text):
        if (path / "run.json").is_file():
            return Run(path)
    raise RunError(f"There is no run {text}: `runs` lists those there are.")


def live_run(document_path: Path | None) -> Run | None:
    """The newest live run of a document, if there is one."""
    if document_path is None:
        return None
    wanted = str(document_path.absolute())
    return next((run for run in list_runs() if run.is_live() and _document(run) == wanted), None)


def _document(run: Run) -> str | None:
    try:
        return run.info().document
    except RunError:
        return None
