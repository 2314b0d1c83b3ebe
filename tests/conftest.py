"""What every test stands on: one thread, no user folders, a screen of its own for windows."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from tests.gui.screen import Screen

# Before any test imports NumPy, torch or Qt, and inherited by every child process.
for threads in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[threads] = "1"
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
HOME = tempfile.TemporaryDirectory(prefix="patchbay-test-", ignore_cleanup_errors=True)
for folder in ("PATCHBAY_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
    os.environ[folder] = str(Path(HOME.name, folder.lower()))

hypothesis.settings.register_profile("patchbay", deadline=None, derandomize="CI" in os.environ)
hypothesis.settings.load_profile("patchbay")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder for this test alone; other tests share one, and with it the caches."""
    monkeypatch.setenv("PATCHBAY_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def screen() -> Iterator[Screen]:
    """A virtual screen of its own, 1280 x 800, closed after the test."""
    with Screen() as opened:
        yield opened


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever asks for a screen opens real windows: `-m "not gui"` leaves those tests out."""
    for item in items:
        if "screen" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.gui)


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--update-golden` writes the golden files anew; read the difference before committing it."""
    parser.addoption("--update-golden", action="store_true", help="write tests/golden anew")
