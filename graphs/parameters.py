"""The parameters of a node type, as a form shows them: read off its JSON schema."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

Form = Literal[
    "integer",
    "number",
    "flag",
    "choice",
    "text",
    "file",
    "names",
    "sizes",
    "block",
    "values",
    "arguments",
    "seal",
]
"""How a parameter is filled in; names and sizes are lists, values belong to names. Arguments are
values that have forms of their own. A seal is not filled in: it says what a file was.
"""


class Parameter(NamedTuple):
    """A parameter as a form shows it."""

    name: str
    form: Form
    default: Any
    help: str
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    optional: bool = False


def parameter_of(name: str, entry: dict[str, Any]) -> Parameter:
    """The parameter that an entry of a JSON schema describes."""
    options = [option for option in entry.get("anyOf", [entry]) if option.get("type") != "null"]
    option = {**entry, **options[0]}
    choices = tuple(option.get("enum", ())) or ((option["const"],) if "const" in option else ())
    minimum = option.get("minimum", option.get("exclusiveMinimum"))
    if option.get("type") == "integer" and "exclusiveMinimum" in option:
        minimum = option["exclusiveMinimum"] + 1
    return Parameter(
        name=name,
        form="choice" if choices else option.get("form", _form(option)),
        default=entry.get("default"),
        help=" ".join(entry.get("description", "").split()),
        minimum=minimum,
        maximum=option.get("maximum", option.get("exclusiveMaximum")),
        choices=choices,
        optional="anyOf" in entry,
    )


def _form(option: dict[str, Any]) -> Form:
    if option.get("items", {}).get("type") == "integer":
        return "sizes"
    return _FORMS[option.get("type", "string")]


_FORMS: dict[str, Form] = {
    "integer": "integer",
    "number": "number",
    "boolean": "flag",
    "string": "text",
    "array": "names",
    "object": "values",
}
