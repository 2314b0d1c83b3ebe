"""The thread that loads the library, checks and prints."""

from pathlib import Path
from queue import Queue

from app.editor.session.checker_thread import Checker, Found, Loaded, News, Printed
from graphs.document.document_io import read

ROOT = Path(__file__).resolve().parents[4]
EXAMPLE = ROOT / "assets" / "examples" / "digits_cnn.graph.json"


def test_shapes_are_remembered_between_editors(home: Path) -> None:
    """What one editor inferred, the next finds on disk."""
    for _ in range(2):
        news: Queue[News] = Queue()
        checker = Checker(news.put)
        checker.start()
        checker.ask(read(EXAMPLE), EXAMPLE.parent)
        assert isinstance(news.get(), Loaded)
        found = news.get()
        assert isinstance(found, Found) and found.checked.problems == ()
        checker.print(found.document, EXAMPLE.parent, found.checked)  # after what it remembers
        printed = news.get()
        assert isinstance(printed, Printed) and "class DigitsCnn" in printed.source
        assert list((home / "cache").glob("shapes-*.jsonl")) != []
        checker.stop()
    assert checker._cache.misses == 0
