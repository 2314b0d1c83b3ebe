"""Judges of networks that translate images between two domains, learned from no pairs.

The test images of both domains are the same digits in the same order, so the true counterpart of
each is known here, and only here. A cycle that closes proves nothing: two wrong translations may
undo each other.
"""

from collections.abc import Callable, Sequence

import torch
from sklearn.svm import SVC
from torch import Tensor

from app.gallery.judging import Measure, judges
from app.gallery.trained import Trained
from nodes.modules.datasets import digits, edges

Translator = Callable[[Tensor], Tensor]


@judges("cyclegan")
def cyclegan(example: Trained) -> list[Measure]:
    """Whether digits keep their class on the way, and how near they come to their counterparts."""
    return translated(example, example.program.to_edges, example.program.to_digits, (0.70, 0.62))


def translated(
    example: Trained, there: Translator, back: Translator, bars: Sequence[float]
) -> list[Measure]:
    """What becomes of digits on the way to edges, and of edges on the way to digits."""
    test = example.data["test"]
    digit, edge = test["digits.image"], test["edges.image"]
    label = test["digits.label"]
    with torch.no_grad():
        drawn, read = there(digit), back(edge)
        cycles = [_apart(back(drawn), digit), _apart(there(read), edge)]
    of_edges, of_digits = readers(example.document.main.nodes["digits"].parameters["test"])
    errors = [_apart(drawn, edge), _apart(read, digit)]
    simple, left = "nothing done", _apart(digit, edge)
    return [
        Measure(
            "edges read right",
            _read(of_edges, drawn, label),
            bars[0],
            baseline=_read(of_edges, digit, label),
            baseline_is=simple,
        ),
        Measure(
            "digits read right",
            _read(of_digits, read, label),
            bars[1],
            baseline=_read(of_digits, edge, label),
            baseline_is=simple,
        ),
        Measure("distance to the counterpart", max(errors), 0.14, "below", left, simple),
        Measure("distance after a cycle", max(cycles), 0.08, "below"),
    ]


def readers(test: float) -> tuple[SVC, SVC]:
    """Support vector machines that read edges and digits, fitted to all that is not of the test,
    whose share is known.
    """
    known = digits("image", 0.0, test, seed=0)["train"]
    image, label = known["image"], known["label"].numpy()
    fitted = [
        SVC(gamma=0.25, C=10).fit(images.flatten(1).numpy(), label)
        for images in (edges(image), image)
    ]
    return fitted[0], fitted[1]


def _read(reader: SVC, images: Tensor, label: Tensor) -> float:
    """The share of images, -1 to 1, that a machine fitted to 0 to 1 reads right."""
    found = reader.predict(((images + 1) / 2).flatten(1).numpy())
    return (torch.tensor(found) == label).float().mean().item()


def _apart(images: Tensor, others: Tensor) -> float:
    """The mean difference of pixels, of 0 to 1."""
    return (images - others).abs().mean().item() / 2
