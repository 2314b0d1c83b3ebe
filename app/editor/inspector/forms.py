"""What a form says and takes: parameters as text, text as parameters, with one sentence for what
is wrong. No GUI.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from graphs.document.document import Node
from graphs.document.parameter_expressions import is_expression
from graphs.document.validation_faults import faults

if TYPE_CHECKING:
    from graphs.nodetypes.node_type import NodeType
    from graphs.nodetypes.parameters import Parameter

SIZES = ("size", "sizes", "numbers")
"""Forms of one or several numbers."""
MAPPINGS = ("values", "arguments")
"""Forms of names with a value each."""
NOTHING = "none"
"""What a form shows, and takes, for a parameter that is not set."""


class Wrong(ValueError):
    """What was typed is no value of the parameter; its text is one sentence."""


def value_of(node: Node, parameter: Parameter) -> Any:
    """The value of a parameter: what the document says, else the default."""
    return node.parameters.get(parameter.name, parameter.default)


def as_text(parameter: Parameter, value: Any) -> str:
    """A value as a field shows it."""
    if value is None:
        return NOTHING if parameter.form in ("integer", "number", "choice", "size") else ""
    if parameter.form == "names" and isinstance(value, list | tuple):
        return "\n".join(map(str, value))
    if parameter.form in MAPPINGS and isinstance(value, dict):
        return "\n".join(f"{name} = {given_text(number)}" for name, number in value.items())
    if parameter.form in SIZES and isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    if isinstance(value, float):
        return f"{value:g}" if float(f"{value:g}") == value else repr(value)
    return str(value)


def from_text(parameter: Parameter, text: str) -> Any:
    """The value that a field's text stands for. Raises Wrong."""
    text = text.strip()
    if parameter.optional and text.lower() in ("", NOTHING):
        return None
    if parameter.form in SIZES:
        return _sizes(parameter, text)
    if text.startswith("="):
        return text  # an expression, which the check looks into
    if parameter.form in MAPPINGS:
        return dict(_named_number(parameter, line) for line in text.splitlines() if line.strip())
    if parameter.form == "integer":
        return _number(parameter, text, int, "an integer")
    if parameter.form == "number":
        return _number(parameter, text, float, "a number")
    if parameter.form == "names":
        return [line.strip() for line in text.splitlines() if line.strip()]
    return next((choice for choice in parameter.choices if str(choice) == text), text)


def _sizes(parameter: Parameter, text: str) -> Any:
    """Numbers or expressions with commas or spaces between: `3`, `1, 7`, `=width, 8`."""
    words = _APART.split(text) if "=" in text else text.replace(",", " ").split()
    several = parameter.form != "size" or len(words) > 1
    kind, asked = (float, "numbers") if parameter.form == "numbers" else (int, "integers")
    asked = asked if several else "an integer"
    values = [
        word if word.startswith("=") else _number(parameter, word, kind, asked)
        for word in map(str.strip, words if several or words else [text])
    ]
    return values if several else values[0]


_APART = re.compile(r",(?![^(]*\))")
"""A comma that stands in no brackets."""


def _number(parameter: Parameter, text: str, form: type, words: str) -> Any:
    name = parameter.name.replace("_", " ")
    try:
        return form(text)
    except ValueError:
        example = as_text(parameter, parameter.default)
        raise Wrong(f"{name} needs {words}, such as {example}.") from None


def _named_number(parameter: Parameter, line: str) -> tuple[str, int | float | str]:
    name, _, text = (part.strip() for part in line.partition("="))
    if not name.isidentifier() or not text:
        words = parameter.name.replace("_", " ")
        raise Wrong(f"{words} needs lines such as channels = 32.")
    return name, given_value(text)


def given_value(text: str) -> int | float | str:
    """What is given to a block's parameter: a number, or an expression such as `=width * 2`."""
    text = text.strip().lstrip("=").strip()
    try:
        return int(text) if text.lstrip("-").isdecimal() else float(text)
    except ValueError:
        return f"={text}"


def given_text(value: object) -> str:
    """What is given to a block's parameter, as a field shows it: `32`, `width * 2`."""
    return str(value).removeprefix("=")


def checked_value(known: type[NodeType], node: Node, parameter: Parameter, text: str) -> Any:
    """The value of a field's text, if the node type takes it. Raises Wrong."""
    value = from_text(parameter, text)
    if any(map(is_expression, value if isinstance(value, list) else [value])):
        return value  # the check computes it
    if complaint := complaint_about(known, node, parameter, value):
        raise Wrong(complaint)
    return value


def complaint_about(
    known: type[NodeType], node: Node, parameter: Parameter, value: Any
) -> str | None:
    """Why the node type does not take a value, in one sentence; None when it does."""
    try:
        known.model_validate({**node.parameters, parameter.name: value})
    except ValidationError as error:
        for fault in faults(error):
            if fault.place[:1] == (parameter.name,):
                return _sentence(parameter, fault.message)
    return None


def _sentence(parameter: Parameter, message: str) -> str:
    name = parameter.name.replace("_", " ")
    if message.startswith("input should be "):
        return f"{name} needs to be {message.removeprefix('input should be ')}."
    return f"{name}: {message}."


def limits(parameter: Parameter) -> str:
    """What values a parameter takes, in words; nothing when any."""
    low, high = parameter.minimum, parameter.maximum
    least = None if low is None else f"above {low:g}" if parameter.above else f"{low:g}"
    most = None if high is None else f"below {high:g}" if parameter.below else f"{high:g}"
    if least and most:
        return f"{least} to {most}"
    if least:
        return least if parameter.above else f"at least {least}"
    return "" if most is None else most if parameter.below else f"at most {most}"
