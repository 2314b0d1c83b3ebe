"""Parameters of node types: their types beyond pydantic's, and how a form fills them in."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Discriminator, NonNegativeInt, PositiveInt, Tag

Form = Literal[
    "integer",
    "number",
    "flag",
    "choice",
    "text",
    "file",
    "names",
    "numbers",
    "size",
    "sizes",
    "block",
    "values",
    "arguments",
    "seal",
]
"""How a parameter is filled in. A size is a number, or one for each axis; names, numbers and sizes
are lists; values belong to names; arguments are values that have forms of their own. A seal is not
filled in: it says what a file was.
"""


class Parameter(NamedTuple):
    """A parameter as a form shows it."""

    name: str
    form: Form
    default: Any
    help: str
    minimum: float | None = None
    maximum: float | None = None
    above: bool = False
    """Whether the minimum itself is too small."""
    below: bool = False
    """Whether the maximum itself is too large."""
    choices: tuple[str | int, ...] = ()
    optional: bool = False


def _one_or_each(value: object) -> str:
    return "each" if isinstance(value, list | tuple) else "one"


_by_form = Discriminator(_one_or_each)
"""Only the form that was written is complained about."""

Size = Annotated[
    Annotated[PositiveInt, Tag("one")] | Annotated[tuple[PositiveInt, ...], Tag("each")], _by_form
]
"""A size above 0: one number, or one for each axis."""
Margin = Annotated[
    Annotated[NonNegativeInt, Tag("one")] | Annotated[tuple[NonNegativeInt, ...], Tag("each")],
    _by_form,
]
"""The same with 0 allowed, such as zeros put around an image."""


def parameter_of(name: str, entry: dict[str, Any], help: str) -> Parameter:
    """A parameter from its entry in a JSON schema, and the string under its field."""
    options = entry.get("anyOf", [entry])
    given = [option for option in options if option.get("type") != "null"]
    option = {**entry, **given[0]}
    if "oneOf" in option:
        option = {**option, **option["oneOf"][0], "form": "size"}
    choices = tuple(option.get("enum", ())) or ((option["const"],) if "const" in option else ())
    minimum = option.get("minimum", option.get("exclusiveMinimum"))
    above = "minimum" not in option and "exclusiveMinimum" in option
    if option.get("type") == "integer" and above:
        minimum, above = option["exclusiveMinimum"] + 1, False
    return Parameter(
        name=name,
        form="choice" if choices else option.get("form", _form(option)),
        default=entry.get("default"),
        help=" ".join(help.split()),
        minimum=minimum,
        maximum=option.get("maximum", option.get("exclusiveMaximum")),
        above=above,
        below="maximum" not in option and "exclusiveMaximum" in option,
        choices=choices,
        optional=len(given) < len(options),
    )


def _form(option: dict[str, Any]) -> Form:
    lists: dict[str, Form] = {"integer": "sizes", "number": "numbers"}
    if (items := option.get("items", {}).get("type")) in lists:
        return lists[items]
    return _FORMS[option.get("type", "string")]


_FORMS: dict[str, Form] = {
    "integer": "integer",
    "number": "number",
    "boolean": "flag",
    "string": "text",
    "array": "names",
    "object": "values",
}
