"""From a run's document to the program that trains: checked, printed, loaded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

import nodes.library  # noqa: F401  (registers the node types)
from app.runs.records import Info, RunError
from app.runs.run_folder import Run
from app.training.checkpoints import checkpoint_files
from app.training.data_errors import about_data
from app.training.data_errors import read as read_batches
from graphs.check.results import Checked
from graphs.compiler import check, compile
from graphs.document.document import Document
from graphs.document.document_io import DocumentError, read
from graphs.document.problems import Problem
from graphs.load_module import load_source
from graphs.program.interface import Interface
from graphs.system.atomic_write import write_text


@dataclass(frozen=True)
class Trainable:
    """A generated module, what runners know of it, and where its data files lie."""

    module: ModuleType
    interface: Interface
    folder: Path | None = None

    def make(self, device: torch.device, steps_per_epoch: int, epochs: int) -> Any:
        """The program on a device, with optimizers that know how long the training is."""
        program = self.module.Program().to(device)
        program.configure_optimizers(steps_per_epoch, epochs)
        return program

    def begin(self, program: Any) -> None:
        """Give what starts from a file its weights. Not for a training that goes on."""
        if self.interface.loads_weights:
            program.load_weights(self.folder or Path())

    def load(self, device: torch.device) -> dict[str, Any]:
        """The data, on a device, by split: fields of tensors, or what hands samples out."""
        files = [self.folder or Path()] if self.interface.reads_files else []
        with about_data(self.interface.data, self.module):
            data: dict[str, Any] = self.module.load(device, *files)
            if not samples_in(data["train"]):
                raise ValueError("there are no samples to train on")
        return data

    def batches(self, split: Any, **options: Any) -> Iterator[dict[str, torch.Tensor]]:
        """The batches of a split; what cannot be read is an error of the data."""
        with about_data(self.interface.data, self.module):
            drawn = iter(self.module.batches(split, self.interface.batch_size, **options))
        return read_batches(drawn, self.interface.data, self.module)

    def shuffled(self, split: Any, skip: int) -> Iterator[dict[str, torch.Tensor]]:
        """Shuffled batches but the first few. Files of a batch that is skipped are not read."""
        if self.interface.skips_batches:
            return self.batches(split, shuffle=True, skip=skip)
        drawn = self.batches(split, shuffle=True)
        for _ in islice(drawn, skip):  # at once: their order is drawn with the first
            pass
        return drawn

    def steps_in(self, train: Any) -> int:
        """How many steps an epoch has."""
        with about_data(self.interface.data, self.module):
            steps: int = self.module.steps_in(train, self.interface.batch_size)
        return steps


def samples_in(split: Any) -> int:
    """How many samples a split has: a split of its own, or the longest of fields or sources."""
    return max(map(len, split.values()), default=0) if isinstance(split, dict) else len(split)


class BadDocumentError(RunError):
    """A document that cannot be trained, and the node that the sentence is about."""

    def __init__(self, text: str, node: str | None = None) -> None:
        super().__init__(text)
        self.node = node


def build_program(run: Run, info: Info) -> Trainable:
    """Export the run's document into its program.py, and load it. Raises BadDocumentError.

    A program.py that is there already is never run: a run's folder may be a stranger's. Python
    files of the user's are taken from the run once it has them, so that it goes on as it began
    whatever has become of them; what is in them has to be trusted all the same.
    """
    folder = Path(info.folder) if info.folder else None
    kept = run.modules_path if run.modules_path.is_dir() else None
    started = checkpoint_files.exists(run.checkpoints_path)
    checked = check(_document(run), folder, started=started, code=kept)
    if checked.problems:
        raise _problems(checked.problems, kept or folder)
    compiled = compile(checked)
    source = compiled.source
    if kept is None:
        _keep_python(run, checked)
    write_text(run.program_path, source)
    return Trainable(load_source(source, run.program_path), compiled.interface, folder)


def _keep_python(run: Run, checked: Checked) -> None:
    """Keep the user's Python files in the run; their names were looked at by the check."""
    for graph in checked.graphs.values():
        for type_ in graph.types.values():
            for name, data in type_.python_files.items():
                path = run.modules_path / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)


def _document(run: Run) -> Document:
    try:
        return read(run.document_path)
    except DocumentError as error:
        raise BadDocumentError(str(error)) from error


def _problems(problems: tuple[Problem, ...], folder: Path | None) -> BadDocumentError:
    for problem in problems:
        print(f"problem: {problem.node or problem.graph}: {problem.text}", flush=True)
    first, others = problems[0], len(problems) - 1
    place = f"{first.node}: " if first.node else ""
    more = f" (and {others} more, see log.txt)" if others else ""
    text = f"The document has a problem: {place}{first.text}{more}."
    untrusted = {fix.trusts for fix in first.fixes if fix.trusts}
    if folder and untrusted:
        text += f" In the terminal: python main.py trust {folder / untrusted.pop()}"
    return BadDocumentError(text, first.node)
