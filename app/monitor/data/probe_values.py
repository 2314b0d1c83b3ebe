"""What the numbers of a probe look like: lines, words, sounds. Needs no window.

Every function takes the parts of a look as they lie in the run's folder, perhaps a stranger's, and
raises ValueError, KeyError or TypeError where they are not what the probe's picture needs.
"""

from __future__ import annotations

import csv
import io
import wave
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.runs.probe_snapshots import Options, Parts

Floats = NDArray[np.float64]
MOST_CHARACTERS = 20_000
MOST_ROWS, MOST_COLUMNS = 500, 60
WINDOW = 256
"""Values of a sound in one column of its spectrogram."""


class Line(NamedTuple):
    """One line of a curve probe."""

    sample: int
    dashed: bool
    x: Floats
    y: Floats


def lines(parts: Parts) -> list[Line]:
    """Every sample's line, from left to right, and its target's, dashed."""
    found = []
    for name, dashed in (("target", True), ("y", False)):
        if name in parts:
            values = in_steps(parts[name])
            places = in_steps(parts["x"]) if "x" in parts else None
            for sample, y in enumerate(values):
                x = np.arange(len(y), dtype=np.float64) if places is None else places[sample]
                order = np.argsort(x, kind="stable")
                found.append(Line(sample, dashed, x[order], y[order]))
    return sorted(found, key=lambda line: (line.sample, line.dashed))


def in_steps(values: NDArray[Any]) -> Floats:
    """One row a sample, one number a step: (N, T), (N, T, 1) and (N, 1, T) become (N, T)."""
    if values.ndim == 3 and 1 in values.shape[1:]:
        values = values.reshape(len(values), -1)
    if values.ndim != 2:
        raise ValueError(f"(N, T) is needed, got {values.shape}")
    return values.astype(np.float64)


def bars(parts: Parts) -> tuple[Floats, Floats]:
    """How many values lie in each step of a histogram, and where the steps end."""
    counts, edges = (np.asarray(parts[name], dtype=np.float64) for name in ("counts", "edges"))
    if counts.ndim != 1 or edges.shape != (len(counts) + 1,):
        raise ValueError("a histogram needs one edge more than counts")
    if not np.isfinite(edges).all():
        raise ValueError("none of the values is finite")
    if edges[0] == edges[-1]:
        edges = edges + np.linspace(-0.5, 0.5, len(edges))
    return counts, edges


def dots(parts: Parts) -> tuple[Floats, NDArray[np.int64] | None]:
    """Where the dots of a scatter plot stand, (N, 2), and their classes."""
    points = np.asarray(parts["points"], dtype=np.float64)
    label = np.asarray(parts["label"], dtype=np.int64) if "label" in parts else None
    if points.ndim != 2 or points.shape[1] != 2:
        raise ValueError(f"(N, 2) is needed, got {points.shape}")
    if label is not None and label.shape != (len(points),):
        raise ValueError("each dot needs one class")
    return points, label


def matrix(parts: Parts) -> NDArray[np.int64]:
    """How often each class, a row, was taken for each, a column."""
    counts = np.asarray(parts["counts"], dtype=np.int64)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or not counts.size:
        raise ValueError(f"(C, C) is needed, got {counts.shape}")
    return counts


def class_names(options: Options, count: int) -> list[str]:
    """The names of classes; their numbers where there are no names."""
    names = [str(name) for name in options.get("names") or ()]
    return names if len(names) >= count else [str(number) for number in range(count)]


def texts(parts: Parts, options: Options) -> list[str]:
    """Each sequence of tokens as text. Tokens that stand for nothing are shown as �."""
    tokens = np.asarray(parts["tokens"], dtype=np.int64)
    if tokens.ndim != 2:
        raise ValueError(f"(N, T) is needed, got {tokens.shape}")
    return [_text(row[:MOST_CHARACTERS].tolist(), options) for row in tokens]


def _text(tokens: list[int], options: Options) -> str:
    if options.get("reading") == "bytes":
        return bytes(token % 256 for token in tokens).decode("utf-8", errors="replace")
    if options.get("reading") == "characters":
        alphabet = str(options.get("alphabet", ""))
        return "".join(alphabet[t] if 0 <= t < len(alphabet) else "�" for t in tokens)
    return " ".join(map(str, tokens))


def columns(parts: Parts, options: Options) -> tuple[list[str], list[list[float]]]:
    """The headings of a table, and its rows."""
    names = sorted(parts, key=lambda name: int(name.rpartition("_")[2]))
    wires = [np.asarray(parts[name]) for name in names]
    wide = [wire[:, None] if wire.ndim == 1 else wire for wire in wires]
    rows = np.concatenate([wire.astype(np.float64) for wire in wide], 1)
    heads = [
        f"{number}" if wire.shape[1] == 1 else f"{number}.{feature}"
        for number, wire in enumerate(wide, 1)
        for feature in range(1, wire.shape[1] + 1)
    ]
    given = [str(name) for name in options.get("names") or ()]
    heads = given if len(given) == len(heads) else heads
    return heads[:MOST_COLUMNS], rows[:MOST_ROWS, :MOST_COLUMNS].tolist()


def sounds(parts: Parts) -> Floats:
    """Each sound as one row of values from -1 to 1."""
    return np.nan_to_num(in_steps(parts["sound"])).clip(-1, 1)


def sample_rate(options: Options) -> int:
    """Values of a sound in a second."""
    return max(1, int(options.get("sample_rate", 16_000)))


def spectrogram(sound: Floats) -> Floats:
    """How loud each frequency is over time, in decibels below the loudest: (frequencies, times).

    Half of each window of 256 values lies in the next one; a Hann window softens its ends.
    """
    length = min(WINDOW, len(sound))
    starts = range(0, max(1, len(sound) - length + 1), max(1, length // 2))
    pieces = np.stack([sound[start : start + length] for start in starts]) * np.hanning(length)
    power = np.abs(np.fft.rfft(pieces)).T ** 2
    decibels: Floats = 10 * np.log10(np.maximum(power, 1e-10) / max(float(power.max()), 1e-10))
    return np.maximum(decibels, -80)


def wav(sound: Floats, rate: int) -> bytes:
    """A sound as a WAV file of one channel with 16 bits a value."""
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.round(sound * 32767).astype("<i2").tobytes())
    return content.getvalue()


def as_csv(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> bytes:
    """A table as comma-separated values with a line of headings."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(heads)
    writer.writerows(rows)
    return text.getvalue().encode()
