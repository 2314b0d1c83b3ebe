"""What a block looks at: as far as its filters reach and no further, as strongly as it weighs."""

import pytest
import torch
from torch import Tensor, nn

import nodes.library  # noqa: F401  registers the node types
from graphs.compiler import check, export
from graphs.document.document import Document, End
from graphs.runtime.blocks.receptive_fields import receptive_field
from graphs.runtime.layers.convolutions import CausalConv1d, MaskedConv2d
from tests.graphs.drawing import drawn
from tests.graphs.test_blocks import program, with_blocks


class Causal(nn.Module):
    """Tokens (N, T), scores of the next one, (N, T, C), and something that is drawn at random."""

    def __init__(self) -> None:
        super().__init__()
        self.vectors = nn.Embedding(9, 4)
        self.near = CausalConv1d(4, 4, 2)
        self.far = CausalConv1d(4, 9, 3, dilation=2)
        self.dropout = nn.Dropout(0.5)

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        x = self.near(self.vectors(tokens).transpose(1, 2)).tanh()
        scores = self.dropout(self.far(x)).transpose(1, 2)
        return torch.rand_like(scores), scores


def test_a_step_looks_back_as_far_as_the_filters_reach() -> None:
    torch.manual_seed(0)
    model = Causal().train()
    field = receptive_field(model, torch.randint(9, (6, 12)), output=1)
    assert field.shape == (1, 12) and field.max() == 1
    assert torch.equal(field[0] > 0, torch.arange(12) >= 12 - 6)
    assert model.dropout.training


def test_a_pixel_looks_at_what_comes_before_it() -> None:
    torch.manual_seed(0)
    layers = nn.Sequential(MaskedConv2d(2, 6, 3, mask="A"), nn.ReLU(), MaskedConv2d(6, 4, 3))
    (field,) = receptive_field(layers, torch.rand(4, 2, 5, 6))[0]
    seen = torch.zeros(5, 6, dtype=torch.bool)
    seen[2, 1:3] = seen[1, 1:5] = seen[0, 1:6] = True  # (1, 5) is the blind spot of such masks
    assert torch.equal(field > 0, seen)


def test_it_is_as_strong_as_the_weights() -> None:
    """One number for the whole input: of what is twice as heavy it feels twice as much."""

    class Weighed(nn.Module):
        def forward(self, image: Tensor) -> Tensor:
            return (image.float() * torch.tensor([[1.0, 2.0], [0.0, 4.0]])).sum((1, 2))[:, None]

    image = torch.stack([torch.full((2, 2), 3), torch.full((2, 2), 5)])
    field = receptive_field(Weighed(), image)
    assert torch.equal(field, torch.tensor([[[[0.25, 0.5], [0.0, 1.0]]]]))


def test_what_sees_nothing_has_no_field() -> None:
    assert not receptive_field(nn.ReLU(), -torch.rand(3, 4, 2)).any()


def reader(form: str = "rows", **parameters: object) -> Document:
    """A block that learns from the rows of digits, and what it looks at."""
    use = {"block": "Reader", "weights": "reader"}
    layer = ("GRU", {"x": "rows"}) if form == "rows" else ("Linear", {"x": "rows"})
    block = drawn(
        rows=("Input", {}, {"kind": "features"}),
        layer=layer,
        steps=("Output", {"value": "layer"}),
        best=("Output", {"value": "guess"}),
        guess=("CategoricalSample", {"scores": "layer"}),
    )
    main = drawn(
        "reader",
        digits=("Digits", {}, {"form": form}),
        read=("Block", {"rows": "digits.image"}, use),
        flat=("Flatten", {"x": "read.steps"}),
        scores=("Linear", {"x": "flat"}, {"out_features": 10}),
        loss=("CrossEntropy", {"prediction": "scores", "label": "digits.label"}),
        adam=("Adam", {"loss": "loss"}),
        few=("FirstSamples", {"x": "digits.image"}, {"count": 3}),
        seen=("ReceptiveField", {"rows": "few"}, {**use, **parameters}),
        shown=("Curve", {"y": "seen"}),
    )
    return with_blocks(main, Reader=block)


def test_a_probe_shows_it() -> None:
    document = reader(output="steps")
    checked = check(document)
    assert checked.problems == ()
    assert checked.shape_text("main", End("seen", "field")) == "(1, 8)"
    assert "receptive_field(self.network.reader, " in export(document)
    batch = {"image": torch.rand(7, 8, 8), "label": torch.zeros(7).long()}
    shown = program(document).probe(batch)["shown.y"]
    assert shown.shape == (1, 8) and shown.max() == 1 and (shown > 0).all()


@pytest.mark.parametrize(
    ("form", "output", "text"),
    [
        ("rows", "mean", "Reader has no output mean: choose steps or best"),
        ("rows", "best", "best of Reader is integers: choose its scores"),
        ("pixels", "", "needs sequences, (N, T) of integers or (N, T, F), or images"),
    ],
)
def test_what_has_no_field_is_said(form: str, output: str, text: str) -> None:
    problems = check(reader(form, output=output)).problems
    assert any(problem.text.startswith(text) for problem in problems)
