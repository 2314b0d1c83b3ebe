"""What a user says of a block is its class's docstring, and nothing else."""

import pytest

import nodes.library  # noqa: F401  registers the node types
from graphs.compiler import export
from graphs.document.document_io import parse, text_of
from tests.graphs.test_blocks import classifier_of, dense, use, with_blocks


@pytest.mark.parametrize(
    ("description", "lines"),
    [
        ("Reads a digit", ['"""Reads a digit.', "", "From x (N, 64) to (N, 8).", '"""']),
        ('"""\n}\x00 What?\u202e', ['"""} What?', "", "From x (N, 64) to (N, 8).", '"""']),
        (" \n", ['"""From x (N, 64) to (N, 8)."""']),
    ],
)
def test_a_description_stands_in_the_docstring(description: str, lines: list[str]) -> None:
    document = with_blocks(classifier_of(a=use("Dense", "digits.image")), Dense=dense())
    block = document.graphs["Dense"].model_copy(update={"description": description})
    source = export(document.with_graph("Dense", block))
    wanted = "\n".join(f"    {line}".rstrip() for line in lines)
    assert f"class Dense(nn.Module):\n{wanted}\n" in source
    assert parse(text_of(document.with_graph("Dense", block))).graphs["Dense"] == block
