"""What a data node's preview says of masks and strings."""

from typing import Any

import pytest

from app.previews.contents import preview
from tests.graphs.drawing import drawn

MASKED = {
    "DateStrings": {"samples": 5, "held_out": 2},
    "ReversedStrings": {"samples": 5, "held_out": 2},
    "WarpedDigits": {},
}


def shown(type_: str) -> dict[str, Any]:
    """A data node's fields by name."""
    answer = preview(drawn(data=(type_, {}, MASKED[type_])), "data", None)
    return {field["name"]: field for field in answer["fields"]}


@pytest.mark.parametrize("type_", MASKED)
def test_a_mask_is_shown_as_zeros_and_ones(type_: str) -> None:
    mask = shown(type_)["mask"]
    assert mask["dtype"] == "bool"
    assert all(set(text) <= {"0", "1"} for text in mask["samples"]["texts"])
    assert not any("01" in text for text in mask["samples"]["texts"]), "real steps come first"


def test_as_many_ones_as_letters() -> None:
    fields = shown("DateStrings")
    pairs = zip(
        fields["source"]["samples"]["texts"], fields["mask"]["samples"]["texts"], strict=True
    )
    assert all(len(source) == mask.count("1") for source, mask in pairs)
