"""The catalogue of node types in the documentation is the one that the program prints."""

from pathlib import Path

import pytest

from app import cli

PAGE = Path(__file__).resolve().parents[2] / "docs" / "nodes.md"


def test_the_page_is_what_the_program_prints(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["nodes", "--markdown"]) == 0
    assert PAGE.read_text(encoding="utf-8") == capsys.readouterr().out, (
        "docs/nodes.md is out of date: python main.py nodes --markdown > docs/nodes.md"
    )
