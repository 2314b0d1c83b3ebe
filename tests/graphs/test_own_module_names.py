"""Names in a user's own Python file: a class, a function, a constant or an import may have the name
of something of ours.
"""

import ast
from pathlib import Path

import pytest
import torch

import nodes.library  # noqa: F401  registers the node types
from graphs.codegen.expressions import own_names
from graphs.compiler import check, export
from graphs.document.identifiers import WORDS
from graphs.load_module import load_source
from tests.graphs.drawing import classifier
from tests.graphs.printed_names import hidden
from tests.nodes.test_custom import trusting

FUNCTION = """
def {function}(x: Tensor) -> Tensor:
    return x * {constant} + {alias}.pi
"""
SOURCE = """
import torch
from torch import Tensor, nn
import math as {alias}

{functions}
{constant} = 0.5


class {name}(nn.Module):
    def __init__(self, features: int) -> None:
        super().__init__()
        self.own = nn.Linear(features, 3)

    def forward(self, x: Tensor) -> Tensor:
        {lines}
        return self.own(x)
"""
FILES = ("torch", "nn", "Tensor")
"""What the file itself means by these names."""
OURS = sorted(n for n in own_names.reserved_names() if n not in FILES and not n.startswith("_"))
TAKEN = [*OURS, "RandomPlace", "accuracy", "Classifier", "digits", "random_split", "load_digits"]


def written(folder: Path, name: str, constant: str, alias: str, *functions: str) -> str:
    """What is exported of a program with a class of this file in it."""
    given = {"constant": constant, "alias": alias}
    bodies = "\n".join(FUNCTION.format(function=function, **given) for function in functions)
    lines = "\n        ".join(f"x = {function}(x)" for function in functions)
    text = SOURCE.format(name=name, functions=bodies, lines=lines, **given)
    (folder / "own.py").write_text(text)
    document = classifier(
        own=("Custom", {"x": "flatten"}, {"file": "own.py", "arguments": {"features": 256}}),
        linear=("Linear", {"x": "own.output"}, {"out_features": 10}),
    )
    document = trusting(document, folder)
    assert [problem.text for problem in check(document, folder).problems] == []
    return export(document, folder)


def measured(source: str) -> list[float]:
    """What one step of a program measures."""
    module = load_source(source, Path("program.py"))
    torch.manual_seed(0)
    batch = next(module.batches(module.load("cpu")["train"], 16, shuffle=True))
    program = module.Program()
    program.configure_optimizers(10)
    return [float(value) for value in program.step(batch).values()]


@pytest.mark.parametrize("turn", range(3))
def test_what_is_taken_gets_another_name(turn: int, tmp_path: Path, home: Path) -> None:
    words = TAKEN[turn::3]
    source = written(tmp_path, *words)
    tops = [s.name for s in ast.parse(source).body if hasattr(s, "name")]
    assert len(tops) == len(set(tops))
    harmless = (f"Own{number}" for number, _ in enumerate(words))
    assert measured(source) == measured(written(tmp_path, *harmless))
    assert not [line for line in hidden(source) if line.split(": ")[1] in WORDS]
