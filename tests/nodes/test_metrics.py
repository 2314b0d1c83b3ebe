"""Metrics: against scikit-learn's, over splits cut into batches."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from sklearn import metrics as reference
from torch import Tensor

import nodes.library  # noqa: F401  registers the node types
from graphs.codegen.classes.split_metrics import finishing, kept
from graphs.compiler import check
from graphs.nodetypes.node_type import Example, node_types
from graphs.nodetypes.tensor_kinds import Meta
from graphs.runtime.training import split_average
from tests.graphs.drawing import classifier
from tests.nodes.bench import described, run_description

COUNT, CLASSES = 101, 4
BATCHES = (40, 40, 21)


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def over(
    monkeypatch: pytest.MonkeyPatch, name: str, options: dict[str, object], *tensors: Tensor
) -> float:
    """A metric of a split that comes in batches, as an exported file computes it."""
    metas = [Meta(tuple(t.shape), str(t.dtype).removeprefix("torch.")) for t in tensors]
    made = node_types()[name].model_validate(options)
    node = described(Example(options, metas), made)
    finish = finishing(node)
    table: dict[str, Callable[[Tensor], Tensor]] = {
        "metric": lambda values: finish.target(values, **finish.kwargs)
    }
    monkeypatch.setattr(split_average, "OVER_SPLIT", table)
    parts = zip(*(tensor.split(BATCHES) for tensor in tensors), strict=True)
    rows = [{"metric": run_description(kept(node), list(part))[0]} for part in parts]
    return split_average.average(rows, list(BATCHES))["metric"]


def scores(seen: int = CLASSES) -> tuple[Tensor, Tensor]:
    """Scores of classes that say something of the labels, of which `seen` occur."""
    label = torch.randint(0, seen, (COUNT,))
    prediction = torch.randn(COUNT, CLASSES)
    prediction[torch.arange(COUNT), label] += 1
    return prediction, label


def answers() -> tuple[Tensor, Tensor]:
    """Scores of yes and no, some of them equal, and right answers."""
    answer = torch.randint(0, 2, (COUNT, 1)).float()
    return (torch.randn(COUNT, 1) + answer).round(decimals=1), answer


@pytest.mark.parametrize("average", ["macro", "micro", "weighted"])
@pytest.mark.parametrize("name", ["Precision", "Recall", "F1"])
@pytest.mark.parametrize("seen", [CLASSES, 2])
def test_of_classes(monkeypatch: pytest.MonkeyPatch, name: str, average: str, seen: int) -> None:
    prediction, label = scores(seen)
    compute = {
        "Precision": reference.precision_score,
        "Recall": reference.recall_score,
        "F1": reference.f1_score,
    }[name]
    wanted = compute(label, prediction.argmax(1), average=average, zero_division=0)
    found = over(monkeypatch, name, {"average": average}, prediction, label)
    assert found == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize("name", ["Precision", "Recall", "F1"])
def test_of_yes_and_no(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    prediction, answer = answers()
    compute = {
        "Precision": reference.precision_score,
        "Recall": reference.recall_score,
        "F1": reference.f1_score,
    }[name]
    wanted = compute(answer.flatten(), prediction.flatten() > 0)
    assert over(monkeypatch, name, {}, prediction, answer) == pytest.approx(wanted, abs=1e-12)


def test_a_mean_over_batches_would_be_another_f1() -> None:
    """Which is why it is measured over a split."""
    prediction, label = scores()
    said = prediction.argmax(1)
    whole = reference.f1_score(label, said, average="macro")
    parts = zip(label.split(BATCHES), said.split(BATCHES), strict=True)
    batches = [reference.f1_score(*part, average="macro") for part in parts]
    mean = sum(f * size for f, size in zip(batches, BATCHES, strict=True)) / COUNT
    assert abs(mean - whole) > 1e-3


def test_auroc(monkeypatch: pytest.MonkeyPatch) -> None:
    prediction, label = scores()
    share = prediction.softmax(1)
    wanted = _one_against_all(share, label)
    assert over(monkeypatch, "AUROC", {}, prediction, label) == pytest.approx(wanted, abs=1e-12)
    prediction, answer = answers()
    assert len(prediction.unique()) < COUNT  # equal scores count half
    wanted = reference.roc_auc_score(answer.flatten(), prediction.flatten())
    assert over(monkeypatch, "AUROC", {}, prediction, answer) == pytest.approx(wanted, abs=1e-12)


def _one_against_all(share: Tensor, label: Tensor) -> float:
    areas = [reference.roc_auc_score(label == c, share[:, c]) for c in range(CLASSES)]
    return sum(areas) / CLASSES


def test_auroc_leaves_out_what_never_occurs(monkeypatch: pytest.MonkeyPatch) -> None:
    prediction, label = scores(seen=2)
    share = prediction.softmax(1)
    areas = [reference.roc_auc_score(label == c, share[:, c]) for c in range(2)]
    found = over(monkeypatch, "AUROC", {}, prediction, label)
    assert found == pytest.approx(sum(areas) / 2, abs=1e-12)


def test_of_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    target = torch.randn(COUNT, 3) * torch.tensor([1.0, 2.0, 3.0]) + 1000
    prediction = target + torch.randn(COUNT, 3)
    exact = (target.double(), prediction.double())
    found = over(monkeypatch, "R2", {}, prediction, target)
    assert found == pytest.approx(reference.r2_score(*exact), abs=1e-9)
    wanted = reference.mean_squared_error(*exact) ** 0.5
    found = over(monkeypatch, "RMSE", {}, prediction, target)
    assert found == pytest.approx(wanted, rel=1e-6)


def test_perplexity_is_over_all_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    prediction, tokens = torch.randn(COUNT, 7, 5), torch.randint(0, 5, (COUNT, 7))
    counts = tokens != 0
    logs = prediction.double().log_softmax(2).gather(2, tokens[..., None])[..., 0]
    wanted = torch.exp(-logs[counts].mean()).item()
    found = over(monkeypatch, "Perplexity", {"ignore_index": 0}, prediction, tokens)
    assert found == pytest.approx(wanted, rel=1e-6)


def test_accuracies_of_tokens_and_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    prediction, tokens = torch.randn(COUNT, 7, 5), torch.randint(0, 5, (COUNT, 7))
    counts = tokens != 0
    wanted = reference.accuracy_score(tokens[counts], prediction.argmax(2)[counts])
    found = over(monkeypatch, "TokenAccuracy", {"ignore_index": 0}, prediction, tokens)
    assert found == pytest.approx(wanted, abs=1e-7)
    images = prediction.transpose(1, 2)
    found = over(monkeypatch, "PixelAccuracy", {"ignore_index": 0}, images, tokens)
    assert found == pytest.approx(wanted, abs=1e-7)


def plain(name: str, options: dict[str, object], *tensors: Tensor) -> float:
    """A metric of one batch."""
    metas = [Meta(tuple(t.shape), str(t.dtype).removeprefix("torch.")) for t in tensors]
    made = node_types()[name].model_validate(options)
    (value,) = run_description(described(Example(options, metas), made), list(tensors))
    return value.item()


def test_of_batches() -> None:
    prediction, label = scores()
    wanted = reference.top_k_accuracy_score(label, prediction, k=2)
    assert plain("TopKAccuracy", {"k": 2}, prediction, label) == pytest.approx(wanted)
    score, answer = answers()
    wanted = reference.accuracy_score(answer.flatten(), score.flatten() > 0.5)
    found = plain("BinaryAccuracy", {"threshold": 0.5}, score, answer)
    assert found == pytest.approx(wanted)
    bits = plain("BitsPerDimension", {}, torch.tensor(2.0), torch.zeros(3, 1, 4, 4))
    assert bits == pytest.approx(2 / 16 / 0.6931471805599453)


def test_nothing_reads_a_metric_of_a_whole_split() -> None:
    """A batch has no value of it."""
    judged = {"prediction": "linear", "label": "digits.label"}
    document = classifier(f1=("F1", judged), half=("Scale", {"x": "f1"}))
    (problem,) = check(document).problems
    assert problem.node == "half" and "f1 is measured over a whole split" in problem.text
    assert problem.fixes[0].title == "Remove the wire"
