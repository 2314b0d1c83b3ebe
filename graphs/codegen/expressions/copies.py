"""Several modules of one class as a comprehension: `[Layer(width + 48 * i) for i in range(3)]`."""

from __future__ import annotations

from graphs.codegen.expressions.linear import progression
from graphs.document.identifiers import Names
from graphs.document.parameter_expressions import names_in

Texts = dict[str, str]
"""The arguments of one copy, as they are written."""


def copies_text(class_name: str, copies: list[Texts]) -> str:
    """The comprehension that makes these copies of a class; their arguments have the same names."""
    columns = {name: [copy[name] for copy in copies] for name in copies[0]}
    varying = {name: column for name, column in columns.items() if len(set(column)) > 1}
    read = {name for column in columns.values() for text in column for name in names_in(text)}
    names, numbers = Names(read), [str(number) for number in range(len(copies))]
    counting = next((name for name, column in varying.items() if column == numbers), "")
    counter = names.unique(counting or "i")
    given = {name: _growing(column, counter) for name, column in varying.items()}
    if not counting and len(varying) == 1 and _steps(*varying.values()):
        given = {}  # a range says it all
    listed = {n: names.unique(n) for n in varying if n != counting and not given.get(n)}
    texts = {**copies[0], **listed, **{n: text for n, text in given.items() if text}}
    texts |= {counting: counter} if counting else {}
    made = ", ".join(f"{name}={text}" for name, text in texts.items())
    rows = [[copy[name] for name in listed] for copy in copies]
    counted = counter if counting or any(given.values()) else ""
    return f"[{class_name}({made}) for {_source(counted, list(listed.values()), rows)}]"


def _growing(column: list[str], counter: str) -> str:
    return progression(column, counter) or ""


def _source(counter: str, variables: list[str], rows: list[list[str]]) -> str:
    """What a comprehension goes through: numbers, values, or both."""
    if not variables:
        return f"{counter or '_'} in range({len(rows)})"
    several = len(variables) > 1
    cells = [f"({', '.join(row)})" if several else row[0] for row in rows]
    values = ("" if several else _steps(cells)) or f"[{', '.join(cells)}]"
    names = ", ".join(variables)
    if not counter:
        return f"{names} in {values}"
    return f"{counter}, {f'({names})' if several else names} in enumerate({values})"


def _steps(column: list[str]) -> str:
    """Whole numbers that grow by equal steps as a range; nothing for others."""
    if len(column) < 3 or not all(text.isdecimal() for text in column):
        return ""
    numbers = [int(text) for text in column]
    step = numbers[1] - numbers[0]
    steady = step > 0 and numbers == list(range(numbers[0], numbers[-1] + 1, step))
    return f"range({numbers[0]}, {numbers[-1] + step}, {step})" if steady else ""
