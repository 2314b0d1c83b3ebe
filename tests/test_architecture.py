"""docs/architecture.md is true: its rooms are those of the source, and what it says is touched to
add something is enough. Each addition is made in a copy of the source, and from there listed,
checked, exported, and trained by the file that was exported.
"""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
PACKAGES = ("app", "graphs", "nodes")

NODE_TYPE = '''

class Snake(NodeType):
    """Adds a periodic part to a line, so that what repeats can be learned (arXiv 2006.08195)."""

    keywords = ("periodic activation",)
    frequency: PositiveFloat = 1.0
    """How often the periodic part repeats."""

    examples = (Example({}, [(2, 16)], [(2, 16)]),)

    def build(self, x: Numbers) -> Call:
        return call(snake, x, self.frequency)
'''

LAYER = '''"""Activation functions that torch lacks, of the periodic kind."""

from torch import Tensor


def snake(x: Tensor, frequency: float) -> Tensor:
    """A line with waves on it, of any shape."""
    return x + (frequency * x).sin().square() / frequency
'''

LOADER = '''"""Points on two rings, made up from a seed."""

import math

import torch
from torch import Tensor


def rings(samples: int, held_out: int, seed: int) -> dict[str, dict[str, Tensor]]:
    """Points, (N, 2), and which of two rings around one centre each is on, (N,)."""
    draw = torch.Generator().manual_seed(seed)
    sizes = {"train": samples, "validation": held_out, "test": held_out}
    return {part: ring_points(count, draw) for part, count in sizes.items()}


def ring_points(count: int, draw: torch.Generator) -> dict[str, Tensor]:
    """So many points, alternately on the inner and the outer ring."""
    label = torch.arange(count) % 2
    angle = 2 * math.pi * torch.rand(count, generator=draw)
    point = torch.stack([angle.cos(), angle.sin()], 1)
    return {"point": point * (1 + label[:, None]), "label": label}
'''

DATA = '''

class Rings(_Made):
    """Points on two rings, one within the other."""

    keywords = ("annulus",)
    outputs = ("point", "label")
    examples = (Example({"samples": 20}, [], [(N, 2), _LABEL]),)

    def fields(self) -> dict[str, Meta]:
        return {"point": Meta((N, 2)), "label": _LABEL}

    def build(self) -> Call:
        return call(rings, **self.made(), seed=self.draw_seed)
'''

OPTION = '''    clip_value: PositiveFloat | None = None
    """The largest that any one number of its gradient may be; none: any size."""
    clip_norm: '''
BEFORE = """        norm = self.options.clip_norm
        return [] if norm is None else [f"nn.utils.clip_grad_norm_({self.given}, {norm!r})"]
"""
AFTER = """        norm, value = self.options.clip_norm, self.options.clip_value
        short = [] if norm is None else [f"nn.utils.clip_grad_norm_({self.given}, {norm!r})"]
        small = [] if value is None else [f"nn.utils.clip_grad_value_({self.given}, {value!r})"]
        return [*short, *small]
"""

EVERYTHING = """
import json, runpy, sys
from pathlib import Path
import nodes.library
from graphs.compiler import check, export
from graphs.document.document_io import read
from graphs.nodetypes.node_type import node_types
from nodes.search import ranked
document = read(Path(sys.argv[1]))
print(json.dumps({
    "found": ranked(node_types(), sys.argv[2])[0].type_name(),
    "problems": [problem.text for problem in check(document).problems],
    "source": (source := export(document)),
}))
Path("added.py").write_text(source, encoding="utf-8")
sys.argv = ["added.py", "--epochs", "1", "--device", "cpu"]
runpy.run_path("added.py", run_name="__main__")
"""


class Copy:
    """A copy of the source in which something is added."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.touched: list[str] = []
        for package in PACKAGES:
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / package, folder / package, ignore=ignored)

    def write(self, path: str, text: str) -> None:
        """Make a new file."""
        assert not (self.folder / path).exists()
        self._put(path, text)

    def change(self, path: str, *changes: tuple[str, str]) -> None:
        """Put a text in the place of another, which stands once in a file."""
        text = (self.folder / path).read_text(encoding="utf-8")
        for old, new in changes:
            assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path}"
            text = text.replace(old, new)
        self._put(path, text)

    def extend(self, path: str, text: str, imports: str = "") -> None:
        """Put text at the end of a file, and imports before its own."""
        before = (self.folder / path).read_text(encoding="utf-8")
        first = re.search(r"^(from|import) ", before, re.MULTILINE)
        assert first
        at = first.start()
        self._put(path, before[:at] + imports + before[at:] + text)

    def _put(self, path: str, text: str) -> None:
        (self.folder / path).write_text(text, encoding="utf-8")
        self.touched.append(path)

    def run(self, *arguments: str | Path) -> str:
        """What Python prints, with the copy's packages and no others of ours."""
        done = subprocess.run(
            [sys.executable, *map(str, arguments)],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": "", "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def takes_away(self, document: dict[str, Any], query: str, name: str) -> str:
        """The exported source of a document, once it was found, checked, exported and trained."""
        path = self.folder / "added.graph.json"
        path.write_text(json.dumps(document), encoding="utf-8")
        first, *trained = self.run("-c", EVERYTHING, path, query).splitlines()
        answer = json.loads(first)
        assert (answer["found"], answer["problems"]) == (name, [])
        assert any("validation" in line and "cross_entropy" in line for line in trained)
        return str(answer["source"])


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return Copy(tmp_path)


def document(*, data: str = "Moons", between: str = "ReLU", **options: object) -> dict[str, Any]:
    """Points that are told apart by two layers."""
    nodes = {
        "points": {"type": data, "parameters": {"samples": 64, "held_out": 8}},
        "hidden": {"type": "Linear", "parameters": {"out_features": 8}},
        "between": {"type": between},
        "scores": {"type": "Linear", "parameters": {"out_features": 2}},
        "cross_entropy": {"type": "CrossEntropy"},
        "adam": {"type": "Adam", "parameters": options},
    }
    wires = [
        ("points", "point", "hidden", "x"),
        ("hidden", "output", "between", "x"),
        ("between", "output", "scores", "x"),
        ("scores", "output", "cross_entropy", "prediction"),
        ("points", "label", "cross_entropy", "label"),
        ("cross_entropy", "output", "adam", "loss"),
    ]
    drawn = [{"source": wire[:2], "target": wire[2:]} for wire in wires]
    return {"title": "added", "graphs": {"main": {"nodes": nodes, "wires": drawn}}}


def places(thing: str) -> list[str]:
    """The files and folders that the page says have to be touched to add something."""
    rows = [line.split("|") for line in PAGE.splitlines() if line.startswith("|")]
    (row,) = [row for row in rows if row[1].strip() == thing]
    return re.findall(r"`([\w/]+(?:\.py|/))`", row[2])


def is_told(copy: Copy, thing: str) -> bool:
    """Whether all that was touched is where the page says."""
    told = places(thing)
    return all(any(path.startswith(place) for place in told) for path in copy.touched)


def test_a_node_type_is_added(copy: Copy) -> None:
    copy.write("graphs/runtime/layers/periodic_activations.py", LAYER)
    imports = "from graphs.runtime.layers.periodic_activations import snake\n"
    copy.extend("nodes/layers/activation.py", NODE_TYPE, imports)
    assert is_told(copy, "a node type")
    source = copy.takes_away(document(between="Snake"), "periodic activation", "Snake")
    assert "def snake(x: Tensor, frequency: float) -> Tensor:" in source
    assert re.search(r"= snake\(.*1\.0\)", source)


def test_a_data_source_is_added(copy: Copy) -> None:
    copy.write("graphs/runtime/data_synthetic/rings.py", LOADER)
    imports = "from graphs.runtime.data_synthetic.rings import rings\n"
    copy.extend("nodes/data/synthetic.py", DATA, imports)
    assert is_told(copy, "a data source")
    source = copy.takes_away(document(data="Rings"), "annulus", "Rings")
    assert "rings(samples=64, held_out=8, seed=0)" in source


def test_an_optimizer_option_is_added(copy: Copy) -> None:
    field = "    clip_norm: "
    copy.change("graphs/nodetypes/node_type.py", (field, OPTION))
    copy.change("graphs/codegen/classes/optimizer_step.py", (BEFORE, AFTER))
    assert is_told(copy, "an option of all optimizers")
    source = copy.takes_away(document(clip_value=0.5), "adam", "Adam")
    assert re.search(r"nn.utils.clip_grad_value_\(self.*, 0.5\)", source)


def rooms() -> dict[str, str]:
    """Every folder of source, and the sentence with which it begins."""
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("__init__.py")):
            text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
            found[path.parent.relative_to(ROOT).as_posix()] = " ".join(text.split())
    return found


def test_the_page_says_of_each_room_what_the_room_says() -> None:
    listed = dict(re.findall(r"^- `([\w/]+)/`: (.+(?:\n  .+)*)", PAGE, re.MULTILINE))
    assert {room: " ".join(text.split()) for room, text in listed.items()} == rooms()


def test_what_the_page_names_is_there() -> None:
    named = set(re.findall(r"`((?:app|docs|graphs|nodes|tests|scripts)/[\w/.]+)`", PAGE))
    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []
