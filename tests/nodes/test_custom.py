"""A user's own module as a node: read as text, run once trusted, copied into what is exported."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

import nodes.library  # noqa: F401  registers the node types
from graphs.check.results import Checked
from graphs.compiler import check, export
from graphs.custom import sandbox
from graphs.custom.module_signature import Signature, class_names, signature_of
from graphs.custom.python_files import LARGEST, read_python
from graphs.custom.trust import is_trusted, trust, trust_path
from graphs.document.document import Document, End
from graphs.document.edits import SetParameters, apply
from graphs.document.problems import ProblemsError
from graphs.nodetypes.node_type import Misfit
from graphs.nodetypes.tensor_kinds import SYMBOLS, Image, Tensor, Vector
from nodes.blocks.custom import Custom
from tests.graphs.drawing import classifier, drawn
from tests.graphs.test_blocks import classifier_of, use, with_blocks

GATE = Path(__file__).with_name("own") / "gate.py"
N = SYMBOLS["N"]
HEAD = """
from typing import Annotated, Literal
import torch
from torch import Tensor, nn
"""


@pytest.fixture
def folder(tmp_path: Path, home: Path) -> Path:
    """A document's folder with the file in it, for a user who trusts nothing yet."""
    (tmp_path / "gate.py").write_bytes(GATE.read_bytes())
    return tmp_path


def gated(name: str = "gate.py", **parameters: object) -> Document:
    """A classifier with a node of one's own in it."""
    own = {"file": name, **parameters}
    return classifier(
        gate=("Custom", {"x": "flatten.output"}, own),
        linear=("Linear", {"x": "gate.output"}, {"out_features": 10}),
    )


def trusting(document: Document, folder: Path) -> Document:
    """Do what a person does who has looked at the files."""
    for problem in check(document, folder).problems:
        for fix in problem.fixes:
            if fix.trusts:
                file = read_python(folder, fix.trusts)
                trust(file.digest, file.name)
                document = apply(document, *fix.edits)
    return document


def texts(checked: Checked) -> list[str]:
    return [problem.text for problem in checked.problems]


def written(folder: Path, source: str, class_name: str = "") -> Signature:
    """What a class in a file of this text shows."""
    (folder / "own.py").write_text(HEAD + source)
    file = read_python(folder, "own.py")
    return signature_of(file, class_name or class_names(file)[0])


def own_class(forward: str = "self, x: Tensor", gives: str = "Tensor", init: str = "self") -> str:
    return f"""
class Own(nn.Module):
    def __init__({init}):
        super().__init__()
    def forward({forward}) -> {gives}:
        return x
"""


def test_ports_and_form_come_from_the_source(folder: Path) -> None:
    file = read_python(folder, "gate.py")
    signature = signature_of(file, "Gate")
    assert signature.help.startswith("Lets a part of each feature through.")
    assert [(p.name, p.kind, p.optional) for p in signature.ports] == [
        ("x", "features", False),
        ("mask", "tensor", True),
    ]
    assert signature.outputs == "output"
    assert signature.sizes == {"in_features": ("x", -1)}
    assert [(p.name, p.form, p.default) for p in signature.parameters] == [
        ("width", "integer", 16),
        ("mode", "choice", "relu"),
        ("dropout", "number", 0.0),
        ("bias", "flag", True),
    ]
    assert signature.parameters[0].help == "how many hidden features decide"
    assert signature.parameters[1].choices == ("relu", "tanh")


def test_annotations_that_people_write(folder: Path) -> None:
    source = """
class Base(nn.Module):
    def forward(self, picture: "Annotated[Tensor, 'image']", v: Annotated[Tensor, "vector"],
                old: "Tensor | None" = None, steps: int = 3) -> "tuple[Tensor, Tensor]":
        if steps:
            return picture, picture
        mean, spread = picture, picture
        return mean, spread

class Two(Base):
    def __init__(self, in_channels: int, v_features: int, rows: Annotated[int, "picture.shape[2]"],
                 name: str, shift=-0.5, most: int | None = None, made=torch.zeros(3)) -> None:
        super().__init__()
"""
    signature = written(folder, source, "Two")
    assert [port.takes for port in signature.ports] == [Image, Vector, Tensor]
    assert signature.outputs == ("mean", "spread")
    sizes = {"in_channels": ("picture", 1), "v_features": ("v", -1), "rows": ("picture", 2)}
    assert signature.sizes == sizes
    assert [(p.name, p.form, p.default, p.optional) for p in signature.parameters] == [
        ("name", "text", None, False),
        ("shift", "number", -0.5, False),
        ("most", "integer", None, True),
    ]
    assert signature.required == {"name"}


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("x = 1", "no class with a forward"),
        ("class Own(nn.Module): pass", "no class with a forward"),
        (own_class("self, x"), "needs x, which is not annotated as a Tensor"),
        (own_class("self, *x: Tensor"), "a plain name of its own"),
        (own_class("self, x: Annotated[Tensor, 'pictures']"), "a kind pictures, which there is"),
        (own_class(gives="dict"), "annotate -> Tensor"),
        (own_class(init="self, width"), "annotate it as int"),
        (own_class(init="self, n: Annotated[int, 'y.shape[0]']"), "which forward does not take"),
        ("from . import thing", "put all it needs into one file"),
        ("from torch.nn import *", "put all it needs into one file"),
        ("def broken(:", "is not Python: line"),
        ("x = '\0'", "that nobody can see"),
        ("x = 1  # \u202e hidden", "that nobody can see"),
        ("(" * 5000, "is not Python"),
        ("x = " + "-" * 60_000 + "1", "is not Python"),
        ("x = a" + ".b" * 60_000, "is not Python"),
        ("#" * (LARGEST + 1), "is larger than 256 KiB"),
        ("class A:\n def forward(self): 1\nclass B:\n def forward(self): 1", "several classes"),
    ],
)
def test_what_cannot_be_a_node_is_said(folder: Path, source: str, words: str) -> None:
    (folder / "own.py").write_text(HEAD + source, encoding="utf-8")
    (text,) = [p.text for p in check(gated("own.py"), folder).problems if p.node == "gate"]
    assert words in text and "\n" not in text


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "choose a Python file"),
        ("none.py", "there is no file none.py"),
        ("../gate.py", "outside the document's folder"),
        ("/etc/passwd.py", "outside the document's folder"),
        ("link.py", "outside the document's folder"),
        ("ring.py", "cannot be read"),
        ("folder.py", "no plain file"),
        ("gate.txt", "its name ends in .py"),
        ("a\0.py", "a character that no file has"),
        ("https://example.com/gate.py", "there is no file"),
    ],
)
def test_files_stay_in_the_folder(folder: Path, name: str, words: str) -> None:
    inner = folder / "inner"
    (inner / "folder.py").mkdir(parents=True)
    (inner / "link.py").symlink_to(folder / "gate.py")
    (inner / "ring.py").symlink_to("ring.py")
    assert any(words in text for text in texts(check(gated(name), inner)))


def test_without_a_folder_nothing_is_looked_for() -> None:
    assert any("save the document first" in text for text in texts(check(gated())))


def test_wires_stay_when_the_file_is_gone(folder: Path) -> None:
    (folder / "gate.py").unlink()
    assert texts(check(gated(), folder)) == ["there is no file gate.py in the document's folder"]


def test_nothing_runs_before_it_is_trusted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "ask", None)
    checked = check(gated(), folder)
    (problem,) = checked.problems
    assert problem.text.startswith("the file gate.py is a program that you do not trust yet")
    assert [fix.trusts for fix in problem.fixes] == ["gate.py"]
    assert [port.name for port in checked.main.inputs("gate")] == ["x", "mask"]
    with pytest.raises(ProblemsError, match="do not trust yet"):
        export(gated(), folder)
    # A document cannot bring its own trust along.
    sealed = gated(sha256=read_python(folder, "gate.py").digest)
    assert "do not trust yet" in texts(check(sealed, folder))[0]


def test_trusted_it_has_shapes_and_weights(folder: Path) -> None:
    document = trusting(gated(arguments={"width": 12}), folder)
    checked = check(document, folder)
    assert texts(checked) == []
    assert checked.main.metas[End("gate", "output")].shape == (N, 256)
    assert checked.main.weights["gate"] == ((12, 256), (12,), (256, 12), (256,))
    assert is_trusted(document.main.nodes["gate"].parameters["sha256"])


def test_a_changed_file_is_no_longer_trusted(folder: Path) -> None:
    document = trusting(gated(), folder)
    changed = GATE.read_text() + "\nprint('more')\n"
    (folder / "gate.py").write_text(changed)
    (text,) = texts(check(document, folder))
    assert (
        text == "the file gate.py has changed since you trusted it: look at it and trust it again"
    )
    assert texts(check(trusting(document, folder), folder)) == []
    trust_path().write_text("{ damaged")
    assert "is not what the document means" in texts(check(document, folder))[0]


def test_arguments_are_looked_at(folder: Path) -> None:
    wrong = {"width": 1.5, "mode": "loud", "bias": 1, "depth": 3, "dropout": True}
    found = texts(check(gated(arguments=wrong), folder))
    assert sorted(text for text in found if "trust" not in text) == [
        "Gate has no argument depth: remove it",
        "bias needs true or false, got 1",
        "dropout needs a number, got True",
        "mode needs 'relu' or 'tanh', got 'loud'",
        "width needs an integer, got 1.5",
    ]
    (folder / "own.py").write_text(HEAD + own_class(init="self, width: int"))
    assert any("width needs a value" in text for text in texts(check(gated("own.py"), folder)))


def body(lines: str) -> str:
    inside = "\n".join(f"        {line}" for line in lines.split("\n"))
    return f"""
class Own(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
{inside}
"""


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (body("return x @ x"), "reduction dim, but got [N, 256]"),
        (body("raise KeyError('no such thing')"), "Own does not work here: KeyError"),
        (body("return {'x': x}"), "forward gives a dict, and a tensor is needed"),
        (body("return x, x"), "says that it gives 1 tensors, and gives 2"),
        (body("import os\nos._exit(3)"), "it ended its process"),
        (body("exit()"), "SystemExit"),
        (body("while True: pass"), "it did not end within 1 s"),
        (body("return missing(x)"), "name 'missing' is not defined"),
        (body("print(open(0).read())\nreturn x[0]"), ""),
        ("import no_such_package" + body("return no_such_package.f(x)"), "no_such_package"),
    ],
)
def test_what_goes_wrong_in_it_is_the_nodes_problem(
    folder: Path, source: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "SECONDS", 1.0 if "while" in source else 20.0)
    (folder / "own.py").write_text(HEAD + source)
    checked = check(trusting(gated("own.py"), folder), folder)
    if words:
        (text,) = [p.text for p in checked.problems if p.node == "gate"]
        assert words in text
    else:
        assert checked.main.metas[End("gate", "output")].shape == (256,)


def test_a_block_with_one_inside_starts_from_no_file(folder: Path) -> None:
    """What its weights are called is known only where it runs, and a check runs nothing of it."""
    block = drawn(
        x=("Input", {}, {"kind": "features"}),
        gate=("Custom", {"x": "x"}, {"file": "gate.py"}),
        y=("Output", {"value": "gate.output"}),
    )
    save_file({"gate.weight": torch.zeros(1)}, folder / "old.safetensors")
    for start, words in (("", None), ("old.safetensors", "start it from no file")):
        reader = use("Reader", "digits.image", start_from=start)
        document = with_blocks(classifier_of(reader=reader), Reader=block)
        found = texts(check(trusting(document, folder), folder))
        assert found == [] if words is None else words in found[0]


def test_the_class_goes_into_the_export(folder: Path) -> None:
    document = trusting(gated(arguments={"width": 12, "mode": "relu"}), folder)
    source = export(document, folder)
    assert source.index("from __future__ import annotations") < source.index("import argparse")
    assert "self.gate = Gate(in_features=256, width=12)" in source
    assert "def average_2(x: Tensor)" in source and "EPS * average_2(x)" in source
    assert "UNUSED" not in source and "import cmath" not in source and "Annotated" in source


def test_names_of_the_program_stay_its_own(folder: Path) -> None:
    """Names that exported code uses are changed where a user's file has them too."""
    source = """
from torch.nn import functional as nn_functional
from math import prod as train
BATCH_SIZE = 2
def load(x): return x * BATCH_SIZE
def len(x): return train((1, 2))
class Program(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return nn_functional.relu(load(x)) + len(x)
"""
    (folder / "own.py").write_text(HEAD + source)
    text = export(trusting(gated("own.py"), folder), folder)
    assert "class Program2(nn.Module):" in text and "self.gate = Program2()" in text
    assert "nn_functional.relu(load_2(x)) + len_2(x)" in text and "BATCH_SIZE_2 = 2" in text
    assert "from math import prod as train_2" in text
    assert compile(text, "text", "exec")


def test_a_name_that_cannot_be_changed_is_said(folder: Path) -> None:
    source = """
def load(x): return x
class Own(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        def inner(load): return load
        return load(inner(x))
"""
    (folder / "own.py").write_text(HEAD + source)
    document = trusting(gated("own.py"), folder)
    with pytest.raises(ProblemsError, match="has a name load, a word of exported code"):
        export(document, folder)


def test_two_files_may_use_the_same_names(folder: Path) -> None:
    other = GATE.read_text().replace("1e-5", "1e-3")
    (folder / "other.py").write_text(other)
    document = drawn(
        "two",
        digits=("Digits", {}, {"form": "pixels"}),
        a=("Custom", {"x": "digits.image"}, {"file": "gate.py"}),
        b=("Custom", {"x": "a.output"}, {"file": "other.py"}),
        again=("Custom", {"x": "b.output"}, {"file": "gate.py", "arguments": {"width": 3}}),
        linear=("Linear", {"x": "again.output"}, {"out_features": 10}),
        loss=("CrossEntropy", {"prediction": "linear", "label": "digits.label"}),
        adam=("AdamW", {"loss": "loss"}),
    )
    source = export(trusting(document, folder), folder)
    assert source.count("class Gate(nn.Module)") == source.count("class Gate2(nn.Module)") == 1
    assert "EPS = 1e-5" in source and "EPS_2 = 0.001" in source
    assert "self.again = Gate(in_features=64, width=3)" in source


def test_an_argument_may_be_a_hyperparameter(folder: Path) -> None:
    document = gated(arguments={"width": "=width * 2"})
    graph = document.main.model_copy(update={"parameters": {"width": 8}})
    document = trusting(document.with_graph("main", graph), folder)
    assert texts(check(document, folder)) == []
    assert "Gate(in_features=256, width=width * 2)" in export(document, folder)


def test_several_inputs_and_outputs(folder: Path) -> None:
    source = """
class Split(nn.Module):
    def forward(self, x: Tensor, y: Tensor | None = None, z: Tensor | None = None
                ) -> tuple[Tensor, Tensor]:
        mean = x if z is None else x + z
        spread = x * 2
        return mean, spread
"""
    (folder / "own.py").write_text(HEAD + source)
    document = drawn(
        "split",
        digits=("Digits", {}, {"form": "pixels"}),
        a=("Custom", {"x": "digits.image", "z": "digits.image"}, {"file": "own.py"}),
        sum=("Add", {"values": ["a.mean", "a.spread"]}),
        linear=("Linear", {"x": "sum"}, {"out_features": 10}),
        loss=("CrossEntropy", {"prediction": "linear", "label": "digits.label"}),
        adam=("AdamW", {"loss": "loss"}),
    )
    text = export(trusting(document, folder), folder)
    assert "mean, spread = self.a(image, z=image)" in text


def test_it_knows_nothing_without_a_file() -> None:
    node = Custom()
    assert node.ports({}) == () and node.results({}) == ()
    with pytest.raises(Misfit, match="save the document first"):
        Custom(file="gate.py").placed(None)


def test_a_seal_is_a_hash(folder: Path) -> None:
    document = apply(gated(), SetParameters(id="gate", parameters={"sha256": "../x"}))
    assert any("sha256" in text for text in texts(check(document, folder)))
