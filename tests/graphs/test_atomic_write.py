"""Files that are written whole or not at all, and what was wrong with a value, in words."""

import os
import stat
import sys
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, PositiveInt, ValidationError, field_validator

from graphs.document.validation_faults import Fault, faults, first_fault
from graphs.system.atomic_write import SUFFIX, replacing, sync_folder, write_bytes, write_text


def test_text_and_bytes_arrive_as_they_are(tmp_path: Path) -> None:
    write_text(tmp_path / "a", "σ\r\n\n")
    write_bytes(tmp_path / "b", b"\0\xff", sync=False)
    assert (tmp_path / "a").read_bytes() == "σ\r\n\n".encode()
    assert (tmp_path / "b").read_bytes() == b"\0\xff"
    sync_folder(tmp_path)
    assert sorted(os.listdir(tmp_path)) == ["a", "b"]


def interrupted(path: Path, content: str) -> None:
    with replacing(path) as temporary:
        temporary.write_text(content, encoding="utf-8")
        raise KeyboardInterrupt


@pytest.mark.parametrize("content", ["new", "\ud800"], ids=["interrupted", "no text"])
def test_what_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path, content: str) -> None:
    path = tmp_path / "file"
    write_text(path, "old")
    with pytest.raises((KeyboardInterrupt, UnicodeEncodeError)):
        interrupted(path, content)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["file"]


def test_a_file_that_a_kill_left_can_be_told_by_its_name(tmp_path: Path) -> None:
    with replacing(tmp_path / "file") as temporary:
        assert temporary.parent == tmp_path
        assert temporary.match(f".*{SUFFIX}")


def test_no_folder_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_text(tmp_path / "nowhere" / "file", "")


@pytest.mark.skipif(sys.platform == "win32", reason="rights are another matter there")
def test_rights_are_the_usual_ones_and_then_stay(tmp_path: Path) -> None:
    usual, path = tmp_path / "usual", tmp_path / "file"
    usual.touch()
    write_text(path, "")
    assert path.stat().st_mode == usual.stat().st_mode
    path.chmod(0o640)
    write_text(path, "again")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    count: PositiveInt = 1

    @field_validator("count")
    @classmethod
    def _is_odd(cls, count: int) -> int:
        if count % 2 == 0:
            raise ValueError("An odd number is needed")
        return count


class Outer(BaseModel):
    parts: list[Inner]


@pytest.mark.parametrize(
    ("given", "fault", "where"),
    [
        (
            {"parts": [{"count": 0}]},
            Fault(("parts", "0", "count"), "input should be greater than 0", 0, False),
            "parts.0.count",
        ),
        (
            {"parts": [{}, {"count": 2}]},
            Fault(("parts", "1", "count"), "an odd number is needed", 2, False),
            "parts.1.count",
        ),
        (
            {"parts": [{"size": 3}]},
            Fault(("parts", "0", "size"), "extra inputs are not permitted", 3, True),
            "parts.0.size",
        ),
    ],
)
def test_a_fault_says_where_and_what(given: object, fault: Fault, where: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Outer.model_validate(given)
    assert faults(caught.value) == [fault]
    assert first_fault(caught.value).where == where


def test_a_fault_of_the_whole_value() -> None:
    with pytest.raises(ValidationError) as caught:
        Outer.model_validate_json("{")
    assert first_fault(caught.value).where == "the file"
