"""Data: synthetic points, sounds, strings and sequences."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field, NonNegativeInt, PositiveInt, model_validator

from graphs.nodetypes.expressions import Call, call
from graphs.nodetypes.node_type import Data, Example
from graphs.nodetypes.tensor_kinds import Meta
from graphs.runtime.data_synthetic.blown_pipes import blown_pipes
from graphs.runtime.data_synthetic.plucked_strings import plucked_strings
from graphs.runtime.data_synthetic.points import moons, spirals
from graphs.runtime.data_synthetic.string_pairs import LETTERS, date_pairs, reversal_pairs
from graphs.runtime.data_synthetic.warped_digits import warped_digits
from nodes.data.splits import N, SplitData

_LABEL = Meta((N,), "int64")


class _Made(Data, base=True):
    """Samples made up from a seed, as many as wanted."""

    common = ("samples", "held_out", "draw_seed", *Data.common)
    samples: PositiveInt = 1_000
    """How many samples there are to train on."""
    held_out: PositiveInt = 300
    """How many there are for validation, and as many again for the test after training."""
    draw_seed: NonNegativeInt = 0
    """Fixes what is drawn, whatever the run's own seed."""

    def made(self) -> dict[str, int]:
        """The numbers of samples, as loaders take them."""
        return {"samples": self.samples, "held_out": self.held_out}


class Moons(_Made):
    """Two moons: points on two half circles that interlock, a first test of a non-linear
    classifier.

    `point` is (N, 2), `label` is the half circle, 0 or 1. A second data node with a rotation is
    another domain, to which a classifier of the first can be adapted.
    """

    keywords = ("two moons", "make_moons", "sklearn", "2d points", "toy classification", "dataset")

    noise: Annotated[float, Field(ge=0, le=1)] = 0.05
    """Standard deviation of the points around the half circles, whose radius is 1."""
    rotation: Annotated[float, Field(ge=-180, le=180)] = 0.0
    """By how many degrees all points are rotated around their middle; 35 makes a second domain."""

    outputs = ("point", "label")
    examples = (
        Example({}, [], [(N, 2), _LABEL]),
        Example({"rotation": 35, "samples": 3}, [], [(N, 2), _LABEL]),
        Example({"noise": -1}, [], problem="noise"),
    )

    def fields(self) -> dict[str, Meta]:
        return {"point": Meta((N, 2)), "label": _LABEL}

    def build(self) -> Call:
        return call(
            moons, **self.made(), noise=self.noise, rotation=self.rotation, seed=self.draw_seed
        )


class Spirals(_Made):
    """Spirals: points on arms around one centre, which are far from linearly separable.

    `point` is (N, 2), within a circle of radius 1, `label` is the arm, from 0.
    """

    keywords = (
        "two spirals",
        "2d points",
        "toy classification",
        "non-linear classification",
        "dataset",
    )

    arms: Annotated[int, Field(ge=2, le=100)] = 2
    """How many arms there are, and so how many classes."""
    turns: Annotated[float, Field(gt=0, le=20)] = 1.5
    """How often each arm goes around the centre: the more, the harder."""
    noise: Annotated[float, Field(ge=0, le=1)] = 0.01
    """How far points are spread around the arms."""

    outputs = ("point", "label")
    examples = (
        Example({}, [], [(N, 2), _LABEL]),
        Example({"arms": 3, "samples": 10}, [], [(N, 2), _LABEL]),
        Example({"arms": 1}, [], problem="arms"),
    )

    def fields(self) -> dict[str, Meta]:
        return {"point": Meta((N, 2)), "label": _LABEL}

    def build(self) -> Call:
        return call(
            spirals,
            **self.made(),
            arms=self.arms,
            turns=self.turns,
            noise=self.noise,
            seed=self.draw_seed,
        )


class PluckedStrings(_Made):
    """Melodies of plucked strings (Karplus-Strong), at 4,000 values a second: small sounds for a
    WaveNet.

    `wave` is (N, 1, T), -1 to 1. `codes` are its mu-law levels, (N, T), and `compressed` is the
    wave on the scale of the levels, -1 to 1 (Karplus and Strong 1983; 256 levels as in
    arXiv 1609.03499).
    """

    keywords = (
        "karplus-strong",
        "guitar",
        "audio",
        "music",
        "melody",
        "synthetic sound",
        "dataset",
    )

    samples: PositiveInt = 160
    """How many melodies there are to train on."""
    held_out: PositiveInt = 12
    """How many there are for validation, and as many again for the test after training."""
    length: PositiveInt = 1_024
    """How many values a melody has; a note has 250 to 600."""
    levels: Annotated[int, Field(ge=2, le=65_536)] = 256
    """How many levels there are: they lie closer where it is quiet."""

    outputs = ("wave", "codes", "compressed")
    examples = (
        Example(
            {"samples": 3, "held_out": 2},
            [],
            [(N, 1, 1_024), Meta((N, 1_024), "int64"), (N, 1, 1_024)],
        ),
        Example({"levels": 1}, [], problem="levels"),
    )

    def fields(self) -> dict[str, Meta]:
        wave = Meta((N, 1, self.length))
        return {"wave": wave, "codes": Meta((N, self.length), "int64"), "compressed": wave}

    def build(self) -> Call:
        return call(
            plucked_strings,
            **self.made(),
            length=self.length,
            levels=self.levels,
            seed=self.draw_seed,
        )


class BlownPipes(_Made):
    """Steady tones of blown pipes with a known density: the least loss that a generative model can
    reach is known too.

    `wave`, (N, 1, T), is breath minus an echo, the mean of two values a period before: `wave[t] =
    breath[t] - echo * (wave[t - P] + wave[t - P - 1]) / 2`, where breath is logistic noise. No
    model needs fewer nats a value than its entropy, log(breath) + 2. `pipe`, (N,), says which of
    the pipes it is. An echo turned round is a pipe closed at one end, as a clarinet is, with odd
    harmonics (Karplus and Strong 1983, blown instead of plucked).
    """

    keywords = ("flute", "organ", "audio", "tone", "synthetic sound", "known entropy", "dataset")

    samples: PositiveInt = 256
    """How many tones there are to train on."""
    held_out: PositiveInt = 64
    """How many there are for validation, and as many again for the test after training."""
    length: PositiveInt = 384
    """How many values a tone has."""
    periods: Annotated[tuple[PositiveInt, ...], Field(min_length=1)] = (5, 7, 9, 11)
    """How many values the echo of each pipe takes: the longer a pipe, the lower it sounds."""
    breath: Annotated[float, Field(gt=0, le=1)] = 0.1
    """The scale of the noise that is blown in."""
    echo: Annotated[float, Field(ge=0, lt=1)] = 0.92
    """How much of the sound comes back: 0 is noise alone, and near 1 is a clear tone."""

    outputs = ("wave", "pipe")
    examples = (
        Example({"samples": 8, "held_out": 2}, [], [(N, 1, 384), _LABEL]),
        Example(
            {"samples": 3, "held_out": 2, "length": 10, "periods": [4]}, [], [(N, 1, 10), _LABEL]
        ),
        Example({"echo": 1}, [], problem="echo"),
        Example({"periods": []}, [], problem="periods"),
    )

    def fields(self) -> dict[str, Meta]:
        return {"wave": Meta((N, 1, self.length)), "pipe": _LABEL}

    def build(self) -> Call:
        return call(
            blown_pipes,
            **self.made(),
            length=self.length,
            periods=self.periods,
            breath=self.breath,
            echo=self.echo,
            seed=self.draw_seed,
        )


class _Pairs(_Made, base=True):
    """Pairs of strings: one is to be made of the other."""

    samples: PositiveInt = 8_000
    """How many pairs there are to train on."""
    held_out: PositiveInt = 500
    """How many there are for validation, and as many again for the test after training."""

    outputs = ("source", "mask", "before", "target")

    def letters(self, folder: Path | None) -> Sequence[str]:
        return ["", "<", ">", *LETTERS]

    def lengths(self) -> tuple[int, int]:
        """Of the longest question and the longest answer."""
        raise TypeError(f"{type(self).__name__} has no lengths")

    def fields(self) -> dict[str, Meta]:
        source, target = self.lengths()
        answer = Meta((N, target + 1), "int64")
        question = Meta((N, source), "int64")
        return {
            "source": question,
            "mask": Meta((N, source), "bool"),
            "before": answer,
            "target": answer,
        }


class DateStrings(_Pairs):
    """Dates as people write them, to be translated to the form 2024-05-31: a small
    sequence-to-sequence task.

    `source`, (N, 21), holds letters as numbers from 3, padded with 0; `mask` is true where there is
    a letter. `target`, (N, 11), is the answer with 2 after its end, and `before` the answer with 1
    before its beginning, for a network that is told the letters before. There are 70 tokens.
    """

    keywords = (
        "seq2seq",
        "translation",
        "machine translation",
        "sequence to sequence",
        "text to text",
        "date formats",
        "dataset",
    )
    examples = (
        Example(
            {"samples": 5, "held_out": 2},
            [],
            [
                Meta((N, 21), "int64"),
                Meta((N, 21), "bool"),
                Meta((N, 11), "int64"),
                Meta((N, 11), "int64"),
            ],
        ),
        Example({"samples": 0}, [], problem="samples"),
    )

    def lengths(self) -> tuple[int, int]:
        return 21, 10

    def build(self) -> Call:
        return call(date_pairs, **self.made(), seed=self.draw_seed)


class ReversedStrings(_Pairs):
    """Words of random letters, to be reversed: a small sequence-to-sequence test of memory and
    attention.

    Ports and tokens are those of DateStrings: letters count from 3, 0 is padding, 1 begins an
    answer, 2 ends it. There are 70 tokens.
    """

    keywords = (
        "seq2seq",
        "copy task",
        "reverse",
        "sequence to sequence",
        "toy translation",
        "dataset",
    )

    shortest: PositiveInt = 5
    """How many letters a word has at least."""
    longest: Annotated[int, Field(ge=1, le=10_000)] = 16
    """How many letters a word has at most."""

    examples = (
        Example(
            {"samples": 5, "held_out": 2},
            [],
            [
                Meta((N, 16), "int64"),
                Meta((N, 16), "bool"),
                Meta((N, 17), "int64"),
                Meta((N, 17), "int64"),
            ],
        ),
        Example({"longest": 3}, [], problem="shortest is 5, and longest is 3"),
    )

    @model_validator(mode="after")
    def _in_order(self) -> "ReversedStrings":
        if self.shortest > self.longest:
            text = f"shortest is {self.shortest}, and longest is {self.longest}: swap them"
            raise ValueError(text)
        return self

    def lengths(self) -> tuple[int, int]:
        return self.longest, self.longest

    def build(self) -> Call:
        return call(
            reversal_pairs,
            **self.made(),
            shortest=self.shortest,
            longest=self.longest,
            seed=self.draw_seed,
        )


class WarpedDigits(SplitData):
    """Sequences of different lengths to classify: handwritten digits read row by row at a changing
    pace.

    `sequence` is (N, T, 8) with 0 after its end, `mask` (N, T) is true until there, `length` (N,)
    the number of steps, 8 to T, and `label` the digit.
    """

    keywords = (
        "variable length",
        "padded sequences",
        "sequence classification",
        "packed sequence",
        "handwritten digits",
        "dataset",
    )

    longest_stay: Annotated[int, Field(ge=1, le=100)] = 3
    """How often a row is seen at most before the next; T is 8 times this."""
    paces: PositiveInt = 1
    """At how many paces each digit is read: so many sequences are made of it, all of them in the
    same split.
    """

    outputs = ("sequence", "mask", "length", "label")
    examples = (
        Example({}, [], [(N, 24, 8), Meta((N, 24), "bool"), _LABEL, _LABEL]),
        Example({"longest_stay": 1}, [], [(N, 8, 8), Meta((N, 8), "bool"), _LABEL, _LABEL]),
        Example({"paces": 2}, [], [(N, 24, 8), Meta((N, 24), "bool"), _LABEL, _LABEL]),
        Example({"longest_stay": 0}, [], problem="longest_stay"),
    )

    @property
    def class_field(self) -> str:
        return "label"

    def fields(self) -> dict[str, Meta]:
        steps = 8 * self.longest_stay
        return {
            "sequence": Meta((N, steps, 8)),
            "mask": Meta((N, steps), "bool"),
            "length": _LABEL,
            "label": _LABEL,
        }

    def build(self) -> Call:
        return call(warped_digits, self.longest_stay, paces=self.paces, **self.dealing)
