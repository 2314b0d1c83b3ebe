"""Losses: against the formulas of their papers, and what surprises in them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import nodes.library  # noqa: F401  registers the node types
from graphs.compiler import check, export
from graphs.document.edits import SetGraphParameters, apply
from graphs.load_module import load_source
from graphs.nodetypes.node_type import Example, node_types
from graphs.nodetypes.tensor_kinds import Meta
from graphs.runtime.measures import losses
from tests.graphs.drawing import classifier
from tests.nodes.bench import described, run_description


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def test_total_variation_counts_each_pair_of_neighbours_once() -> None:
    image = torch.tensor([[[[0.0, 1.0, 3.0], [0.0, 0.0, 0.0]]]])
    assert losses.total_variation(image, "sum").item() == (1 + 2 + 0 + 0) + (0 + 1 + 3)
    assert losses.total_variation(image).item() == pytest.approx(3 / 4 + 4 / 3)


def test_info_nce_is_its_formula() -> None:
    query, key = torch.randn(6, 4), torch.randn(6, 4)
    cosine = F.cosine_similarity(query[:, None], key[None], dim=2) / 0.1
    wanted = -(cosine.diag() - cosine.logsumexp(1)).mean()
    torch.testing.assert_close(losses.info_nce(query, key, 0.1), wanted)
    back = -(cosine.diag() - cosine.logsumexp(0)).mean()
    both = losses.info_nce(query, key, 0.1, symmetric=True)
    torch.testing.assert_close(both, (wanted + back) / 2)


def test_nt_xent_is_the_loop_of_its_paper() -> None:
    """Algorithm 1 of arXiv 2002.05709, pair by pair."""
    first, second = torch.randn(5, 3), torch.randn(5, 3)
    views = torch.stack([first, second], 1).flatten(0, 1)  # 2k and 2k + 1 are one sample's
    count = len(views)
    costs = []
    for i in range(count):
        s = torch.stack([F.cosine_similarity(views[i], views[j], dim=0) for j in range(count)])
        rivals = torch.stack([(s[j] / 0.5).exp() for j in range(count) if j != i])
        costs.append(-torch.log((s[i ^ 1] / 0.5).exp() / rivals.sum()))
    wanted = torch.stack(costs).mean()
    torch.testing.assert_close(losses.nt_xent(first, second, 0.5), wanted)


def test_pairs_with_label_0_are_turned_away() -> None:
    x, other = torch.randn(4, 3), torch.randn(4, 3)
    cosine = F.cosine_similarity(x, other)
    wanted = torch.where(torch.tensor([1, 0, 1, 0]) == 1, 1 - cosine, (cosine - 0.2).clamp(min=0))
    found = losses.cosine_embedding(x, other, torch.tensor([1, 0, 1, 0]), margin=0.2)
    torch.testing.assert_close(found, wanted.mean())


def test_the_hinge_does_not_mind_how_far() -> None:
    score = torch.tensor([-2.0, 0.0, 2.0])
    assert losses.hinge_adversarial(score, "real").item() == pytest.approx((3 + 1 + 0) / 3)
    assert losses.hinge_adversarial(score, "fake").item() == pytest.approx((0 + 1 + 3) / 3)
    assert losses.hinge_adversarial(score, "generator").item() == 0


def test_a_gradient_penalty_is_that_of_a_linear_critic() -> None:
    """Whose slope is its weight everywhere; and it reaches the weight alone."""
    critic = nn.Linear(4, 1)
    real = torch.randn(8, 4)
    fake = torch.randn(8, 4, requires_grad=True)
    penalty = losses.gradient_penalty(critic, real, fake)
    wanted = (critic.weight.norm() - 1).square()
    torch.testing.assert_close(penalty, wanted)
    (slope,) = torch.autograd.grad(penalty, critic.weight, retain_graph=True)
    torch.testing.assert_close(slope, torch.autograd.grad(wanted, critic.weight)[0])
    assert torch.autograd.grad(penalty, fake, allow_unused=True) == (None,)
    with torch.no_grad():  # as a validation measures it
        assert not losses.gradient_penalty(critic, real, fake).requires_grad


def test_ctc_sums_over_all_alignments() -> None:
    """Two steps, one token: it, it; it, blank; blank, it."""
    share = torch.randn(1, 2, 3).softmax(2)
    p = share[0]
    wanted = -torch.log(p[0, 1] * p[1, 1] + p[0, 1] * p[1, 0] + p[0, 0] * p[1, 1])
    torch.testing.assert_close(losses.ctc(share.log(), torch.tensor([[1, 0]])), wanted)
    short = losses.ctc(share.log(), torch.tensor([[1]]), lengths=torch.tensor([1]))
    torch.testing.assert_close(short, -torch.log(p[0, 1]))
    assert losses.ctc(share.log(), torch.tensor([[1, 2, 1]])).item() == 0  # cannot fit in


@pytest.mark.parametrize(
    ("shape", "weights"),
    [("linear", [0, 0.5, 1, 1]), ("cosine", [0, 0.5, 1, 1]), ("exponential", [0.25, 0.5, 1, 1])],
)
def test_a_weight_goes_from_one_value_to_another(shape: str, weights: list[float]) -> None:
    start = 0.25 if shape == "exponential" else 0.0
    anneal = losses.Anneal(start, 1.0, steps=2, shape=shape)
    one = torch.tensor(1.0)
    assert anneal.eval()(one).item() == 1
    found = [anneal.train()(one).item() for _ in range(4)]
    assert found == pytest.approx(weights, abs=1e-6)


def test_probabilities_need_no_sigmoid() -> None:
    """Where a prediction is one already, both forms are the same loss."""
    scores, answers = torch.randn(5, 2), torch.randint(0, 2, (5, 2)).float()
    found = computed("BinaryCrossEntropy", {"probabilities": True}, scores.sigmoid(), answers)
    torch.testing.assert_close(found, F.binary_cross_entropy_with_logits(scores, answers))


def measured(source: str) -> dict[str, float]:
    """What a program measures of its first validation batch."""
    module = load_source(source, Path("program.py"))
    torch.manual_seed(0)
    batch = next(module.batches(module.load("cpu")["validation"], 32))
    program = module.Program().eval()
    return {name: value.item() for name, value in program.evaluate(batch).items()}


def test_weights_of_a_sum_may_be_hyperparameters() -> None:
    judged = {"prediction": "linear", "label": "digits.label"}
    document = classifier(
        other=("CrossEntropy", judged, {"label_smoothing": 0.5}),
        whole=("WeightedSum", {"losses": ["loss", "other"]}, {"weights": [1, "=beta"]}),
        adamw=("AdamW", {"loss": "whole"}),
    )
    document = apply(document, SetGraphParameters(parameters={"beta": 0.25}))
    assert check(document).problems == ()
    source = export(document)
    assert "BETA = 0.25" in source and "loss + self.beta * other" in source
    values = measured(source)
    assert values["whole"] == pytest.approx(values["loss"] + 0.25 * values["other"])
    values = measured(source.replace("BETA = 0.25", "BETA = 2.0"))
    assert values["whole"] == pytest.approx(values["loss"] + 2 * values["other"])


def test_a_class_that_does_not_count() -> None:
    scores, tokens = torch.randn(2, 3, 4), torch.tensor([[1, 0, 2], [0, 0, 3]])
    found = computed("SequenceCrossEntropy", {"ignore_index": 0}, scores, tokens)
    logs = scores.log_softmax(2)
    wanted = -(logs[0, 0, 1] + logs[0, 2, 2] + logs[1, 2, 3]) / 3
    torch.testing.assert_close(found, wanted)


def test_a_rare_class_counts_more() -> None:
    """The mean is one of weights, as torch defines it."""
    scores, label = torch.randn(3, 2), torch.tensor([0, 1, 1])
    found = computed("CrossEntropy", {"class_weights": [1, 3]}, scores, label)
    logs = scores.log_softmax(1)
    torch.testing.assert_close(found, -(logs[0, 0] + 3 * logs[1, 1] + 3 * logs[2, 1]) / 7)


def test_a_missed_yes_counts_more() -> None:
    scores, answers = torch.randn(4, 1), torch.tensor([[1.0], [0.0], [1.0], [0.0]])
    found = computed("BinaryCrossEntropy", {"pos_weight": 5.0}, scores, answers)
    costs = F.binary_cross_entropy_with_logits(scores, answers, reduction="none")
    torch.testing.assert_close(found, (costs * (1 + 4 * answers)).mean())


def test_classes_of_pixels_are_on_the_second_axis() -> None:
    scores, label = torch.randn(2, 3, 4, 5), torch.randint(0, 3, (2, 4, 5))
    found = computed("PixelCrossEntropy", {}, scores, label)
    rows = F.cross_entropy(scores.permute(0, 2, 3, 1).flatten(0, 2), label.flatten())
    torch.testing.assert_close(found, rows)


def computed(name: str, parameters: dict[str, object], *tensors: torch.Tensor) -> torch.Tensor:
    """What a node of a type makes of tensors."""
    metas = [Meta(tuple(t.shape), str(t.dtype).removeprefix("torch.")) for t in tensors]
    made = node_types()[name].model_validate(parameters)
    (result,) = run_description(described(Example(parameters, metas), made), list(tensors))
    return result
