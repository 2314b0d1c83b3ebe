"""Examples, trained by what anyone may take away: their exported files."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

import nodes.library  # noqa: F401  (registers the node types)
from app.training.build_program import Trainable
from graphs.compiler import check, compile
from graphs.document.document import Document
from graphs.document.edits import Edit, apply
from graphs.load_module import load_source


@dataclass(frozen=True)
class Trained:
    """A document's program after its training, in evaluation mode, and its data."""

    document: Document
    folder: Path
    seed: int
    module: ModuleType
    program: Any
    data: dict[str, Any]
    lines: tuple[str, ...]
    """What the exported file printed."""
    seconds: float
    """CPU seconds that the training took, start and all."""

    def samples(self, split: str) -> dict[str, Tensor]:
        """All samples of a split, by field, however it hands them out."""
        found = self.data[split]
        every: dict[str, Tensor] = (
            found if isinstance(found, dict) else found.take(torch.arange(len(found)))
        )
        return every

    def test(self) -> dict[str, float]:
        """Losses and metrics on the test split, as the file printed them."""
        words = self.lines[-1].split()[1:]
        return {name: float(value) for name, value in zip(words[::2], words[1::2], strict=True)}


class TrainingError(RuntimeError):
    """An exported file that did not come to its end; says what it said."""


def trained(document: Document, folder: Path, seed: int, epochs: int | None = None) -> Trained:
    """Export a document, run the file on one CPU thread, and load what it saved.

    `folder` holds the document's data files. Raises TrainingError.
    """
    torch.set_num_threads(1)
    checked = check(document, folder)
    compiled = compile(checked)
    source = compiled.source
    with TemporaryDirectory() as place:
        script, weights = Path(place) / f"{compiled.stem}.py", Path(place) / "weights"
        script.write_text(source, encoding="utf-8")
        flags = ["--device", "cpu", "--seed", str(seed), "--save", str(weights)]
        flags += ["--epochs", str(epochs)] if epochs else []
        known = compiled.interface
        flags += ["--data", str(folder)] if known.reads_files or known.loads_weights else []
        lines, seconds = _run(script, flags)
        saved = load_file(weights)
    module = load_source(source, script)
    program, data = _made(Trainable(module, compiled.interface, folder), seed, epochs)
    program.get_submodule(compiled.interface.saved).load_state_dict(saved)
    return Trained(document, folder, seed, module, program.eval(), data, lines, seconds)


def _run(script: Path, flags: list[str]) -> tuple[tuple[str, ...], float]:
    """What a script prints, and the CPU seconds that it takes."""
    before = os.times()
    done = subprocess.run(
        [sys.executable, "-I", str(script), *flags],
        cwd=script.parent,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise TrainingError(f"{script.name} failed: {done.stderr.strip().splitlines()[-1]}")
    after = os.times()
    seconds = after.children_user + after.children_system
    return tuple(done.stdout.splitlines()), seconds - before.children_user - before.children_system


def _made(trainable: Trainable, seed: int, epochs: int | None) -> tuple[Any, dict[str, Any]]:
    """A fresh program, and the data that it was trained on."""
    torch.manual_seed(seed)
    data = trainable.load(torch.device("cpu"))
    module: Any = trainable.module
    steps = trainable.steps_in(data["train"])
    return trainable.make(torch.device("cpu"), steps, epochs or module.EPOCHS), data


def changed(example: Trained, *edits: Edit) -> Trained:
    """The example with edits, trained with the same seed: what a baseline often is."""
    return trained(apply(example.document, *edits), example.folder, example.seed)
