"""Splits that hand out their samples by number: printed, trained, stopped and resumed."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

import nodes.library  # noqa: F401  registers the node types
from app.runs.run_folder import Run
from app.training.build_program import Trainable
from app.training.requests import Control
from graphs.compiler import check, compile, export
from graphs.document.document import Document
from graphs.load_module import load_source
from graphs.nodetypes import node_type
from graphs.nodetypes.expressions import Call, call
from graphs.nodetypes.node_type import Data
from graphs.nodetypes.tensor_kinds import SYMBOLS, Meta
from graphs.runtime.training import (
    in_memory,
    in_memory_sources,
    indexed_sources,
    indexed_split,
    read_ahead,
    sampling,
)
from tests.app.made_runs import new_run, train, values_of
from tests.graphs.drawing import classifier, drawn, ready
from tests.graphs.ragged import Ragged, ragged

N, V = SYMBOLS["N"], SYMBOLS["V"]


class _Sets(Data, base=True):
    """Sets of numbers, joined in a batch."""

    outputs = ("member", "owner", "mean", "label")

    @property
    def hands_out(self) -> bool:
        return True

    def fields(self) -> dict[str, Meta]:
        return {
            "member": Meta((V, 3)),
            "owner": Meta((V,), "int64"),
            "mean": Meta((N, 3)),
            "label": Meta((N,), "int64"),
        }

    def build(self) -> Call:
        return call(ragged, 50, seed=3)


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(node_type._registry, "_Sets", _Sets)


def document(**more: Any) -> Document:
    return drawn(
        "sets",
        sets=("_Sets", {}, {"batch_size": 8}),
        linear=("Linear", {"x": "sets.mean"}, {"out_features": 2}),
        dropout=("Dropout", {"x": "linear"}),
        loss=("CrossEntropy", {"prediction": "dropout", "label": "sets.label"}),
        adamw=("AdamW", {"loss": "loss"}),
        **more,
    )


def test_a_batch_is_counted_by_a_field_with_one_row_a_sample() -> None:
    module = load_source(export(document()), Path("program.py"))
    data = module.load("cpu")
    sizes = [module.size_of(batch) for batch in module.batches(data["train"], 8)]
    assert sizes == [8] * 6 + [2]
    assert len(next(module.batches(data["train"], 8))["member"]) != 8


def test_an_empty_split_has_no_batches() -> None:
    assert list(indexed_split.batches(Ragged(0, 0), 8)) == []


def test_by_number_is_what_by_field_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same batches in the same order, one source or several."""
    fields = {"a": torch.arange(20), "b": torch.randn(20, 2)}
    others = {"a": torch.arange(7) + 100}
    split = indexed_sources.Tensors(fields)
    flat = {**{f"x.{k}": v for k, v in fields.items()}, "y.a": others["a"]}
    several = indexed_sources.Together({"x": split, "y": indexed_sources.Tensors(others)})
    for plain, given, ordering, other in (
        (in_memory.batches, fields, indexed_split, split),
        (in_memory_sources.batches, flat, indexed_sources, several),
    ):
        monkeypatch.setattr(indexed_split, "epoch_order", ordering.epoch_order)
        function = indexed_split.batches
        torch.manual_seed(0)
        expected = list(plain(given, 6, shuffle=True))
        torch.manual_seed(0)
        assert_equal(list(function(other, 6, shuffle=True)), expected)
        torch.manual_seed(0)
        assert_equal(list(function(other, 6, shuffle=True, skip=2)), expected[2:])
        assert_equal(list(function(other, 6)), list(plain(given, 6)))


def assert_equal(ours: list[dict[str, Tensor]], theirs: list[dict[str, Tensor]]) -> None:
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        assert one.keys() == other.keys()
        assert all(torch.equal(one[name], other[name]) for name in one)


def stopping(module: Any, control: Control, count: int) -> None:
    """Let the program ask to stop after so many steps."""
    step, seen = module.Program.step, []

    def counted(self: Any, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        seen.append(batch)
        control.interrupted = control.interrupted or len(seen) == count
        return step(self, batch)

    module.Program.step = counted


def trained(run: Run, stop: int = 0) -> int:
    """Train a run; the number of batches that were taken."""
    module = load_source(export(document()), Path("program.py"))
    control = Control(run)
    if stop:
        stopping(module, control, stop)
    assert train(run, module, control, skips_batches=True) == 0
    return int(module.Ragged.taken)


def test_resumed_in_an_epoch_reads_no_batch_twice(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Three epochs of 7 batches, each with 2 of validation, and 2 of test at the end."""
    whole, parted = new_run(monkeypatch, tmp_path / "a"), new_run(monkeypatch, tmp_path / "b")
    assert trained(whole) == 3 * 9 + 2
    assert trained(parted, stop=12) == 7 + 2 + 5
    assert parted.state().status == "stopped"
    assert trained(parted) == 2 + 2 + 9 + 2
    assert values_of(parted) == values_of(whole)


def test_beside_a_source_of_tensors() -> None:
    """Two data nodes: the one with tensors hands out by number too, as long as the longer lasts."""
    more = {
        "wine": ("RandomImages", {}, {"batch_size": 8, "samples": 20, "channels": 1, "size": 2}),
        "flat": ("Flatten", {"x": "wine.image"}),
        "other": ("Linear", {"x": "flat"}, {"out_features": 10}),
        "second": ("CrossEntropy", {"prediction": "other", "label": "wine.label"}),
        "sgd": ("SGD", {"loss": "second", "weights": []}),
    }
    source = export(document(**more))
    assert 'return len(batch["sets.mean"])' in source
    module = load_source(source, Path("program.py"))
    torch.manual_seed(0)
    data = module.load("cpu")
    batches = list(module.batches(data["train"], 8, shuffle=True))
    assert [len(batch["wine.label"]) for batch in batches] == [8] * 6 + [2]
    values = module.train(ready(module), data["train"])
    assert set(values) == {"loss", "second"}


def drawn_with(**parameters: Any) -> Document:
    """Digits whose samples come in an order of their own."""
    return classifier(digits=("Digits", {}, {"batch_size": 50, **parameters}))


def options(**parameters: Any) -> str:
    """The source of such a document."""
    return export(drawn_with(**parameters))


def labels(source: str) -> list[Tensor]:
    """The labels of an epoch's batches."""
    module = load_source(source, Path("program.py"))
    torch.manual_seed(0)
    train = module.load("cpu")["train"]
    return [batch["label"] for batch in module.batches(train, module.BATCH_SIZE, shuffle=True)]


def test_balanced_batches_have_as_many_of_each_class() -> None:
    batches = labels(options(sampling="balanced"))
    assert sum(map(len, batches)) == 1257
    assert all(batch.bincount().tolist() == [5] * 10 for batch in batches[:-1])


def test_weighted_samples_come_equally_often_on_average() -> None:
    classes = torch.tensor([0] * 900 + [1] * 90 + [2] * 10)
    torch.manual_seed(0)
    order = sampling.weighted_by_class(classes)
    assert classes[order].bincount().float().sub(1000 / 3).abs().max() < 60


def test_a_fixed_order_and_no_last_part() -> None:
    one, other = labels(options(sampling="fixed", drop_last=True)), labels(options())
    assert [len(batch) for batch in one] == [50] * 25 and len(other) == 26
    fixed = torch.cat(labels(options(sampling="fixed")))
    assert torch.equal(fixed[:1250], torch.cat(one))
    assert not torch.equal(torch.cat(other), fixed)


def test_an_epoch_of_fewer_samples_takes_others_each_time() -> None:
    """In plain code: nothing is printed that the options do not ask for."""
    limits = {"epoch_samples": 120}, {"epoch_samples": 120, "drop_last": True}
    plain, other = (compile(check(drawn_with(**limit))) for limit in limits)
    for compiled in (plain, other):
        assert "class " not in compiled.source.split("def load(")[1]
        assert "EPOCH_SAMPLES = 120" in compiled.source
    assert "whole_batches" in other.source and "whole_batches" not in plain.source
    for compiled, sizes in ((plain, [50, 50, 20]), (other, [50, 50])):
        module = load_source(compiled.source, Path("program.py"))
        train = module.load("cpu")["train"]
        assert Trainable(module, compiled.interface).steps_in(train) == len(sizes)
        torch.manual_seed(0)
        epochs = [list(module.batches(train, 50, shuffle=True)) for _ in range(2)]
        assert [len(batch["label"]) for batch in epochs[0]] == sizes
        one, again = (torch.cat([batch["image"] for batch in batches]) for batches in epochs)
        assert not torch.equal(one, again)
        assert len(list(module.batches(train, 50))) == 26


def test_a_fixed_order_would_always_take_the_same_samples() -> None:
    digits = ("Digits", {}, {"sampling": "fixed", "epoch_samples": 100})
    problems = check(classifier(digits=digits)).problems
    assert any("would always take the same ones" in p.text for p in problems)


def test_drop_last_that_leaves_nothing_is_said() -> None:
    with pytest.raises(ValueError, match="drop_last leaves no batch of 50 of 20 samples"):
        sampling.whole_batches(20, 50)


def test_classes_are_needed_to_balance_them() -> None:
    problems = check(drawn("x", data=("AddingProblem", {}, {"sampling": "balanced"}))).problems
    assert any("balanced sampling needs a field of classes" in p.text for p in problems)


def test_read_ahead_by_other_processes_is_the_same() -> None:
    """And nothing is drawn from torch's generator besides the order."""
    results = []
    for workers in (0, 2):
        torch.manual_seed(0)
        split = Ragged(1, 30)
        given = read_ahead.ReadAhead(split, workers).to("cpu") if workers else split
        batches = list(indexed_split.batches(given, 8, shuffle=True, skip=1))
        results.append((batches, torch.rand(1)))
    (one, drawn_one), (other, drawn_other) = results
    assert_equal(one, other)
    assert torch.equal(drawn_one, drawn_other)


def test_orders_of_several_sources() -> None:
    more = {
        "digits": ("Digits", {}, {"sampling": "balanced", "batch_size": 8, "drop_last": True}),
        "flat": ("Flatten", {"x": "digits.image"}),
        "other": ("Linear", {"x": "flat"}, {"out_features": 10}),
        "second": ("CrossEntropy", {"prediction": "other", "label": "digits.label"}),
        "sgd": ("SGD", {"loss": "second"}),
    }
    module = load_source(export(document(**more)), Path("program.py"))
    data = module.load("cpu")
    torch.manual_seed(0)
    batches = list(module.batches(data["train"], 8, shuffle=True))
    assert len(batches) == 1257 // 8 and {module.size_of(batch) for batch in batches} == {8}
    assert torch.cat([b["digits.label"] for b in batches[:5]]).bincount().tolist() == [4] * 10
    assert len(list(module.batches(data["validation"], 8))) == 34
