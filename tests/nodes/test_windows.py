"""Layers whose weight is normalised: one program in the graph, the export, the run and the file."""

from pathlib import Path
from types import ModuleType

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm, weight_norm

import nodes.library  # noqa: F401  registers the node types
from app.training.launch import resume
from app.training.requests import Control
from graphs.compiler import check, export
from graphs.document.document import Document
from graphs.load_module import load_source
from tests.app.made_runs import new_run, train, values_of
from tests.graphs.drawing import classifier, ready
from tests.nodes.bench import applied

WRAPPERS = {"weight_norm": weight_norm, "spectral_norm": spectral_norm}
BOTH = pytest.mark.parametrize("how", WRAPPERS)


def drawn_with(how: str) -> Document:
    """A classifier whose two layers are normalised."""
    return classifier(
        conv=("Conv2d", {"x": "digits.image"}, {"out_channels": 4, "parametrization": how}),
        linear=("Linear", {"x": "flatten"}, {"out_features": 10, "parametrization": how}),
    )


class ByHand(nn.Module):
    """The same network, as one writes it."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.conv = WRAPPERS[how](nn.Conv2d(1, 4, 3, padding="same"))
        self.linear = WRAPPERS[how](nn.Linear(256, 10))

    def forward(self, image: Tensor) -> Tensor:
        scores: Tensor = self.linear(F.relu(self.conv(image)).flatten(1))
        return scores


def program_of(document: Document, path: Path = Path("program.py")) -> ModuleType:
    """The module of a document's export."""
    return load_source(export(document), path)


@BOTH
def test_equals_a_module_written_by_hand(how: str) -> None:
    """Weights at the start, losses and weights after three steps, bit for bit."""
    module = program_of(drawn_with(how))
    batches = module.batches(module.load("cpu")["train"], 16)
    torch.manual_seed(0)
    program = ready(module)
    torch.manual_seed(0)
    network = ByHand(how)
    optimizer = torch.optim.AdamW(network.parameters(), lr=program.optimizer.defaults["lr"])
    for _ in range(3):
        batch = next(batches)
        optimizer.zero_grad()
        loss = F.cross_entropy(network(batch["image"]), batch["label"])
        loss.backward()
        optimizer.step()
        assert torch.equal(program.step(batch)["loss"], loss.detach())
    ours = {name.split(".", 1)[1]: value for name, value in program.state_dict().items()}
    theirs = network.state_dict()
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


@BOTH
def test_prints_as_one_writes_it(how: str) -> None:
    source = export(drawn_with(how))
    assert f"from torch.nn.utils.parametrizations import {how}\n" in source
    assert f'self.conv = {how}(nn.Conv2d(1, 4, 3, padding="same"))' in source
    assert f"self.linear = {how}(nn.Linear(256, 10))" in source


@BOTH
def test_its_weights_are_counted(how: str) -> None:
    """Weight norm learns a length for each filter and row beside the weight itself."""
    learned = check(drawn_with(how)).count_all_parameters("main")
    assert learned == sum(weight.numel() for weight in ByHand(how).parameters())
    assert learned == 4 * 9 + 4 + 2560 + 10 + (14 if how == "weight_norm" else 0)


def test_spectral_norm_keeps_a_layer_from_stretching() -> None:
    torch.manual_seed(0)
    layer = applied("Linear", {"out_features": 30, "parametrization": "spectral_norm"}, (2, 20))
    for _ in range(300):  # each look at the weight in training comes nearer
        weight = layer.weight.detach()
    assert torch.linalg.matrix_norm(weight, 2).item() == pytest.approx(1, abs=1e-4)


@BOTH
def test_goes_into_a_file_and_back(how: str, tmp_path: Path) -> None:
    module = program_of(drawn_with(how))
    batch = next(module.batches(module.load("cpu")["train"], 16))
    first, second = ready(module), ready(module)
    first.step(batch)
    save_file(first.state_dict(), tmp_path / "weights.safetensors")
    second.load_state_dict(load_file(tmp_path / "weights.safetensors"))
    first.eval(), second.eval()
    assert torch.equal(first.evaluate(batch)["loss"], second.evaluate(batch)["loss"])


@BOTH
def test_a_resumed_run_is_one_that_was_never_stopped(
    how: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The vectors of spectral norm are state: without them the losses would differ."""
    module = program_of(drawn_with(how))
    whole = new_run(monkeypatch, tmp_path / "whole", epochs=2)
    assert train(whole, module) == 0
    run = new_run(monkeypatch, tmp_path / "stopped", epochs=2)
    control = Control(run)
    assert train(run, stopping(module, control, 23), control) == 0
    assert run.state().status == "stopped" and run.state().step == 23
    resume(run)
    assert train(run, module) == 0
    assert values_of(run) == values_of(whole)
    weights, others = (load_file(made.checkpoint("last") or "") for made in (run, whole))
    assert all(torch.equal(weights[name], others[name]) for name in others)


def stopping(module: ModuleType, control: Control, after: int) -> ModuleType:
    """The program, told to stop after so many steps."""
    steps = 0

    class Program(module.Program):  # type: ignore[misc, name-defined]
        def step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
            nonlocal steps
            steps += 1
            control.interrupted = steps == after
            values: dict[str, Tensor] = super().step(batch)
            return values

    stopped = ModuleType(module.__name__)
    stopped.__dict__.update({**vars(module), "Program": Program})
    return stopped
