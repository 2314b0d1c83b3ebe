"""The graph, the run and the exported file are the same program, bit for bit."""

import contextlib
import io
import re
import runpy
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

import nodes.library  # noqa: F401  registers the node types
from app.runs.metrics import MetricsReader
from app.runs.probe_files import probe_path, probe_steps
from app.runs.run_folder import Run
from app.training import launch
from graphs.compiler import export
from graphs.document.document import Document
from graphs.document.document_io import read
from graphs.document.edits import Configure, Edit, SetParameters, apply
from graphs.load_module import load_source
from graphs.nodetypes.node_type import node_types
from tests.app.made_runs import work

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "assets/examples").glob("*.graph.json"))
EPOCHS = 2
BATCHES = 16
"""How many an epoch has at most, where the document limits its epochs or says its tasks."""


def stem(path: Path) -> str:
    """The name of an example."""
    return path.name.removesuffix(".graph.json")


def shortened(document: Document) -> Document:
    """An example for a few steps, the first of its stages in the first epoch, the second after."""
    settings = document.settings.model_copy(update={"epochs": EPOCHS})
    edits: list[Edit] = [Configure(settings=settings)]
    for id, node in document.main.nodes.items():
        few = BATCHES * node.parameters.get("batch_size", 64)
        limits = {"first_epoch": EPOCHS, "last_epoch": 1, "epoch_samples": few, "tasks": few}
        lower = {
            name: min(limit, node.parameters[name])
            for name, limit in limits.items()
            if isinstance(node.parameters.get(name), int)
        }
        edits.append(SetParameters(id=id, parameters=lower))
    return apply(document, *edits)


CLEAN = ("digits_cnn", "cyclegan", "mpnn")
"""Examples that train as people train them: a worker, and the file beside it where nothing of ours
can be imported. The others do the same work in this process, which imports torch once."""


@pytest.mark.parametrize("path", EXAMPLES, ids=stem)
def test_the_exported_file_equals_the_run(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some epochs of each example, in the app and by the file."""
    clean = stem(path) in CLEAN
    if not clean:
        monkeypatch.setattr(launch, "_spawn", lambda run: None)
    document = shortened(read(path))
    settings = document.settings
    run = launch.start(
        document,
        device="cpu",
        epochs=settings.epochs,
        seed=settings.seed,
        threads=1,
        folder=path.parent,
        runs=tmp_path / "runs",
    )
    source = export(document, path.parent)
    script, flags = written(source, path, tmp_path)
    if clean:
        printed = run_file(script, flags)
        wait_for(run)
    else:
        printed = run_here(script, flags, monkeypatch)
        work(run)
    assert run.state().status == "finished", (run.state(), run.log_path.exists())
    assert run.program_path.read_text() == source
    assert printed == logged(run)
    assert falls(document, run)
    ours = load_file(run.checkpoint("last") or "")
    theirs = load_file(tmp_path / "exported.safetensors")
    assert ours.keys() == theirs.keys()
    for name, weight in ours.items():
        assert torch.equal(weight, theirs[name]), name
    best = load_file(tmp_path / "exported_best.safetensors")
    for name, weight in load_file(run.checkpoint("best") or "").items():
        assert torch.equal(weight, best[name]), name
    its_own_class(source, tmp_path).load_state_dict(theirs)
    for path_, seen in looks(tmp_path / "looks", run, settings.epochs):
        assert load_file(path_).keys() == seen.keys()
        assert all(torch.equal(load_file(path_)[name], seen[name]) for name in seen)


def its_own_class(source: str, folder: Path) -> torch.nn.Module:
    """The module that loads the saved weights, as the file's docstring says."""
    (name,) = re.findall(r"^    (\w+)\(\)\.load_state_dict", source, re.MULTILINE)
    module: torch.nn.Module = getattr(load_source(source, folder / "own.py"), name)()
    return module


def falls(document: Document, run: Run) -> bool:
    """Whether the loss of the only optimizer is lower in the last epoch than in the first; where
    several pull, one may win for a while.
    """
    optimizers = [n for n in document.main.nodes.values() if is_optimizer(n.type)]
    name = run.info().losses[0]
    seen = [row.values[name] for row in MetricsReader(run).read() if row.split == "train_epoch"]
    return len(optimizers) > 1 or seen[-1] < seen[0]


def is_optimizer(type_name: str) -> bool:
    return node_types()[type_name].role == "optimizer"


def looks(folder: Path, run: Run, epochs: int) -> list[tuple[Path, dict[str, torch.Tensor]]]:
    """What the exported file saw after the last epoch, beside what the run saw; if they looked."""
    if not run.info().probes:
        return []
    last = probe_steps(run.probes_path)[-1]
    assert last == run.state().step
    seen = load_file(probe_path(run.probes_path, last))
    return [(folder / f"epoch_{epochs}.safetensors", seen)]


def wait_for(run: Run) -> None:
    """Until the worker has let go of its run."""
    for _ in range(600):
        if run.state().status not in ("starting", "running"):
            return
        time.sleep(0.1)
    raise TimeoutError(run.log_path.read_text())


def written(source: str, example: Path, folder: Path) -> tuple[Path, list[str]]:
    """The exported file in a folder of its own, and the flags to run it with."""
    script = folder / "clean" / "program.py"
    script.parent.mkdir()
    script.write_text(source)
    flags = ["--device", "cpu", "--save", str(folder / "exported.safetensors")]
    if "--probes" in source:
        flags += ["--probes", str(folder / "looks")]
    if "--data" in source:
        flags += ["--data", str(example.parent)]
    return script, flags


def run_here(script: Path, flags: list[str], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the exported file prints, run in this process as its main module."""
    monkeypatch.setattr(sys, "argv", [str(script), *flags])
    monkeypatch.chdir(script.parent)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        runpy.run_path(str(script), run_name="__main__")
    return printed.getvalue().splitlines()


def run_file(script: Path, flags: list[str]) -> list[str]:
    """What the exported file prints, run where nothing of the project is on the path."""
    done = subprocess.run(
        [sys.executable, "-I", str(script), *flags],
        cwd=script.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def logged(run: Run) -> list[str]:
    """What the run logged, as the exported file prints it."""
    names = {"train_epoch": "train", "validation": "validation"}
    lines = [
        f"epoch {row.epoch:g} {names[row.split]}{_values(row.values)}"
        for row in MetricsReader(run).read()
        if row.split in names
    ]
    return [*lines, f"test{_values(run.state().test)}"]


def _values(values: dict[str, float]) -> str:
    return "".join(f"  {name} {value:.9g}" for name, value in values.items())
