"""Sizes that are a number, or one for each axis, with expressions in either."""

import subprocess
import sys
from pathlib import Path

import pytest

import nodes.library  # noqa: F401  registers the node types
from app.editor.session.block_uses import rename_parameter
from graphs.compiler import check, export
from graphs.document.document import Document, End
from graphs.document.edits import DescribeParameter, SetGraphParameters, apply
from graphs.load_module import load_source
from nodes.refactoring import promote, unmake_block
from tests.graphs.drawing import classifier, drawn
from tests.graphs.test_blocks import use, with_blocks

BLOCK_PARAMETERS = {"far": 3, "channels": 4}


def striped(**uses: dict[str, int]) -> Document:
    """A classifier of two uses of a block, whose filter is `far` wide and 3 high."""
    layer = {
        "out_channels": "=channels",
        "kernel_size": ["=far", 3],
        "parametrization": "weight_norm",
    }
    block = drawn(
        x=("Input", {}, {"kind": "image"}),
        conv=("Conv2d", {"x": "x"}, layer),
        y=("Output", {"value": "conv"}),
    )
    block = apply(block, SetGraphParameters(parameters=BLOCK_PARAMETERS))
    main = classifier(
        conv=use("Stripe", "digits.image", arguments=uses.get("a", {})),
        relu=use("Stripe", "conv.y", arguments=uses.get("b", {})),
        flatten=("Flatten", {"x": "relu.y"}),
    )
    return with_blocks(main, Stripe=block)


def test_a_size_in_a_list_is_an_argument_of_the_class() -> None:
    document = striped(a={"far": 1}, b={"far": 5, "channels": 8})
    checked = check(document)
    assert checked.problems == ()
    assert checked.shape_text("main", End("relu", "y")) == "(N, 8, 8, 8)"
    source = export(document)
    line = 'weight_norm(nn.Conv2d(in_channels, channels, (far, 3), padding="same"))'
    assert f"self.conv = {line}" in source
    program = load_source(source, Path("program.py")).Program()
    found = {tuple(w.shape) for n, w in program.named_parameters() if n.endswith("original1")}
    assert {(4, 1, 1, 3), (8, 4, 5, 3)} <= found


def test_a_hyperparameter_in_a_list_stays_adjustable() -> None:
    conv = (
        "Conv2d",
        {"x": "digits.image"},
        {"out_channels": 4, "kernel_size": [1, "=reach * 2 + 1"]},
    )
    document = apply(classifier(conv=conv), SetGraphParameters(parameters={"reach": 2}))
    assert check(document).problems == ()
    source = export(document)
    assert "nn.Conv2d(1, 4, (1, reach * 2 + 1), padding=" in source
    assert '"--reach"' in source


def test_the_help_of_a_hyperparameter_is_that_of_its_flag(tmp_path: Path) -> None:
    """Whatever is in the text, it stays a text."""
    text = 'How far it "reaches", 100% of 8;\n\\ and %(prog)s: ' + "quite a long story " * 8
    document = apply(
        classifier(conv=("Conv2d", {"x": "digits.image"}, {"kernel_size": "=2 * reach + 1"})),
        SetGraphParameters(parameters={"reach": 2}),
        DescribeParameter(name="reach", text=text),
    )
    program = tmp_path / "program.py"
    program.write_text(export(document))
    assert max(map(len, program.read_text().splitlines())) <= 100
    command = [sys.executable, str(program), "--help"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert " ".join(text.split()) in " ".join(said.split())


def test_names_in_a_list_are_renamed_and_put_in_place() -> None:
    document = striped()
    renamed = apply(document, *rename_parameter(document, {}, "Stripe", "far", "wide"))
    assert renamed.graphs["Stripe"].nodes["conv"].parameters["kernel_size"] == ["=wide", 3]
    unmade = apply(document, *unmake_block(document, "main", "conv"))
    sizes = [node.parameters.get("kernel_size") for node in unmade.main.nodes.values()]
    assert ["=3", 3] in sizes
    assert check(unmade).problems == ()


def test_a_size_becomes_a_parameter_where_it_is_one_number() -> None:
    document = classifier()
    promoted = apply(document, *promote(document, "main", "conv", "kernel_size", "kernel"))
    assert promoted.main.nodes["conv"].parameters["kernel_size"] == "=kernel"
    assert promoted.main.parameters == {"kernel": 3}
    assert check(promoted).problems == ()


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (["=far", 3], "kernel_size: there is no parameter far here; there is none"),
        (["=0", 3], "kernel_size: input should be greater than 0, got 0"),
        (["=3 / 2", 3], "kernel_size: input should be a valid integer, got a number with a "),
        ([3, 3, 3], "kernel_size: needs one number, or 2 of them, one for each axis"),
    ],
)
def test_a_bad_size_is_said_once(size: list[object], text: str) -> None:
    conv = ("Conv2d", {"x": "digits.image"}, {"kernel_size": size})
    (problem,) = check(classifier(conv=conv)).problems
    assert problem.parameter == "kernel_size" and problem.text.startswith(text)
