"""Forms: parameters as text and back, for every parameter of every node type."""

import pytest

import nodes.library  # noqa: F401
from app.editor.inspector.forms import Wrong, as_text, checked_value, from_text, limits, value_of
from graphs.document.document import Node
from graphs.nodetypes.node_type import NodeType, node_types
from graphs.nodetypes.parameters import Parameter

ALL = [(known, parameter) for known in node_types().values() for parameter in known.parameters()]
NAMES = [f"{known.type_name()}.{parameter.name}" for known, parameter in ALL]


def parameter(type_name: str, name: str) -> Parameter:
    return next(p for p in node_types()[type_name].parameters() if p.name == name)


def test_there_are_parameters() -> None:
    assert len(ALL) > 20


@pytest.mark.parametrize(("known", "parameter"), ALL, ids=NAMES)
def test_the_default_as_text_is_the_default(known: type[NodeType], parameter: Parameter) -> None:
    if parameter.form == "flag":
        return
    value = from_text(parameter, as_text(parameter, parameter.default))
    default = parameter.default
    assert value == (list(default) if isinstance(default, tuple) else default)


@pytest.mark.parametrize("text", ["", "ten", "1.5", "0x10", "1e3"])
def test_what_is_no_whole_number_is_said_so(text: str) -> None:
    with pytest.raises(Wrong, match="out features needs an integer, such as"):
        from_text(parameter("Linear", "out_features"), text)


def test_a_value_out_of_range_is_refused_in_a_sentence() -> None:
    known, node = node_types()["Linear"], Node(type="Linear")
    with pytest.raises(Wrong, match="out features needs to be greater than 0"):
        checked_value(known, node, parameter("Linear", "out_features"), "0")
    assert checked_value(known, node, parameter("Linear", "out_features"), " 12 ") == 12


def test_another_bad_parameter_does_not_stop_a_good_one() -> None:
    node = Node(type="Conv2d", parameters={"kernel_size": -1})
    value = checked_value(node_types()["Conv2d"], node, parameter("Conv2d", "out_channels"), "8")
    assert value == 8


def test_names_are_one_a_line() -> None:
    features = parameter("Table", "features")
    assert from_text(features, " a, b \n\n c\n") == ["a, b", "c"]
    assert as_text(features, ["a", "c"]) == "a\nc"


def test_sizes_are_whole_numbers_in_a_row() -> None:
    shape = parameter("Reshape", "shape")
    assert from_text(shape, "1, 8,8 4") == [1, 8, 8, 4]
    assert as_text(shape, (1, 8)) == "1, 8"
    with pytest.raises(Wrong, match="shape needs integers, such as 1, 8, 8"):
        from_text(shape, "1, x")


def test_a_size_is_a_number_or_one_for_each_axis() -> None:
    size = parameter("Conv2d", "kernel_size")
    assert (size.form, size.minimum, size.optional) == ("size", 1, False)
    assert from_text(size, "3") == 3
    assert from_text(size, "1, 7") == from_text(size, "1 7") == [1, 7]
    assert as_text(size, [1, 7]) == as_text(size, (1, 7)) == "1, 7"
    assert from_text(size, "=wide") == "=wide"
    assert from_text(size, "=max(a, 3), 7") == ["=max(a, 3)", 7]
    assert as_text(size, ["=max(a, 3)", 7]) == "=max(a, 3), 7"
    with pytest.raises(Wrong, match="kernel size needs an integer, such as 3"):
        from_text(size, "")
    padding = parameter("Conv2d", "padding")
    assert padding.optional and from_text(padding, "none") is None
    assert as_text(padding, None) == "none"


def test_a_size_of_too_many_axes_is_refused() -> None:
    known, node = node_types()["Conv2d"], Node(type="Conv2d")
    size = parameter("Conv2d", "kernel_size")
    assert checked_value(known, node, size, "1, 7") == [1, 7]
    assert checked_value(known, node, size, "=a, 7") == ["=a", 7]
    with pytest.raises(Wrong, match="needs one number, or 2 of them"):
        checked_value(known, node, size, "1, 7, 7")
    with pytest.raises(Wrong, match="kernel size needs to be greater than 0"):
        checked_value(known, node, size, "0, 7")


def test_the_value_is_the_documents_else_the_default() -> None:
    known = parameter("Conv2d", "out_channels")
    assert value_of(Node(type="Conv2d"), known) == known.default
    assert value_of(Node(type="Conv2d", parameters={"out_channels": 7}), known) == 7


def test_an_expression_is_left_to_the_check() -> None:
    known, node = node_types()["Linear"], Node(type="Linear")
    value = checked_value(known, node, parameter("Linear", "out_features"), "=width * 2")
    assert value == "=width * 2"


def test_named_values_are_one_a_line() -> None:
    arguments = parameter("Block", "arguments")
    assert from_text(arguments, "width = 32\n\nrate=0.5") == {"width": 32, "rate": 0.5}
    assert as_text(arguments, {"width": 32}) == "width = 32"
    with pytest.raises(Wrong, match="lines such as"):
        from_text(arguments, "width")


def test_limits_in_words() -> None:
    assert limits(parameter("Conv2d", "out_channels")) == "at least 1"
    assert limits(parameter("Digits", "test")) == "0 to 0.45"
    assert limits(parameter("Conv2d", "bias")) == ""
    assert limits(parameter("Dropout", "p")) == "0 to below 1"
    assert limits(parameter("Spirals", "turns")) == "above 0 to 20"
    assert limits(parameter("ELU", "alpha")) == "above 0"


@pytest.mark.parametrize("value", [0.002, 1e-08, 0.1 + 0.2, 3.0])
def test_no_number_loses_a_digit(value: float) -> None:
    known = parameter("AdamW", "weight_decay")
    assert from_text(known, as_text(known, value)) == value
