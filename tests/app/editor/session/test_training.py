"""The training that a session follows."""

from pathlib import Path

from app.runs.run_list import live_run


def test_no_live_run_for_a_document_that_never_trained(home: Path, tmp_path: Path) -> None:
    assert live_run(tmp_path / "x.graph.json") is None
    assert live_run(None) is None
