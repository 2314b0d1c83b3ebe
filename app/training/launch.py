"""Starts runs: makes the folder and the worker process, and returns at once. Imports no torch."""

from __future__ import annotations

import subprocess
import threading
from datetime import datetime
from itertools import count
from pathlib import Path

from pydantic import ValidationError

from app.runs.processes import ROOT, environment, module_command
from app.runs.records import Info, RunError, State, now
from app.runs.run_folder import Run
from app.runs.run_list import runs_folder
from graphs.document.document import Document, Settings
from graphs.document.document_io import read, write
from graphs.document.identifiers import identifier
from graphs.document.validation_faults import first_fault
from graphs.system.atomic_write import write_text

DETACHED = getattr(subprocess, "DETACHED_PROCESS", 0)
"""What start_new_session is elsewhere, on Windows."""


def start(
    document: Document | Path,
    *,
    device: str | None = None,
    epochs: int | None = None,
    seed: int | None = None,
    threads: int | None = None,
    folder: Path | None = None,
    runs: Path | None = None,
    document_path: Path | None = None,
) -> Run:
    """Train a document in a process of its own, which outlives this one.

    What is None is as the document says. `folder` is where its relative file names start (else the
    folder of its file), `runs` the folder for the run. Raises DocumentError, and RunError when the
    run's folder cannot be written or a setting is out of range.
    """
    if not isinstance(document, Document):
        document_path = document
        document = read(document)
    document = _settled(document, device=device, epochs=epochs, seed=seed)
    place = folder or (document_path.absolute().parent if document_path else None)
    info = Info(
        title=document.title,
        created=now(),
        document=str(document_path.absolute()) if document_path else None,
        folder=str(place.absolute()) if place else None,
        threads=threads,
        **document.settings.model_dump(include={"device", "epochs", "seed"}),
    )
    run = _make(runs or runs_folder(), document, info)
    _spawn(run)
    return run


def resume(run: Run, epochs: int | None = None) -> Run:
    """Go on with a run that is in no worker's hands, until `epochs` are done in all.

    Raises RunError when there is nothing to go on with.
    """
    info, state = run.info(), run.state()
    if state.is_active:
        raise RunError(f"{run.name} is in training already.")
    until = epochs or info.epochs
    if until < state.epoch or (until == state.epoch and state.status == "finished"):
        raise RunError(
            f"{run.name} has done {state.epoch} epochs: --epochs with a higher number goes on."
        )
    if until != info.epochs:
        document = _settled(read(run.document_path), epochs=until)
        write(document, run.document_path)
        write_text(
            run.info_path, info.model_copy(update={"epochs": until}).model_dump_json(indent=1)
        )
    run.request_path.unlink(missing_ok=True)
    again = {"status": "starting", "message": "", "node": None, "updated": now()}
    write_text(run.state_path, state.model_copy(update=again).model_dump_json())
    _spawn(run)
    return run


def _settled(document: Document, **changes: object) -> Document:
    """The document with the settings of this run."""
    given = {name: value for name, value in changes.items() if value is not None}
    try:
        settings = Settings.model_validate({**dict(document.settings), **given})
    except ValidationError as error:
        fault = first_fault(error)
        raise RunError(f"{fault.where}: {fault.message}.") from error
    return document.replace(settings=settings)


def _make(runs: Path, document: Document, info: Info) -> Run:
    """A new run folder; run.json comes last, since it is what makes a folder a run."""
    stem = f"{identifier(document.title, 'run')[:60]}-{datetime.now():%Y%m%d-%H%M%S}"
    try:
        run = Run(_new_folder(runs, stem))
        write(document, run.document_path)
        write_text(run.state_path, State(status="starting", updated=now()).model_dump_json())
        run.metrics_path.touch()
        write_text(run.info_path, info.model_dump_json(indent=1))
    except OSError as error:
        reason = error.strerror or error
        raise RunError(
            f"No run can be put into {runs}: {reason}; choose another folder."
        ) from error
    return run


def _new_folder(runs: Path, stem: str) -> Path:
    runs.mkdir(parents=True, exist_ok=True)
    for number in count(1):
        path = runs / (stem if number == 1 else f"{stem}-{number}")
        try:
            path.mkdir()
        except FileExistsError:
            continue
        return path
    raise AssertionError("count has no end")


def _spawn(run: Run) -> None:
    """Start a worker that outlives this process."""
    with run.log_path.open("ab") as log:
        process = subprocess.Popen(
            module_command("app.training.worker", str(run.path)),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
            env=environment(),
            start_new_session=True,
            creationflags=DETACHED,
        )
    threading.Thread(target=process.wait, name=f"reaper of {run.name}", daemon=True).start()
