"""Columns of tables, as plain functions: features, categories and targets, with missing values."""

import csv
import math
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from graphs.runtime.data_files.splits import random_split


class Sheet(NamedTuple):
    """The columns of a file: the cells of one row stand at the same place in each."""

    name: str
    rows: list[int]
    """The number of each row in the file."""
    columns: dict[str, list[Any]]


def read_csv(path: Path) -> Sheet:
    """A CSV file whose first row names the columns. Raises ValueError, which names the row."""
    rows, cells = [], []
    with path.open(newline="", encoding="utf-8-sig") as file:
        lines = csv.reader(file)
        names = next(lines, [])
        for line in lines:
            if any(line):
                if len(line) != len(names):
                    counts = f"{len(line)} cells, and there are {len(names)} columns"
                    raise ValueError(f"{path.name}, row {lines.line_num} has {counts}")
                rows.append(lines.line_num)
                cells.append(line)
    columns = zip(*cells, strict=True) if cells else [()] * len(names)
    return Sheet(path.name, rows, dict(zip(names, map(list, columns), strict=True)))


def read_parquet(path: Path, names: list[str]) -> Sheet:
    """Some columns of a Parquet file."""
    import pyarrow.parquet  # only those who have such files need it

    read = pyarrow.parquet.ParquetFile(path).read(columns=names).to_pydict()
    return Sheet(path.name, list(range(1, len(read[names[0]]) + 1)), read)


def table(
    sheet: Sheet,
    features: list[str],
    target: str,
    target_is: str,
    standardise: bool,
    validation: float,
    test: float,
    seed: int,
    categories: tuple[str, ...] = (),
    missing: str = "refuse",
    fill: float = 0.0,
) -> dict[str, dict[str, Tensor]]:
    """Columns of a table: features as numbers, categories and the target as classes from 0.

    Where a feature is missing, the row is refused or dropped, or the training mean or a value is
    imputed. A row without a target is refused or dropped.
    """
    refuse, every = missing == "refuse", [*features, *categories, target]
    if lost := [name for name in every if name not in sheet.columns]:
        raise ValueError(f"{sheet.name} has no column {lost[0]}")
    sheet = without_gaps(sheet, [] if refuse else every if missing == "drop" else [target])
    if len(sheet.rows) < 3:
        raise ValueError(f"{sheet.name} has {len(sheet.rows)} rows to use; training needs 3")
    columns = [number_column(sheet, name, refuse) for name in features]
    wanted = (
        class_column(sheet, target)
        if target_is == "class"
        else number_column(sheet, target)[:, None]
    )
    if target_is == "class" and int(wanted.max()) == 0:
        raise ValueError(f"{sheet.name}: column {target} has one class: nothing to tell apart")
    fields = {"features": torch.stack(columns, 1), "target": wanted}
    if categories:
        fields["categories"] = torch.stack(
            [class_column(sheet, name, refuse) for name in categories], 1
        )
    parts = random_split(fields, validation, test, seed)
    seen = parts["train"]["features"]
    value = seen.nanmean(0).nan_to_num() if missing == "mean" else torch.tensor(fill)
    seen = torch.where(seen.isnan(), value, seen)
    mean, deviation = seen.mean(0), seen.std(0).clamp(min=1e-6)
    for part in parts.values():
        part["features"] = torch.where(part["features"].isnan(), value, part["features"])
        if standardise:
            part["features"] = (part["features"] - mean) / deviation
    return parts


def without_gaps(sheet: Sheet, names: list[str]) -> Sheet:
    """The rows in which some columns have no missing value."""
    whole = [
        place
        for place in range(len(sheet.rows))
        if not any(is_gap(sheet.columns[name][place]) for name in names)
    ]
    columns = {name: [cells[i] for i in whole] for name, cells in sheet.columns.items()}
    return Sheet(sheet.name, [sheet.rows[i] for i in whole], columns)


def is_gap(cell: Any) -> bool:
    """Whether a cell is a missing value: empty, or a sign that people write for that."""
    marks = ("", "na", "n/a", "nan", "null", "none", "?", "-")
    return cell is None or str(cell).strip().lower() in marks


def number_column(sheet: Sheet, name: str, refuse_gaps: bool = True) -> Tensor:
    """One column as numbers. Raises ValueError, which names the row, where there is none."""
    values = []
    for row, cell in zip(sheet.rows, sheet.columns[name], strict=True):
        place = f"{sheet.name}, row {row}: column {name}"
        if is_gap(cell):
            if refuse_gaps:
                raise ValueError(f"{place} is empty: say what to do with what is missing")
            values.append(math.nan)
            continue
        try:
            values.append(float(cell))
        except (TypeError, ValueError):
            raise ValueError(f"{place} has {cell!r}, which is not a number") from None
        if not math.isfinite(values[-1]):
            raise ValueError(f"{place} has {cell!r}, which is not finite")
    return torch.tensor(values)


def class_column(sheet: Sheet, name: str, refuse_gaps: bool = True) -> Tensor:
    """One column as classes: integers from 0, in alphabetical order; missing values are one of
    them.
    """
    cells = ["" if is_gap(cell) else str(cell) for cell in sheet.columns[name]]
    if refuse_gaps and "" in cells:
        place = f"{sheet.name}, row {sheet.rows[cells.index('')]}: column {name}"
        raise ValueError(f"{place} is empty: say what to do with what is missing")
    number = {cell: place for place, cell in enumerate(sorted(set(cells)))}
    return torch.tensor([number[cell] for cell in cells])
