"""Printing a program, against checking it.

After an edit of one parameter the document is checked, and printed when somebody looks. The named
reference is a check that knows every node and no use of a block: each use is walked once. Beside it
stands the check as the editor does it, which remembers uses of blocks too.

Run it: python -m tests.benchmarks.compiling
"""

import statistics
import time
from collections.abc import Callable
from pathlib import Path

import nodes.library  # noqa: F401  registers the node types
from graphs.check.facts_cache import Cache, Recent
from graphs.compiler import check, compile
from graphs.document.document import Document
from graphs.document.document_io import read
from graphs.document.edits import SetParameters, apply

EXAMPLES = Path(__file__).parents[2] / "assets" / "examples"
EDITED = {
    "unit": ("judges", "lr", 0.0006),
    "snail": ("adam", "lr", 0.002),
    "causal_transformer": ("adamw", "lr", 0.002),
    "maml_glyphs": ("adam", "lr", 0.002),
}
"""A parameter of each example, and about the value that it gets."""
ROUNDS = 15


def seconds(work: Callable[[], object]) -> float:
    """The CPU time of one call."""
    start = time.process_time()
    work()
    return time.process_time() - start


def edited(document: Document, name: str, number: int) -> Document:
    """The document with another value of its parameter in each round."""
    node, parameter, value = EDITED[name]
    return apply(document, SetParameters(id=node, parameters={parameter: value + number * 1e-6}))


def forget_blocks(cache: Cache) -> Cache:
    """The same knowledge of nodes, and none of uses of blocks."""
    other = Cache()
    other.__dict__.update(cache.__dict__, blocks=Recent(1), held=Recent(1))
    return other


def measured(name: str) -> tuple[float, float, float]:
    """Medians in ms: check without blocks, check, and printing, of one example after an edit."""
    path, cache = EXAMPLES / f"{name}.graph.json", Cache()
    document = read(path)
    assert compile(check(document, path.parent, cache)).sections.text
    walked, checks, prints = [], [], []
    for number in range(1, ROUNDS + 1):
        changed = edited(document, name, number)
        walked.append(seconds(lambda c=changed: check(c, path.parent, forget_blocks(cache))))
        checks.append(seconds(lambda c=changed: check(c, path.parent, cache)))
        checked = check(changed, path.parent, cache)
        prints.append(seconds(lambda c=checked: compile(c).sections.text))
    reference, remembered, printed = (1000 * statistics.median(x) for x in (walked, checks, prints))
    return reference, remembered, printed


def main() -> None:
    """Print a row for each example."""
    for name in EDITED:
        reference, remembered, printed = measured(name)
        print(
            f"{name}: check {reference:.1f} ms, blocks remembered {remembered:.1f} ms, "
            f"printing {printed:.1f} ms, ratio {printed / reference:.1f}"
        )


if __name__ == "__main__":
    main()
