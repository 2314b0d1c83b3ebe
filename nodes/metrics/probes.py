"""Probes: what the monitor shows while a network trains. They move nothing, and no step computes
them.
"""

from typing import Annotated, Literal

import torch
from pydantic import Field, JsonValue

from graphs.nodetypes.expressions import Expression, call
from graphs.nodetypes.node_type import Example, Misfit
from graphs.nodetypes.probe_type import Probe
from graphs.nodetypes.tensor_kinds import Image, Labels, Meta, Numbers, Tensor, Vector
from graphs.runtime.measures.probes import confusion, histogram, principal

Parts = dict[str, Expression]
_LABELS = Meta((2,), "int64")
_TOKENS = Meta((2, 7), "int64")


def _first(x: Tensor, count: int) -> Expression:
    """The first samples: `x[:count]`."""
    return x[(slice(None, count),)]


def _require_steps(name: str, x: Tensor) -> None:
    """Raises Misfit where a sample is not one number a step."""
    sizes = x.shape[1:]
    if not (len(sizes) == 1 or (len(sizes) == 2 and 1 in sizes)):
        needed = "(N, T), (N, T, 1) or (N, 1, T)"
        raise Misfit(f"{name} needs {needed}, got {x.meta.text}: slice one feature")


class ImageGrid(Probe):
    """Grid of images: samples of a generator, reconstructions beside their originals, filters.

    With several wires, the images of one sample stand together: originals first, then what the
    network made of them. Random numbers before it are the same at each look, so a generator is seen
    to change and not to draw anew.
    """

    keywords = (
        "show images",
        "make_grid",
        "image viewer",
        "samples",
        "picture",
        "imshow",
        "tensorboard images",
        "reconstructions",
        "visualise",
    )

    count: Annotated[int, Field(ge=1, le=100)] = 16
    """How many samples are shown, the first of the validation data; 1 to 100."""
    low: float = 0.0
    """The value that is drawn black."""
    high: float = 1.0
    """The value that is drawn white, or in full colour."""

    picture = "images"
    examples = (
        Example({}, [(20, 1, 8, 8)], [(16, 1, 8, 8)]),
        Example({"count": 2}, [(5, 3, 8, 8), (5, 3, 8, 8)], [(2, 2, 3, 8, 8)]),
        Example({}, [], problem="images needs a wire"),
        Example({}, [(2, 64)], problem="images needs (N, C, H, W), got (N, 64)"),
        Example({}, [(2, 5, 8, 8)], problem="1 channel (grey) or 3 (colour), got (N, 5, 8, 8)"),
        Example({}, [(2, 1, 8, 8), (2, 1, 4, 4)], problem="images of one size"),
    )

    def options(self) -> dict[str, JsonValue]:
        return {"low": float(self.low), "high": float(self.high)}

    def build(self, *images: Image) -> Parts:
        for image in images:
            if image.channels not in (1, 3):
                raise Misfit(f"needs 1 channel (grey) or 3 (colour), got {image.meta.text}")
        if len({image.shape[1:] for image in images}) > 1:
            found = " and ".join(image.meta.text for image in images)
            raise Misfit(f"needs images of one size, got {found}")
        if not images:
            raise Misfit("images needs a wire")
        parts = [_first(image, self.count) for image in images]
        return {"images": parts[0] if len(parts) == 1 else call(torch.stack, parts, 1)}


class Curve(Probe):
    """Line plot: draws the values of single samples as lines, such as a forecast and the truth, a
    function, a wave.

    `y` is one number a step; `target`, if there is one, is drawn dashed in the same colour. `x`
    says where on the axis the numbers stand; without it they stand at 0, 1, 2, … Where `x` is not
    in order, as the points of a few-shot task are not, the line is drawn from left to right.
    """

    keywords = (
        "plot",
        "line plot",
        "line chart",
        "graph of a function",
        "time series plot",
        "visualise",
    )

    count: Annotated[int, Field(ge=1, le=8)] = 3
    """How many samples are drawn, the first of the validation data; 1 to 8."""

    picture = "curves"
    examples = (
        Example({}, [(5, 7)], [(3, 7)]),
        Example({"count": 2}, [(5, 7, 1)] * 3, [(2, 7, 1)] * 3),
        Example({}, [(2, 7, 4)], problem="y needs (N, T), (N, T, 1) or (N, 1, T)"),
        Example({}, [(2,)], problem="y needs (N, T), (N, T, 1) or (N, 1, T), got (N,)"),
        Example({}, [(2, 7), (2, 6)], problem="as many steps in target as in y, got 6 and 7"),
    )

    def build(self, y: Numbers, target: Numbers | None = None, x: Numbers | None = None) -> Parts:
        given = {"y": y, "target": target, "x": x}
        known = {name: value for name, value in given.items() if value is not None}
        for name, value in known.items():
            _require_steps(name, value)
            steps, wanted = max(value.shape[1:]), max(y.shape[1:])
            if steps != wanted:
                text = f"needs as many steps in {name} as in y"
                raise Misfit(f"{text}, got {steps} and {wanted}")
        return {name: _first(value, self.count) for name, value in known.items()}


class Histogram(Probe):
    """Histogram: how the values on a wire are distributed, such as activations, latent codes,
    errors.

    Use it to see dead units, collapsed codes, or values that grow without end. All values of the
    first validation batch count, whatever their shape.
    """

    keywords = (
        "hist",
        "distribution plot",
        "activation histogram",
        "weights histogram",
        "visualise",
    )

    bins: Annotated[int, Field(ge=2, le=500)] = 50
    """Into how many bins the range from the least value to the largest is cut, 2 to 500."""

    picture = "histogram"
    examples = (
        Example({"bins": 4}, [(2, 3, 8, 8)], [Meta((4,), "int64"), (5,)]),
        Example({}, [(20,)], [Meta((50,), "int64"), (51,)]),
        Example({"bins": 1}, [(2, 3)], problem="bins"),
        Example({}, [_LABELS], problem="values needs numbers of any shape"),
    )

    def build(self, values: Numbers) -> Parts:
        counted = call(histogram, values, self.bins)
        return {"counts": counted[0], "edges": counted[1]}


class ScatterPlot(Probe):
    """Scatter plot: draws each sample as a dot, such as latent codes, embeddings, a prediction
    against the truth.

    Vectors of more than two features are projected to their first two principal components (PCA),
    the directions in which they differ most. Give it the labels, and each class has a colour of its
    own.
    """

    keywords = (
        "scatter",
        "embedding plot",
        "pca",
        "t-sne",
        "tsne",
        "umap",
        "latent space",
        "projector",
        "visualise",
    )

    count: Annotated[int, Field(ge=2, le=5000)] = 500
    """How many samples are drawn at most, of the first validation batch; 2 to 5,000."""
    names: tuple[str, ...] = ()
    """Names of the classes, in their order; none: their numbers."""

    picture = "scatter"
    examples = (
        Example({}, [(9, 2), Meta((9,), "int64")], [(9, 2), Meta((9,), "int64")]),
        Example({"count": 4}, [(9, 5)], [(4, 2)]),
        Example({}, [(2, 1)], problem="needs two numbers a sample or more, got (N, 1)"),
        Example({}, [(2, 3, 4)], problem="points needs (N, F), got (N, 3, 4)"),
    )

    def options(self) -> dict[str, JsonValue]:
        return {"names": list(self.names)}

    def build(self, points: Vector, label: Labels | None = None) -> Parts:
        if points.features < 2:
            text = f"needs two numbers a sample or more, got {points.meta.text}"
            raise Misfit(f"{text}: put two of them together by Concat")
        flat = points if points.features == 2 else call(principal, points)
        parts: Parts = {"points": flat[(slice(None, self.count),)]}
        return parts if label is None else {**parts, "label": _first(label, self.count)}


class ConfusionMatrix(Probe):
    """Confusion matrix: counts which class was taken for which; a row for each right class, a
    column for each guess.

    What lies on the diagonal was right. All of the validation data is counted, not a batch of it.
    """

    keywords = ("confusion", "error matrix", "class errors", "contingency table", "visualise")

    names: tuple[str, ...] = ()
    """Names of the classes, in their order; none: their numbers."""

    picture = "matrix"
    adds_up = True
    examples = (
        Example({}, [(2, 3), _LABELS], [Meta((3, 3), "int64")]),
        Example({"names": ["a", "b"]}, [(2, 2), _LABELS], [Meta((2, 2), "int64")]),
        Example({"names": ["a"]}, [(2, 3), _LABELS], problem="3 classes, and names has 1"),
        Example({}, [(2, 3), (2,)], problem="label needs (N,) of integers"),
    )

    def options(self) -> dict[str, JsonValue]:
        return {"names": list(self.names)}

    def build(self, prediction: Vector, label: Labels) -> Parts:
        if self.names and len(self.names) != prediction.features:
            text = f"there are {prediction.features} classes, and names has {len(self.names)}"
            raise Misfit(f"{text}: name each class, or none")
        return {"counts": call(confusion, prediction, label)}


class AudioClips(Probe):
    """Audio player: shows sounds as waves and as spectrograms, and lets the monitor save them as
    WAV files.

    Values from -1 to 1; what lies beyond is cut off.
    """

    keywords = ("play sound", "listen", "audio player", "waveform", "wav export", "visualise")

    sample_rate: Annotated[int, Field(ge=100, le=192_000)] = 16_000
    """Values a second, in hertz, as the sound was recorded; 100 to 192,000."""
    count: Annotated[int, Field(ge=1, le=8)] = 2
    """How many sounds are shown, the first of the validation data; 1 to 8."""

    picture = "sound"
    examples = (
        Example({}, [(5, 1, 400)], [(2, 1, 400)]),
        Example({"count": 1, "sample_rate": 8000}, [(5, 400)], [(1, 400)]),
        Example({}, [(2, 2, 400)], problem="sound needs (N, T), (N, T, 1) or (N, 1, T)"),
        Example({"sample_rate": 3}, [(2, 400)], problem="sample_rate"),
    )

    def options(self) -> dict[str, JsonValue]:
        return {"sample_rate": int(self.sample_rate)}

    def build(self, sound: Numbers) -> Parts:
        _require_steps("sound", sound)
        return {"sound": _first(sound, self.count)}


class TextSamples(Probe):
    """Text: shows sequences of tokens as text, what a language model writes or what it read.

    It takes the tokens (N, T), or the logits of each token at each step (N, T, F), of which it
    reads the largest.
    """

    keywords = (
        "show text",
        "print text",
        "generated text",
        "decode tokens",
        "detokenize",
        "tokenizer",
    )

    reading: Literal["numbers", "bytes", "characters"] = "numbers"
    """What a token stands for: its number, a byte of UTF-8 text, or a character of the alphabet."""
    alphabet: str = ""
    """For characters: all of them in the order of their tokens; the first is token 0."""
    count: Annotated[int, Field(ge=1, le=50)] = 4
    """How many sequences are shown, the first of the validation data; 1 to 50."""

    picture = "text"
    examples = (
        Example({"count": 1}, [_TOKENS], [Meta((1, 7), "int64")]),
        Example({"reading": "characters", "alphabet": "abc"}, [(2, 7, 3)], [Meta((2, 7), "int64")]),
        Example({"reading": "characters"}, [_TOKENS], problem="write the characters"),
        Example({}, [(2, 7)], problem="tokens (N, T) or scores (N, T, F), got (N, 7) of float32"),
    )

    def options(self) -> dict[str, JsonValue]:
        return {"reading": self.reading, "alphabet": self.alphabet}

    def build(self, tokens: Tensor) -> Parts:
        if self.reading == "characters" and not self.alphabet:
            raise Misfit("write the characters that the tokens stand for into alphabet")
        floating = tokens.meta.floating
        if len(tokens.shape) != (3 if floating else 2):
            got = f"{tokens.meta.text} of {tokens.meta.dtype}"
            raise Misfit(f"needs tokens (N, T) or scores (N, T, F), got {got}")
        first = _first(tokens, self.count)
        return {"tokens": call(torch.argmax, first, -1) if floating else first}


class NumberTable(Probe):
    """Table: lists the values of single samples, inputs beside predictions and right answers.

    A wire is one column, or as many as it has features.
    """

    keywords = ("print", "values", "show numbers", "debug", "inspect", "table of values")

    count: Annotated[int, Field(ge=1, le=200)] = 12
    """How many samples are listed, the first of the validation data; 1 to 200."""
    names: tuple[str, ...] = ()
    """Headings of the columns, in their order; none: the numbers of the wires."""

    picture = "table"
    examples = (
        Example({"count": 2}, [(5, 3), Meta((5,), "int64")], [(2, 3), Meta((2,), "int64")]),
        Example({}, [(3,)], [(3,)]),
        Example({}, [], problem="columns needs a wire"),
        Example({}, [(2, 3, 8, 8)], problem="needs (N,) or (N, F), got (N, 3, 8, 8)"),
        Example({"names": ["a"]}, [(2, 3)], problem="3 columns, and names has 1"),
    )

    def options(self) -> dict[str, JsonValue]:
        return {"names": list(self.names)}

    def build(self, *columns: Tensor) -> Parts:
        if not columns:
            raise Misfit("columns needs a wire")
        for column in columns:
            if len(column.shape) not in (1, 2):
                raise Misfit(f"needs (N,) or (N, F), got {column.meta.text}")
        wide = sum(column.shape[1] if len(column.shape) == 2 else 1 for column in columns)
        if self.names and len(self.names) != wide:
            raise Misfit(f"there are {wide} columns, and names has {len(self.names)}")
        return {f"wire_{n}": _first(c, self.count) for n, c in enumerate(columns, 1)}
