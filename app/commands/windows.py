"""Commands that open a window."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from app.runs.records import RunError
from app.runs.run_folder import Run
from app.runs.run_list import find_run

MAIN = Path(__file__).resolve().parents[2] / "main.py"


def edit(document: Path | None) -> int:
    """Open the editor, on a file or an empty document."""
    from app.editor.session.training import Services
    from app.editor.window import main
    from app.training.launch import resume, start

    return main.run(document, Services(start, resume, open_monitor))


def monitor(names: list[str], folder: Path | None) -> int:
    """Watch runs, by default the newest."""
    try:
        runs = [find_run(name, folder) for name in names]
    except RunError as error:
        print(error, file=sys.stderr)
        return 2
    from app.monitor.window import main

    return main.run([run.path for run in runs])


def open_monitor(run: Run) -> None:
    """Open the monitor's window on a run, in a process that outlives this one."""
    subprocess.Popen(
        [sys.executable, "-P", str(MAIN), "monitor", str(run.path)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=MAIN.parent,
        start_new_session=True,
    )
