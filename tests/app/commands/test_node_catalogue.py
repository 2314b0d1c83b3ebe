"""`python main.py nodes`: the catalogue, its page in the documentation, and the search."""

import json
from pathlib import Path
from typing import Any

import pytest

import nodes.library  # noqa: F401  registers the node types
from app import cli
from graphs.nodetypes.node_type import node_types
from nodes.search import ranked

PAGE = Path(__file__).resolve().parents[3] / "docs" / "nodes.md"


def test_the_page_is_what_the_program_prints(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["nodes", "--markdown"]) == 0
    assert PAGE.read_text(encoding="utf-8") == capsys.readouterr().out, (
        "docs/nodes.md is out of date: python main.py nodes --markdown > docs/nodes.md"
    )


def answer_of(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_nodes(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["nodes", "--json"]) == 0
    types = {entry["type"]: entry for entry in answer_of(capsys)}
    conv = types["Conv2d"]
    assert conv["role"] == "layer"
    assert conv["inputs"] == [{"name": "x", "kind": "image", "optional": False, "many": False}]
    assert "out_channels" in [parameter["name"] for parameter in conv["parameters"]]
    assert cli.main(["nodes"]) == 0
    assert "Conv2d" in capsys.readouterr().out
    assert cli.main(["nodes", "--markdown"]) == 0
    text = capsys.readouterr().out
    assert "\n## Convolution\n" in text and "\n### Conv2d\n" in text
    assert "\nTakes `x` (image); gives `output`.\n" in text
    assert "\n- `out_channels` = `32` (at least 1): How many filters" in text
    assert "\nKeywords: nn.Conv2d, conv, convolution" in text
    assert text.index("## Convolution") < text.index("## Losses") < text.index("## Optimizers")


def test_nodes_are_searched_as_the_palette_does(capsys: pytest.CaptureFixture[str]) -> None:
    wanted = [known.type_name() for known in ranked(node_types(), "batch norm")]
    assert cli.main(["nodes", "--search", "batch", "norm"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == wanted
    assert lines[0].startswith("BatchNorm2d") and " keyword " in lines[0]
    assert cli.main(["nodes", "--search", "batch norm", "--json"]) == 0
    found = answer_of(capsys)
    assert [entry["type"] for entry in found] == wanted
    assert found[0]["found_in"] == "keyword" and "bn" in found[0]["keywords"]
    assert cli.main(["nodes", "--search", "qqqq"]) == 0
    assert capsys.readouterr().out == "Nothing answers to qqqq.\n"
