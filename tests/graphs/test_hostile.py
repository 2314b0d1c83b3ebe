"""Documents come from strangers: looking at one runs nothing of theirs and follows nothing out of
its folder. A process of its own looks, with an audit hook that sees what happens there.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.graphs.hostile import DO, MARK, PROGRAMS, acts, documents, write_corpus

ROOT = Path(__file__).parents[2]
LOOK = Path(__file__).with_name("hostile.py")


def in_folder(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-P", *command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_looking_runs_nothing(tmp_path: Path, home: Path) -> None:
    folder = tmp_path / "documents"
    write_corpus(folder)
    done = in_folder(folder, str(LOOK), str(folder))
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["seen"] == []
    assert not (folder / MARK).exists()
    exported = set(found["exported"])
    assert "sound.graph.json" in exported and len(exported) > 10  # texts alone do no harm
    assert not any(name.startswith(("custom", "named", "path", "python")) for name in exported)
    assert len(documents()) > 100


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_corpus_would_act(name: str, tmp_path: Path) -> None:
    """Each program of the corpus acts when it runs, or the test above could not fail."""
    folder = tmp_path / "documents"
    write_corpus(folder)
    for late in ("torch", "nn", "os", "sklearn"):
        (folder / f"{late}.py").unlink()
    scope = {"__name__": name}
    before = os.getcwd()
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    try:
        exec(compile(PROGRAMS[name], name, "exec"), scope)
    finally:
        sys.path.remove(str(folder))
        os.chdir(before)
        sys.modules.pop("helper", None)
    assert (folder / MARK).exists()


def test_the_watch_sees(tmp_path: Path) -> None:
    """Source with a stranger's code in it is found out, and a text is not."""
    assert acts(f"x = {DO}") and not acts(f"x = {DO!r}")
