"""Re-checking a chain of 1,000 nodes after an edit, against networkx sorting the same chain.

Run it: python -m tests.benchmarks.checking
"""

import statistics
import time
from collections.abc import Callable

import networkx as nx

import nodes.library  # noqa: F401  registers the node types
from graphs.compiler import check
from graphs.document.document import Document, End, Graph, Node, Wire
from graphs.document.edits import SetParameters, apply

LENGTH, ROUNDS = 1000, 15


def chain() -> Document:
    """Digits, then Linear and ReLU in turn."""
    made = {"digits": Node(type="Digits", parameters={"form": "pixels"})}
    wires, before = [], End("digits", "image")
    for number in range(LENGTH):
        id = f"n{number}"
        made[id] = Node(type="ReLU") if number % 2 else Node(type="Linear")
        wires.append(Wire(source=before, target=End(id, "x")))
        before = End(id, "output")
    return Document(graphs={"main": Graph(nodes=made, wires=tuple(wires))})


def seconds(work: Callable[[], object]) -> float:
    """How long one call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def sort(document: Document) -> None:
    """The reference: build the chain's graph and sort it, as networkx does it."""
    graph = document.main
    net = nx.DiGraph((wire.source.node, wire.target.node) for wire in graph.wires)
    list(nx.topological_sort(net))


def main() -> None:
    """Print medians and their ratio, rounds interleaved."""
    document = chain()
    check(document)
    ours, reference = [], []
    for number in range(ROUNDS):
        width = {"out_features": 65 + number}
        edited = apply(document, SetParameters(id=f"n{LENGTH // 2}", parameters=width))
        ours.append(seconds(lambda edited=edited: check(edited)))
        reference.append(seconds(lambda edited=edited: sort(edited)))
    check_ms, sort_ms = (1000 * statistics.median(times) for times in (ours, reference))
    print(f"check after an edit {check_ms:.1f} ms, networkx sort {sort_ms:.1f} ms")
    print(f"ratio {check_ms / sort_ms:.1f}")


if __name__ == "__main__":
    main()
