"""Images drawn pixel by pixel: by the scores of those before, and by nothing else."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import nodes.library  # noqa: F401  registers the node types
from graphs.compiler import check, export
from graphs.document.document import Document, End
from graphs.runtime.blocks.generation import generate_pixels
from graphs.runtime.layers.convolutions import MaskedConv2d
from tests.graphs.drawing import drawn
from tests.graphs.test_blocks import program, with_blocks

CLASSES = 5


class Masked(nn.Module):
    """Scores of each pixel's classes from the pixels before it, and the colours before it."""

    def __init__(self, colours: int = 1) -> None:
        super().__init__()
        self.colours = colours
        self.first = MaskedConv2d(colours, 12 * colours, 3, mask="A", colours=colours)
        self.dropout = nn.Dropout(0.9)
        self.last = MaskedConv2d(12 * colours, CLASSES * colours, 3, colours=colours)

    def forward(self, image: Tensor) -> Tensor:
        x = image.float() if image.dim() == 4 else image.float()[:, None]
        scores = self.last(self.dropout(self.first(x).relu()))
        by_colour = scores.view(len(x), self.colours, CLASSES, *x.shape[2:]).transpose(1, 2)
        return by_colour if image.dim() == 4 else by_colour[:, :, 0]


@pytest.mark.parametrize("shape", [(3, 6, 4), (2, 3, 4, 5)])
def test_each_pixel_is_the_best_of_what_those_before_say(shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    model = Masked(shape[1] if len(shape) == 4 else 1).train()
    image = torch.randint(CLASSES, shape)
    before = image.clone()
    new = generate_pixels(model, image, keep_rows=2, temperature=0.0)
    assert torch.equal(image, before) and model.dropout.training
    assert torch.equal(new[..., :2, :], image[..., :2, :])
    best = model.eval()(new).argmax(1)
    assert torch.equal(new[..., 2:, :], best[..., 2:, :])
    assert len(new[..., 2:, :].unique()) > 2


class Successor(nn.Module):
    """The class after that of the pixel before, three times as probable as the next but one."""

    def forward(self, image: Tensor) -> Tensor:
        before = F.pad(image.flatten(1), (1, -1)).view_as(image)
        shares = F.one_hot((before + 1) % 5, 5) * 0.75 + F.one_hot((before + 2) % 5, 5) * 0.25
        return shares.log().movedim(-1, 1)


def test_pixels_are_drawn_as_often_as_they_are_probable() -> None:
    torch.manual_seed(0)
    nothing = torch.zeros(400, 3, 3, dtype=torch.long)
    new = generate_pixels(Successor(), nothing, keep_rows=0, temperature=1.0).flatten(1)
    jumps = (new.diff(dim=1) % 5).flatten().bincount(minlength=5) / (400 * 8)
    torch.testing.assert_close(jumps, torch.tensor([0, 0.75, 0.25, 0, 0]), atol=0.02, rtol=0)


def painter(form: str = "rows", pooled: int = 1, **parameters: object) -> Document:
    """A block that learns grey levels from those before, and draws some."""
    use = {"block": "Model", "weights": "model"}
    model = drawn(
        levels=("Input", {}, {"kind": "classes"}),
        vectors=("OneHot", {"labels": "levels"}, {"num_classes": CLASSES}),
        channels=("Permute", {"x": "vectors"}, {"order": [0, 3, 1, 2]}),
        masked=("MaskedConv2d", {"x": "channels"}, {"out_channels": CLASSES, "mask": "A"}),
        pool=("AvgPool2d", {"x": "masked"}, {"kernel_size": pooled}),
        scores=("Output", {"value": "pool"}),
    )
    main = drawn(
        "painter",
        digits=("Digits", {}, {"form": form}),
        levels=("Quantise", {"x": "digits.image"}, {"levels": CLASSES}),
        learned=("Block", {"levels": "levels"}, use),
        loss=("PixelCrossEntropy", {"prediction": "learned.scores", "label": "levels"}),
        adam=("Adam", {"loss": "loss"}),
        few=("FirstSamples", {"x": "levels"}, {"count": 2}),
        new=("GeneratePixels", {"levels": "few"}, {**use, **parameters}),
        grey=("Dequantise", {"classes": "new.image"}, {"levels": CLASSES}),
        image=("Unsqueeze", {"x": "grey"}),
        shown=("ImageGrid", {"images": "image"}),
    )
    return with_blocks(main, Model=model)


def test_a_probe_shows_what_is_drawn() -> None:
    document = painter(keep_rows=3)
    checked = check(document)
    assert checked.problems == ()
    assert checked.shape_text("main", End("new", "image")) == "(2, 8, 8)"
    source = export(document)
    assert "levels[:2], keep_rows=3, temperature=1.0" in source
    assert '"""From levels (N, 8, 8) to (N, 5, 8, 8)."""' in source
    batch = {"image": torch.rand(7, 8, 8), "label": torch.zeros(7).long()}
    shown = program(document).probe(batch)["shown.images"]
    assert shown.shape == (2, 1, 8, 8)
    assert torch.equal(shown[:, 0, :3], (batch["image"][:2, :3] * 4).round() / 4)


def test_what_cannot_be_drawn_is_said() -> None:
    def problems(**options: object) -> list[str]:
        return [problem.text for problem in check(painter(**options)).problems]

    assert problems(keep_rows=8) == ["all 8 rows are kept: nothing is left to draw"]
    small = "Model gives (2, 5, 4, 4): scores of each pixel are (2, C, 8, 8)"
    assert small in problems(pooled=2)
    flat = problems(form="pixels")
    assert any("needs classes, (N, H, W) or (N, K, H, W), got (2, 64)" in text for text in flat)
