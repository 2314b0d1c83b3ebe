"""Judges of networks that translate images between two domains, learned from no pairs.

The test images of both domains are the same digits in the same order, so the true counterpart of
each is known here, and only here. A cycle that closes proves nothing: two wrong translations may
undo each other.
"""

from collections.abc import Callable, Sequence

import torch
from sklearn.svm import SVC
from torch import Tensor

from app.examples_check.judging import Measure, judges
from app.examples_check.trained import Trained
from app.training.build_program import samples_in
from graphs.runtime.data_files.bundled import digits, edge_image

Translator = Callable[[Tensor], Tensor]


@judges("cyclegan")
def cyclegan(example: Trained) -> list[Measure]:
    """Whether digits keep their class on the way, and how near they come to their counterparts."""
    return translated(example, example.program.to_edges, example.program.to_digits, (0.70, 0.62))


@judges("unit")
def unit(example: Trained) -> list[Measure]:
    """What becomes of digits and edges, and whether a digit and its edges have one code."""
    program, test = example.program, _all(example, "test")

    def there(digit: Tensor) -> Tensor:
        return program.edges_decoder(program.shared(program.digits_encoder(digit))[0])

    def back(edge: Tensor) -> Tensor:
        return program.digits_decoder(program.shared(program.edges_encoder(edge))[0])

    digit, edge = test["digits.image"], test["edges.image"]
    with torch.no_grad():
        codes = program.shared(program.digits_encoder(digit))[1]
        others = program.shared(program.edges_encoder(edge))[1]
    found, of_pixels = partners(codes, others), partners(digit, edge)
    return [
        *translated(example, there, back, (0.8, 0.70)),
        Measure("partner found by its code", found, 0.4, "above", of_pixels, "by its pixels"),
    ]


def partners(some: Tensor, others: Tensor) -> float:
    """The share of some samples whose nearest one among the others is their own counterpart."""
    nearest = torch.cdist(some.flatten(1), others.flatten(1)).argmin(1)
    return (nearest == torch.arange(len(nearest))).float().mean().item()


def translated(
    example: Trained, there: Translator, back: Translator, bars: Sequence[float]
) -> list[Measure]:
    """What becomes of digits on the way to edges, and of edges on the way to digits."""
    test = _all(example, "test")
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
        for images in (edge_image(image), image)
    ]
    return fitted[0], fitted[1]


def _all(example: Trained, split: str) -> dict[str, Tensor]:
    """All samples of a split, by field, as one batch."""
    part = example.data[split]
    batch: dict[str, Tensor] = next(iter(example.module.batches(part, samples_in(part))))
    return batch


def _read(reader: SVC, images: Tensor, label: Tensor) -> float:
    """The share of images, -1 to 1, that a machine fitted to 0 to 1 reads right."""
    found = reader.predict(((images + 1) / 2).flatten(1).numpy())
    return (torch.tensor(found) == label).float().mean().item()


def _apart(images: Tensor, others: Tensor) -> float:
    """The mean difference of pixels, of 0 to 1."""
    return (images - others).abs().mean().item() / 2
