"""Data: tables, from CSV and Parquet files or bundled with scikit-learn."""

import csv
import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import JsonValue

from graphs.nodetypes.expressions import Call, Expression, FolderFile, call
from graphs.nodetypes.file_dependencies import Complaint
from graphs.nodetypes.node_type import BlockInterface, Example, File
from graphs.nodetypes.outputs import Outputs
from graphs.nodetypes.tensor_kinds import Meta
from graphs.runtime.data_files.bundled import bundled_table
from graphs.runtime.data_files.tables import read_csv, read_parquet, table
from nodes.data.splits import N, SplitData, located


class _Columns(SplitData, base=True):
    """Rows of a file: some columns are what the network sees, one is what to predict."""

    what: ClassVar[str] = "a CSV file"
    file: Annotated[str, File] = ""
    """The file, in the document's folder or below it."""
    features: tuple[str, ...] = ()
    """The columns of numbers that the network sees."""
    categories: tuple[str, ...] = ()
    """Columns of words: they leave at a port of their own, `categories`, as integers from 0,
    (N, K), for an Embedding.
    """
    target: str = ""
    """The column to predict."""
    target_is: Literal["class", "number"] = "class"
    """Whether the target is a class, (N,) integers in alphabetical order, or a number, (N, 1).
    """
    missing: Literal["refuse", "drop", "mean", "value"] = "refuse"
    """What happens where a cell is empty, NA, nan, null or ?: stop and say where, drop the row, put
    the mean of the training rows there, or put a value there."""
    missing_value: float = 0.0
    """The number that is put into an empty cell where `missing` is value."""
    standardise: bool = True
    """Standardise each feature to mean 0 and standard deviation 1, as measured on the training
    rows.
    """

    outputs = ("features", "target")

    def results(self, blocks: Mapping[str, BlockInterface]) -> Outputs:
        return ("features", "target", *(["categories"] if self.categories else []))

    def fields(self) -> dict[str, Meta]:
        target = Meta((N,), "int64") if self.target_is == "class" else Meta((N, 1))
        found = {"features": Meta((N, len(self.features))), "target": target}
        if self.categories:
            found["categories"] = Meta((N, len(self.categories)), "int64")
        return found

    def complaints(self, folder: Path | None) -> list[Complaint]:
        path = located(folder, self.file, self.what)
        if isinstance(path, Complaint):
            return [path]
        columns = self.header(path)
        if isinstance(columns, Complaint):
            return [columns]
        return self._column_complaints(columns)

    def header(self, path: Path) -> list[str] | Complaint:
        """The names of the columns, or why they cannot be read."""
        raise TypeError(f"{type(self).__name__} has no header")

    def _column_complaints(self, columns: list[str]) -> list[Complaint]:
        usual = (name for name in columns if name.lower() in ("class", "target", "label", "y"))
        target = self.target or next(usual, columns[-1] if columns else "")
        features: list[JsonValue] = [
            name for name in columns if name not in (target, *self.categories)
        ]
        use: dict[str, JsonValue] = {"target": target, "features": features}
        if not self.features or not self.target:
            text = "choose which columns are features and which is the target"
            return [Complaint(text, "features", use)]
        named = (*self.features, *self.categories, self.target)
        if missing := [name for name in named if name not in columns]:
            text = f"{self.file} has no column {', '.join(missing)}; it has {', '.join(columns)}"
            return [Complaint(text, "features", use)]
        if twice := [name for name in {*named} if columns.count(name) > 1]:
            text = f"{self.file} has more than one column {twice[0]}: rename one"
            return [Complaint(text, "features")]
        if self.target in (*self.features, *self.categories):
            text = f"{self.target} is a feature and the target too: that gives the answer away"
            return [Complaint(text, "features", use)]
        return []

    def sheet(self) -> Call:
        """What reads the file."""
        raise TypeError(f"{type(self).__name__} has no sheet")

    def build(self) -> Expression:
        gaps = {"missing": self.missing} if self.missing != "refuse" else {}
        value = {"fill": self.missing_value} if self.missing == "value" else {}
        words = {"categories": list(self.categories)} if self.categories else {}
        return call(
            table,
            self.sheet(),
            features=list(self.features),
            target=self.target,
            target_is=self.target_is,
            standardise=self.standardise,
            **self.dealing,
            **words,
            **gaps,
            **value,
        )


class Table(_Columns):
    """Rows of a CSV file in the document's folder: some columns are features, one is what to
    predict.

    The file's first row names the columns. Nothing but that row is read before training.
    """

    keywords = (
        "csv",
        "tsv",
        "spreadsheet",
        "excel",
        "pandas",
        "dataframe",
        "read_csv",
        "tabular",
        "columns",
        "dataset",
        "own data",
    )
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
        Example(
            {"file": "small.csv", "features": ["a"], "categories": ["kind"], "target": "b"},
            [],
            [(N, 1), Meta((N,), "int64"), Meta((N, 1), "int64")],
        ),
        Example(
            {"file": "gaps.csv", "features": ["a"], "target": "kind", "missing": "mean"},
            [],
            [(N, 1), Meta((N,), "int64")],
        ),
        Example({}, [], problem="choose a CSV file"),
        Example({"file": "../small.csv"}, [], problem="outside the document's folder"),
        Example({"file": "missing.csv"}, [], problem="there is no file missing.csv"),
        Example(
            {"file": "small.csv", "features": ["z"], "target": "kind"}, [], problem="no column z"
        ),
        Example({"file": "small.csv"}, [], problem="choose which columns"),
    )

    def header(self, path: Path) -> list[str] | Complaint:
        try:
            with path.open(newline="", encoding="utf-8-sig") as file:
                return next(csv.reader([file.readline(1 << 20)]), [])
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            return Complaint(f"{self.file} cannot be read as a CSV file: {error}", "file")

    def sheet(self) -> Call:
        return call(read_csv, FolderFile(self.file))


class ParquetTable(_Columns):
    """Rows of a Parquet file in the document's folder, which other programs write large tables to.

    Columns are chosen as in Table. Reading needs pyarrow: `pip install pyarrow`.
    """

    keywords = (
        "parquet",
        "arrow",
        "pyarrow",
        "pandas",
        "dataframe",
        "tabular",
        "columns",
        "dataset",
        "own data",
    )

    what = "a Parquet file"
    requires: ClassVar[str] = "pyarrow"
    examples = (
        Example(
            {
                "file": "small.parquet",
                "features": ["a", "b"],
                "target": "kind",
                "missing": "drop",
            },
            [],
            [(N, 2), Meta((N,), "int64")],
        ),
        Example({"file": "small.parquet"}, [], problem="choose which columns"),
        Example({"file": "small.csv"}, [], problem="cannot be read as a Parquet file"),
    )

    def header(self, path: Path) -> list[str] | Complaint:
        if importlib.util.find_spec("pyarrow") is None:
            return Complaint("reading Parquet needs pyarrow: pip install pyarrow", "file")
        import pyarrow.parquet

        try:
            return list(pyarrow.parquet.read_schema(path).names)
        except (OSError, pyarrow.ArrowException) as error:
            return Complaint(f"{self.file} cannot be read as a Parquet file: {error}", "file")

    def sheet(self) -> Call:
        names = [*self.features, *self.categories, self.target]
        return call(read_parquet, FolderFile(self.file), names)


class _BundledTable(SplitData, base=True):
    """A table that comes with scikit-learn."""

    table: ClassVar[str]
    columns: ClassVar[int]
    standardise: bool = True
    """Standardise each feature to mean 0 and standard deviation 1, as measured on the training
    rows.
    """

    outputs = ("features", "target")

    def fields(self) -> dict[str, Meta]:
        target = Meta((N, 1)) if self.table == "diabetes" else Meta((N,), "int64")
        return {"features": Meta((N, self.columns)), "target": target}

    def build(self) -> Call:
        return call(bundled_table, self.table, standardise=self.standardise, **self.dealing)


class Iris(_BundledTable):
    """150 iris flowers of three species, to be classified by four measurements in cm: the oldest
    small table.

    `features`, (N, 4), are length and width of sepal and petal, `target`, (N,), is the species, 0
    to 2 (Fisher 1936).
    """

    keywords = (
        "load_iris",
        "flowers",
        "sklearn",
        "scikit-learn",
        "tabular",
        "classification",
        "dataset",
    )

    table = "iris"
    columns = 4
    examples = (
        Example({}, [], [(N, 4), Meta((N,), "int64")]),
        Example({"test": 0.9}, [], problem="test"),
    )


class Wine(_BundledTable):
    """178 wines of three cultivars from one part of Italy, to be classified by 13 chemical
    measurements.

    `features`, (N, 13), are among others alcohol, ash and hue, `target`, (N,), is the cultivar, 0
    to 2 (UCI Wine, Forina et al. 1991).
    """

    keywords = ("load_wine", "sklearn", "scikit-learn", "tabular", "classification", "dataset")

    table = "wine"
    columns = 13
    examples = (
        Example({}, [], [(N, 13), Meta((N,), "int64")]),
        Example({"test": 0.9}, [], problem="test"),
    )


class BreastCancer(_BundledTable):
    """569 tumours, malignant (0) or benign (1), to be classified by 30 measurements of pictures of
    their cells.

    `features`, (N, 30), are means, errors and extremes of radius, texture and the like, `target`,
    (N,), is the class (UCI Wisconsin Diagnostic, Street et al. 1993).
    """

    keywords = (
        "load_breast_cancer",
        "wisconsin",
        "sklearn",
        "scikit-learn",
        "tabular",
        "binary classification",
        "dataset",
    )

    table = "breast_cancer"
    columns = 30
    examples = (
        Example({}, [], [(N, 30), Meta((N,), "int64")]),
        Example({"validation": -1}, [], problem="validation"),
    )


class Diabetes(_BundledTable):
    """442 patients with diabetes, a regression: how far the disease went in the year after.

    `features`, (N, 10), are age, sex, body mass index, blood pressure and six values of blood
    serum, `target`, (N, 1), is a number of 25 to 346: always predicting the mean has a mean squared
    error of about 5,900 (Efron et al. 2004).
    """

    keywords = (
        "load_diabetes",
        "sklearn",
        "scikit-learn",
        "tabular",
        "regression",
        "boston housing",
        "dataset",
    )

    table = "diabetes"
    columns = 10
    examples = (
        Example({}, [], [(N, 10), (N, 1)]),
        Example({"validation": -1}, [], problem="validation"),
    )
