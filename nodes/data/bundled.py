"""Data: bundled data sets, and random ones to try a network."""

from typing import Annotated, Literal

from pydantic import Field, NonNegativeInt, PositiveInt

from graphs.nodetypes.expressions import Call, call
from graphs.nodetypes.node_type import Data, Example
from graphs.nodetypes.tensor_kinds import Meta
from graphs.runtime.data_files.bundled import digits, digits_domain, random_images, random_tokens
from nodes.data.splits import N, SplitData


class Digits(SplitData):
    """Handwritten digits: 1,797 real images of 8x8 pixels from scikit-learn, a small MNIST that
    trains in seconds.

    `image` is 0 (background) to 1 (ink), `label` the digit, 0 to 9 (UCI Optical Recognition of
    Handwritten Digits, Alpaydin and Kaynak 1998).
    """

    keywords = (
        "handwritten digits",
        "load_digits",
        "sklearn",
        "scikit-learn",
        "toy data set",
        "small mnist",
        "image classification",
        "dataset",
    )

    form: Literal["image", "rows", "pixels"] = "image"
    """How an image comes: (N, 1, 8, 8), as a sequence of 8 rows (N, 8, 8), or as 64 pixels (N, 64).
    """

    outputs = ("image", "label")
    examples = (
        Example({}, [], [(N, 1, 8, 8), Meta((N,), "int64")]),
        Example({"form": "rows"}, [], [(N, 8, 8), Meta((N,), "int64")]),
        Example({"form": "pixels"}, [], [(N, 64), Meta((N,), "int64")]),
        Example({"validation": 0.9}, [], problem="validation"),
    )

    def fields(self) -> dict[str, Meta]:
        shape = {"image": (1, 8, 8), "rows": (8, 8), "pixels": (64,)}[self.form]
        return {"image": Meta((N, *shape)), "label": Meta((N,), "int64")}

    def build(self) -> Call:
        return call(digits, self.form, **self.dealing)


class DigitsDomain(SplitData):
    """One domain of handwritten digits: half of the training images, with less contrast or as edges
    alone.

    Two of them, one plain and one changed, are the two domains of a domain adaptation or of
    unpaired image translation: no training image is in both halves. Validation and test have all
    their images, changed too and in the same order in both domains, so that each has its
    counterpart there.
    """

    keywords = (
        "domain adaptation",
        "domain shift",
        "edges",
        "unpaired",
        "image translation",
        "handwritten digits",
        "dataset",
    )

    half: Literal["first", "second"] = "first"
    """Which half of the training images it has."""
    drawing: Literal["strokes", "edges"] = "strokes"
    """What is drawn: the strokes of the digit, as they were written, or where ink ends (edges)."""
    contrast: float = 1.0
    """Contrast: what each pixel, 0 (background) to 1 (ink), is multiplied by; 0.35 is low contrast.
    """
    brightness: float = 0.0
    """Brightness: what is then added to it; 0.45 is a grey background, and -1 after a contrast of 2
    gives -1 to 1.
    """

    outputs = ("image", "label")
    examples = (
        Example({}, [], [(N, 1, 8, 8), Meta((N,), "int64")]),
        Example(
            {"half": "second", "contrast": 0.35, "brightness": 0.45},
            [],
            [(N, 1, 8, 8), Meta((N,), "int64")],
        ),
        Example({"drawing": "edges"}, [], [(N, 1, 8, 8), Meta((N,), "int64")]),
        Example({"half": "third"}, [], problem="half"),
    )

    def fields(self) -> dict[str, Meta]:
        return {"image": Meta((N, 1, 8, 8)), "label": Meta((N,), "int64")}

    def build(self) -> Call:
        return call(
            digits_domain,
            self.half,
            self.drawing,
            contrast=self.contrast,
            brightness=self.brightness,
            **self.dealing,
        )


class RandomImages(Data):
    """Images of random noise with random labels: nothing can be learned from them.

    Use them to see whether a network fits together and how fast it trains, before its real data is
    at hand. `image` is (N, C, H, W), `label` is (N,), from 0.
    """

    keywords = (
        "dummy data",
        "fake data",
        "fakedata",
        "synthetic images",
        "random data",
        "placeholder data",
        "dataset",
        "imagenet",
    )

    channels: PositiveInt = 3
    """How many channels an image has; 3 are colours."""
    size: PositiveInt = 32
    """Height and width of an image, in pixels."""
    classes: PositiveInt = 10
    """How many different labels there are."""
    samples: Annotated[int, Field(ge=10)] = 256
    """How many images there are, at least 10; all of them lie in memory."""
    seed: NonNegativeInt = 0
    """Fixes which images are drawn."""

    outputs = ("image", "label")
    examples = (
        Example({}, [], [(N, 3, 32, 32), Meta((N,), "int64")]),
        Example({"channels": 1, "size": 5}, [], [(N, 1, 5, 5), Meta((N,), "int64")]),
        Example({"samples": 3}, [], problem="samples"),
    )

    def fields(self) -> dict[str, Meta]:
        image = Meta((N, self.channels, self.size, self.size))
        return {"image": image, "label": Meta((N,), "int64")}

    def build(self) -> Call:
        return call(
            random_images, self.channels, self.size, self.classes, self.samples, seed=self.seed
        )


class RandomTokens(Data):
    """Sequences of tokens drawn at random; `target` is the token that comes next at each step.

    Use them to see whether a language model fits together and how fast it trains, before its real
    text is at hand. `tokens` and `target` are (N, T); nothing can be learned from them.
    """

    keywords = (
        "dummy tokens",
        "fake data",
        "synthetic tokens",
        "random data",
        "placeholder data",
        "dataset",
    )

    length: PositiveInt = 64
    """How many tokens a sequence has."""
    vocabulary: PositiveInt = 256
    """How many different tokens there are; tokens count from 0."""
    samples: Annotated[int, Field(ge=10)] = 256
    """How many sequences there are, at least 10; all of them lie in memory."""
    seed: NonNegativeInt = 0
    """Fixes which tokens are drawn."""

    outputs = ("tokens", "target")
    examples = (
        Example({}, [], [Meta((N, 64), "int64"), Meta((N, 64), "int64")]),
        Example({"length": 5}, [], [Meta((N, 5), "int64"), Meta((N, 5), "int64")]),
        Example({"vocabulary": 0}, [], problem="vocabulary"),
    )

    def fields(self) -> dict[str, Meta]:
        tokens = Meta((N, self.length), "int64")
        return {"tokens": tokens, "target": tokens}

    def build(self) -> Call:
        return call(random_tokens, self.length, self.vocabulary, self.samples, seed=self.seed)
