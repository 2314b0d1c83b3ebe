"""Files of documents: what is written is read, and a stranger's bad file is one sentence."""

import json
import os
from pathlib import Path

import pytest

from graphs.document.document import Document, Node
from graphs.document.document_io import DocumentError, parse, read, text_of, write
from graphs.document.edits import AddNode, apply


def test_written_is_read(tmp_path: Path) -> None:
    document = apply(Document(title="á"), AddNode(id="a", node=Node(type="ReLU", label='"x"\n')))
    path = tmp_path / "a.graph.json"
    write(document, path)
    assert read(path) == document
    assert os.listdir(tmp_path) == ["a.graph.json"]


def test_what_a_newer_version_wrote_is_kept() -> None:
    text = text_of(Document()).replace('"title"', '"colour": "blue", "title"')
    assert '"colour": "blue"' in text_of(parse(text))


def test_an_unknown_node_type_is_kept_as_it_came() -> None:
    node = {"type": "Warp9", "version": 7, "parameters": {"deep": [1, {"a": None}]}, "extra": 1}
    text = json.dumps({"graphs": {"main": {"nodes": {"w": node}}}})
    kept = json.loads(text_of(parse(text)))["graphs"]["main"]["nodes"]["w"]
    assert {key: kept[key] for key in node} == node


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not valid JSON"),
        ("[]", "a document is a JSON object"),
        ('{"title": NaN}', "NaN is not a number that JSON knows"),
        ('{"title": 1, "title": 2}', "'title' stands twice"),
        ('{"title": "\\ud800"}', "not valid JSON"),
        ('{"format": 99}', "install a newer one"),
        ('{"format": "x"}', "not an integer above 0"),
        ('{"format": 0}', "not an integer above 0"),
        ('{"graphs": {}}', "a graph called main"),
        ('{"graphs": {"main": {"nodes": {"a b": {"type": "ReLU"}}}}}', "letters, digits"),
        ('{"settings": {"epochs": 0}}', "at settings.epochs"),
        ('{"settings": {"seed": ' + "9" * 5000 + "}}", "not valid JSON"),
        ("[" * 100_000, "nested too deeply"),
        ('{"graphs": {"main": {"wires": [{"source": ["a"]}]}}}', "at graphs.main.wires.0"),
    ],
)
def test_a_bad_file_is_one_sentence(text: str, words: str) -> None:
    with pytest.raises(DocumentError) as caught:
        parse(text, "bad.graph.json")
    assert words in str(caught.value) and "\n" not in str(caught.value)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="cannot be read"):
        read(tmp_path / "none.graph.json")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DocumentError, match="not UTF-8"):
        read(tmp_path / "binary")


def test_a_failed_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.graph.json"
    write(Document(title="old"), path)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write(Document(title="new"), path)
    assert read(path).title == "old" and os.listdir(tmp_path) == ["a.graph.json"]
