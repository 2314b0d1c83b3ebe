"""Statements as data: what stands on the left, what is returned, what is handed on as `x`."""

import pytest
from torch import nn
from torch.nn import functional as F

from graphs.codegen.expressions.imports import Imports
from graphs.codegen.expressions.statements import (
    Assign,
    Construct,
    Kept,
    Pattern,
    Return,
    StatementPrinter,
    Variable,
    chain,
    left_side,
    returning,
)
from graphs.nodetypes.expressions import Apply, Call, Expression, Item, call

LAYER = Kept("self.layer", nn.Linear)


def printer() -> StatementPrinter:
    return StatementPrinter(Imports(), {}, keep_defaults=True)


def layer(value: Expression) -> Apply:
    """`self.layer(value)`."""
    return Apply(LAYER, (value,), {})  # type: ignore[arg-type]  # stands for the call that made it


def relu(value: Expression) -> Call:
    return call(F.relu, value)


def lines(statements: list[Assign | Return]) -> list[str]:
    return [printer().line(statement)[0] for statement in statements]


def chained(*statements: Assign | Return) -> list[str]:
    chain(statements, "x", printer())
    return lines(list(statements))


@pytest.mark.parametrize(
    ("target", "text"),
    [
        (Variable("a"), "a"),
        ([Variable("a"), None], "a, _"),
        ([Variable("a"), [Variable("b"), None]], "a, (b, _)"),
        ([Variable("a"), None, None, None], "a, *_"),
        ([None, Variable("a"), None], "_, a, _"),
    ],
)
def test_left_sides(target: Pattern, text: str) -> None:
    assert left_side(target) == text


def test_a_construction() -> None:
    made = Construct("hidden", call(nn.Linear, 3, 4))
    assert printer().line(made) == ("self.hidden = nn.Linear(3, 4)", "")


def test_what_is_only_returned_needs_no_name() -> None:
    image, a, b = map(Variable, ("image", "a", "b"))
    one, two = Assign(a, relu(image), "(N, 2)"), Assign([a, b], relu(image))
    assert lines(returning([one], [a], "all")) == ["return F.relu(image)"]
    assert lines(returning([two], [a, b], "all")) == ["return F.relu(image)"]
    assert lines(returning([two], [b, a], ""))[-1] == "return b, a"
    assert lines(returning([one], [a, image], ""))[-1] == "return a, image"
    assert lines(returning([], [image], "")) == ["return image"]


def test_an_inlined_value_stands_in_the_expression() -> None:
    image, inner = Variable("image"), Variable("")
    inner.inlined = call(nn.functional.relu, image)
    assert printer().text(Item(inner, 0)) == "F.relu(image)[0]"


def test_a_chain_is_called_x() -> None:
    image, relu_1, layer_2, out = map(Variable, ("image", "relu_1", "layer_2", "out"))
    steps = Assign(relu_1, relu(image)), Assign(layer_2, layer(relu_1)), Assign(out, layer(layer_2))
    assert chained(*steps, Return((out,))) == [
        "x = F.relu(image)",
        "x = self.layer(x)",
        "out = self.layer(x)",  # a name that says more than the line
        "return out",
    ]


def test_a_skip_connection_keeps_its_name() -> None:
    image, relu_1, layer_1 = map(Variable, ("image", "relu_1", "layer_1"))
    both = call(F.mse_loss, relu_1, layer_1)
    steps = Assign(relu_1, relu(image)), Assign(layer_1, layer(relu_1)), Return((both,))
    assert chained(*steps) == [
        "relu_1 = F.relu(image)",
        "x = self.layer(relu_1)",
        "return F.mse_loss(relu_1, x)",
    ]


def test_equals_keep_their_names() -> None:
    image, relu_1, layer_1 = map(Variable, ("image", "relu_1", "layer_1"))
    both = call(F.mse_loss, relu_1, layer_1)
    steps = Assign(relu_1, relu(image)), Assign(layer_1, layer(image)), Return((both,))
    assert chained(*steps) == [
        "relu_1 = F.relu(image)",
        "layer_1 = self.layer(image)",
        "return F.mse_loss(relu_1, layer_1)",
    ]


def test_a_value_that_is_read_twice_keeps_its_name() -> None:
    image, relu_1 = Variable("image"), Variable("relu_1")
    both = call(F.mse_loss, relu_1, relu_1)
    assert chained(Assign(relu_1, relu(image)), Return((both,)))[0] == "relu_1 = F.relu(image)"


@pytest.mark.parametrize("again", [True, False])
def test_an_argument_called_x_is_no_more_read(again: bool) -> None:
    x, relu_1 = Variable("x"), Variable("relu_1")
    result = call(F.mse_loss, x, relu_1) if again else layer(relu_1)
    first, _ = chained(Assign(relu_1, relu(x)), Return((result,)))
    assert first == ("relu_1 = F.relu(x)" if again else "x = F.relu(x)")
