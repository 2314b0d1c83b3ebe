"""Data: where samples come from, split into training, validation and test."""

import csv
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, JsonValue, NonNegativeInt, PositiveInt

from graphs.expressions import Call, Expression, FolderFile, call
from graphs.kinds import SYMBOLS, Meta
from graphs.node_type import Complaint, Data, Example, File
from nodes.modules.datasets import digits, digits_domain, random_images, random_tokens, table

N = SYMBOLS["N"]
Share = Annotated[float, Field(ge=0, le=0.45)]


class Digits(Data):
    """1,797 real handwritten digits, 8x8 pixels each, from scikit-learn: small enough to train in
    seconds.

    `image` is 0 (paper) to 1 (ink), `label` the digit, 0 to 9 (UCI Optical Recognition of
    Handwritten Digits, Alpaydin and Kaynak 1998).
    """

    form: Literal["image", "rows", "pixels"] = "image"
    """How an image comes: (N, 1, 8, 8), as a sequence of 8 rows (N, 8, 8), or as 64 pixels (N, 64).
    """
    validation: Share = 0.15
    """The share of samples kept for validation, from 0 to 0.45."""
    test: Share = 0.15
    """The share of samples kept for a test after training, from 0 to 0.45."""
    split_seed: NonNegativeInt = 0
    """Fixes which sample goes where, whatever the run's own seed."""

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
        return call(
            digits, self.form, validation=self.validation, test=self.test, seed=self.split_seed
        )


class DigitsDomain(Data):
    """Half of the handwritten digits' training images, as pale as wanted: a domain of its own.

    Two of them, one plain and one faded, are the two domains of an adaptation: no training image is
    in both halves. Validation and test images are whole, and faded too.
    """

    half: Literal["first", "second"] = "first"
    """Which half of the training images it has."""
    contrast: float = 1.0
    """What each pixel is multiplied by; 0.35 is pale."""
    brightness: float = 0.0
    """What is added to each pixel; 0.45 is grey paper."""
    validation: Share = 0.15
    """The share of samples kept for validation, from 0 to 0.45."""
    test: Share = 0.15
    """The share of samples kept for a test after training, from 0 to 0.45."""
    split_seed: NonNegativeInt = 0
    """Fixes which sample goes where, whatever the run's own seed."""

    outputs = ("image", "label")
    examples = (
        Example({}, [], [(N, 1, 8, 8), Meta((N,), "int64")]),
        Example(
            {"half": "second", "contrast": 0.35, "brightness": 0.45},
            [],
            [(N, 1, 8, 8), Meta((N,), "int64")],
        ),
        Example({"half": "third"}, [], problem="half"),
    )

    def fields(self) -> dict[str, Meta]:
        return {"image": Meta((N, 1, 8, 8)), "label": Meta((N,), "int64")}

    def build(self) -> Call:
        return call(
            digits_domain,
            self.half,
            contrast=self.contrast,
            brightness=self.brightness,
            validation=self.validation,
            test=self.test,
            seed=self.split_seed,
        )


class Table(Data):
    """Rows of a CSV file in the document's folder: some columns are features, one is what to
    predict.

    The file's first row names the columns. Nothing but that row is read before training.
    """

    file: Annotated[str, File] = ""
    """The CSV file, in the document's folder or below it."""
    features: tuple[str, ...] = ()
    """The columns that the network sees; they hold numbers."""
    target: str = ""
    """The column to predict."""
    target_is: Literal["class", "number"] = "class"
    """Whether the target is a class, (N,) whole numbers in alphabetical order, or a number, (N, 1).
    """
    standardise: bool = True
    """Shift and scale each feature to mean 0 and deviation 1, as measured on the training rows."""
    validation: Share = 0.15
    """The share of rows kept for validation, from 0 to 0.45."""
    test: Share = 0.15
    """The share of rows kept for a test after training, from 0 to 0.45."""
    split_seed: NonNegativeInt = 0
    """Fixes which row goes where, whatever the run's own seed."""

    outputs = ("features", "target")
    examples = (
        Example(
            {"file": "small.csv", "features": ["a", "b"], "target": "kind"},
            [],
            [(N, 2), Meta((N,), "int64")],
        ),
        Example(
            {"file": "small.csv", "features": ["a"], "target": "b", "target_is": "number"},
            [],
            [(N, 1), (N, 1)],
        ),
        Example({}, [], problem="choose a CSV file"),
        Example({"file": "../small.csv"}, [], problem="outside the document's folder"),
        Example({"file": "missing.csv"}, [], problem="there is no file missing.csv"),
        Example(
            {"file": "small.csv", "features": ["z"], "target": "kind"}, [], problem="no column z"
        ),
        Example({"file": "small.csv"}, [], problem="choose which columns"),
    )

    def fields(self) -> dict[str, Meta]:
        target = Meta((N,), "int64") if self.target_is == "class" else Meta((N, 1))
        return {"features": Meta((N, len(self.features))), "target": target}

    def complaints(self, folder: Path | None) -> list[Complaint]:
        if not self.file:
            return [Complaint("choose a CSV file that lies in the document's folder", "file")]
        if folder is None:
            return [Complaint("save the document first: its data files lie in its folder", "file")]
        path = (folder / self.file).resolve()
        if not path.is_relative_to(folder.resolve()):
            return [
                Complaint(f"{self.file} lies outside the document's folder: copy it there", "file")
            ]
        try:
            return self._column_complaints(_header(path))
        except FileNotFoundError:
            return [Complaint(f"there is no file {self.file} in the document's folder", "file")]
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            return [Complaint(f"{self.file} cannot be read as a CSV file: {error}", "file")]

    def _column_complaints(self, columns: list[str]) -> list[Complaint]:
        usual = (name for name in columns if name.lower() in ("class", "target", "label", "y"))
        target = self.target or next(usual, columns[-1] if columns else "")
        features: list[JsonValue] = [name for name in columns if name != target]
        use: dict[str, JsonValue] = {"target": target, "features": features}
        if not self.features or not self.target:
            return [
                Complaint(
                    "choose which columns are features and which is the target", "features", use
                )
            ]
        missing = [name for name in (*self.features, self.target) if name not in columns]
        if missing:
            known = ", ".join(columns)
            return [
                Complaint(
                    f"{self.file} has no column {', '.join(missing)}; it has {known}",
                    "features",
                    use,
                )
            ]
        if self.target in self.features:
            return [
                Complaint(
                    f"{self.target} is a feature and the target too: that gives the answer away",
                    "features",
                    use,
                )
            ]
        return []

    def build(self) -> Expression:
        return call(
            table,
            FolderFile(self.file),
            features=list(self.features),
            target=self.target,
            target_is=self.target_is,
            standardise=self.standardise,
            validation=self.validation,
            test=self.test,
            seed=self.split_seed,
        )


class RandomImages(Data):
    """Images of pure noise with labels dealt at random: nothing can be learned from them.

    Use them to see whether a network fits together and how fast it trains, before its real data is
    at hand.
    """

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
    text is at hand.
    """

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


def _header(path: Path) -> list[str]:
    """The names of the columns, which stand in the first row."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        return next(csv.reader([file.readline(1 << 20)]), [])
