"""Data: synthetic characters, of as many classes as are wanted."""

from typing import Annotated

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveInt

from graphs.nodetypes.expressions import Call, call
from graphs.nodetypes.node_type import Data, Example
from graphs.nodetypes.tensor_kinds import SYMBOLS, Meta
from graphs.runtime.data_synthetic.glyphs import random_signs
from nodes.data.splits import Share

N = SYMBOLS["N"]


class Glyphs(Data):
    """Synthetic characters: signs of two to four random strokes, each class drawn several times
    with the variation of handwriting.

    They are many classes of few samples, as alphabets are. Wire it to Episodes for few-shot
    learning. `image`, (N, 1, size, size), is 0 (background) to 1 (ink), `label` the class, (N,). It
    stands for Omniglot (Lake et al. 2015), which is no part of Patchbay; every class is in every
    split here, and Episodes deals the classes anew.
    """

    keywords = (
        "omniglot",
        "characters",
        "symbols",
        "few-shot images",
        "synthetic images",
        "dataset",
    )

    classes: PositiveInt = 1000
    """How many different signs there are."""
    samples: Annotated[int, Field(ge=2, le=10_000)] = 20
    """How many times each sign is drawn."""
    size: Annotated[int, Field(ge=4, le=128)] = 16
    """Height and width of an image, in pixels."""
    variation: NonNegativeFloat = 1.0
    """How much samples of a class differ: 0 not at all, 1 as handwriting does."""
    validation: Share = 0.15
    """The share of each class's samples kept for validation, from 0 to 0.45."""
    test: Share = 0.15
    """The share of each class's samples kept for a test after training, from 0 to 0.45."""
    draw_seed: NonNegativeInt = 0
    """Fixes the signs, whatever the run's own seed."""

    outputs = ("image", "label")
    examples = (
        Example({"classes": 3}, [], [(N, 1, 16, 16), Meta((N,), "int64")]),
        Example({"classes": 2, "size": 8}, [], [(N, 1, 8, 8), Meta((N,), "int64")]),
        Example({"size": 2}, [], problem="size"),
    )

    def fields(self) -> dict[str, Meta]:
        return {"image": Meta((N, 1, self.size, self.size)), "label": Meta((N,), "int64")}

    def build(self) -> Call:
        return call(
            random_signs,
            classes=self.classes,
            samples=self.samples,
            size=self.size,
            variation=self.variation,
            validation=self.validation,
            test=self.test,
            seed=self.draw_seed,
        )
