"""Lays a graph out from left to right: layers, few crossings, straight wires. Plain Python, no GUI.

After Sugiyama, Tagawa and Toda 1981: every wire runs forward, long ones keep a lane free between
the nodes; the order in a layer follows the ports that wires come from; heights are as level as the
order allows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter

from app.editor.canvas.geometry import Point
from app.editor.canvas.scene import ROW, Scene

BETWEEN = 100.0
"""Between two layers: room for the shape on a wire."""
APART = 36.0
"""Between two nodes of a layer."""
LANE = 12.0
"""Between a node and a wire that passes it, or two such wires."""
LEVEL = (1, 3, 8)
"""How much it counts that a wire is level, by how many of its two ends are lanes."""
SWEEPS = 8


@dataclass
class _Item:
    """A node in its layer, or a wire that passes through it."""

    height: float
    room: float
    before: list[tuple[int, float, float]] = field(default_factory=list)
    """What its wires come from: item, and how far below each top they touch, there and here."""
    after: list[tuple[int, float, float]] = field(default_factory=list)
    top: float = 0.0


def arranged(scene: Scene) -> dict[str, Point]:
    """Where each node goes. A graph with a cycle stays as it is."""
    depth = _depths(scene)
    if not depth:
        return {id: node.position for id, node in scene.graph.nodes.items()}
    items, layers, number = _items(scene, depth)
    _order(items, layers)
    _level(items, layers)
    lefts = _lefts(scene, depth)
    top = min(items[number[id]].top for id in depth)
    return {id: (lefts[depth[id]], round(items[number[id]].top - top)) for id in scene.shapes}


def _depths(scene: Scene) -> dict[str, int]:
    """The layer of each node: as far left as its wires let it be, sources next to their readers."""
    wires = [(w.source.node, w.target.node) for w in scene.graph.wires]
    wires = [pair for pair in wires if scene.shapes.keys() >= set(pair)]
    before: dict[str, set[str]] = {id: set() for id in scene.shapes}
    after: dict[str, set[str]] = {id: set() for id in scene.shapes}
    for source, target in wires:
        before[target].add(source)
        after[source].add(target)
    try:
        order = list(TopologicalSorter(before).static_order())
    except CycleError:
        return {}
    depth: dict[str, int] = {}
    for id in order:
        depth[id] = 1 + max((depth[other] for other in before[id]), default=-1)
    for id in order:
        if after[id] and not before[id]:
            depth[id] = min(depth[other] for other in after[id]) - 1
    return depth


def _items(
    scene: Scene, depth: Mapping[str, int]
) -> tuple[list[_Item], list[list[int]], dict[str, int]]:
    """Nodes and lanes, the layers they are in, and the number of each node."""
    items: list[_Item] = []
    layers: list[list[int]] = [[] for _ in range(1 + max(depth.values()))]

    def add(layer: int, height: float, room: float) -> int:
        items.append(_Item(height, room))
        layers[layer].append(len(items) - 1)
        return len(items) - 1

    by_place = sorted(depth, key=lambda id: scene.graph.nodes[id].position[::-1])
    number = {id: add(depth[id], scene.shapes[id].height, APART) for id in by_place}
    for wire in scene.graph.wires:
        source, target = wire.source.node, wire.target.node
        if source not in number or target not in number:
            continue
        leaves = scene.shapes[source].port(wire.source.port, False)[1]
        arrives = scene.shapes[target].port(wire.target.port, True)[1]
        last, at = number[source], leaves
        for layer in range(depth[source] + 1, depth[target]):
            lane = add(layer, ROW / 2, LANE)
            _join(items, last, lane, at, ROW / 4)
            last, at = lane, ROW / 4
        _join(items, last, number[target], at, arrives)
    return items, layers, number


def _join(items: list[_Item], source: int, target: int, leaves: float, arrives: float) -> None:
    items[source].after.append((target, leaves, arrives))
    items[target].before.append((source, leaves, arrives))


def _order(items: list[_Item], layers: list[list[int]]) -> None:
    """Sweep to and fro, each layer sorted by where its wires come from; keep the best seen."""
    best, fewest = [list(layer) for layer in layers], _crossings(items, layers)
    for sweep in range(SWEEPS):
        forward = sweep % 2 == 0
        for layer in layers if forward else reversed(layers):
            _sort(items, layers, layer, forward)
        count = _crossings(items, layers)
        if count < fewest:
            best, fewest = [list(layer) for layer in layers], count
    layers[:] = best


def _sort(items: list[_Item], layers: list[list[int]], layer: list[int], forward: bool) -> None:
    place = {item: at for each in layers for at, item in enumerate(each)}

    def middle(item: int) -> float:
        wires = items[item].before if forward else items[item].after
        if not wires:
            return place[item]
        heights = [items[other].height + 1 for other, *_ in wires]
        ports = [leaves if forward else arrives for _, leaves, arrives in wires]
        spots = [
            place[other] + port / height
            for (other, *_), port, height in zip(wires, ports, heights, strict=True)
        ]
        return sum(spots) / len(spots)

    layer.sort(key=middle)


def _crossings(items: list[_Item], layers: list[list[int]]) -> int:
    """How many pairs of wires cross."""
    place = {item: at for each in layers for at, item in enumerate(each)}
    count = 0
    for layer in layers:
        ends = [
            ((place[item], leaves), (place[other], arrives))
            for item in layer
            for other, leaves, arrives in items[item].after
        ]
        ends.sort()
        targets = [target for _, target in ends]
        count += sum(a > b for n, a in enumerate(targets) for b in targets[n + 1 :])
    return count


def _level(items: list[_Item], layers: list[list[int]]) -> None:
    """Heights: each item as level with its wires as the order in its layer allows."""
    for layer in layers:
        _stack(items, layer, lambda item: items[item].top)
    for sweep in range(2 * SWEEPS):
        forward = sweep % 2 == 0
        for layer in layers if forward else reversed(layers):
            _stack(items, layer, lambda item: _wanted(items, item))


def _wanted(items: list[_Item], item: int) -> float:
    """The top at which an item's wires would be level; long wires count more, since a curve that
    climbs over a long way runs behind nodes.
    """
    its = items[item]
    tops = [(o, items[o].top + leaves - arrives) for o, leaves, arrives in its.before]
    tops += [(o, items[o].top + arrives - leaves) for o, leaves, arrives in its.after]
    weights = [LEVEL[(its.room == LANE) + (items[o].room == LANE)] for o, _ in tops]
    total = sum(weight * top for weight, (_, top) in zip(weights, tops, strict=True))
    return total / sum(weights) if tops else its.top


def _stack(items: list[_Item], layer: Iterable[int], wanted: Callable[[int], float]) -> None:
    """Put a layer's items as near to where they want to be as their order and room allow: least
    squares by pooling neighbours that are in each other's way.
    """
    groups: list[tuple[float, list[int]]] = []
    offset: dict[int, float] = {}
    run, last = 0.0, None
    for item in layer:
        its = items[item]
        if last is not None:
            run += last.height + max(last.room, its.room)
        offset[item], last = run, its
        groups.append((wanted(item) - run, [item]))
        while len(groups) > 1 and groups[-2][0] > groups[-1][0]:
            (low, mine), (high, theirs) = groups.pop(), groups.pop()
            mean = (low * len(mine) + high * len(theirs)) / (len(mine) + len(theirs))
            groups.append((mean, theirs + mine))
    for start, members in groups:
        for item in members:
            items[item].top = start + offset[item]


def _lefts(scene: Scene, depth: Mapping[str, int]) -> list[float]:
    """Where each layer begins."""
    widths = [0.0] * (1 + max(depth.values()))
    for id, layer in depth.items():
        widths[layer] = max(widths[layer], scene.shapes[id].width)
    lefts = [0.0]
    for width in widths[:-1]:
        lefts.append(lefts[-1] + width + BETWEEN)
    return lefts
