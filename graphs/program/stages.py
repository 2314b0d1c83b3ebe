"""The order of a training step: what each optimizer computes, finds computed, and moves.

A value computed for an earlier optimizer is used again as long as no weight upstream of it has
moved. Its gradient graph is then still whole too: an optimizer's backward pass runs only through
what is downstream of its own weights, and all of that is stale once they have moved. An optimizer
that skips a batch or gathers gradients counts as one that has moved its weights: what may be stale
is computed again. One that acts several times on a batch computes all of its own each time.
"""

from __future__ import annotations

from dataclasses import dataclass

from graphs.check.results import CheckedGraph
from graphs.program.partition import Program, Statement


@dataclass(frozen=True)
class Stage:
    """What happens for one optimizer; without a statement, what is only measured at the end."""

    statement: Statement | None
    computed: tuple[str, ...]
    """Nodes computed now, in order."""
    reused: tuple[str, ...]
    """Nodes computed before whose values still hold and are read now."""
    measured: tuple[str, ...]
    """Logged nodes whose values are taken now, before any weight moves."""


def stages_of(checked: CheckedGraph, program: Program) -> tuple[Stage, ...]:
    """The stages of one batch, in the order of the optimizers."""
    order = [id for id in checked.wiring.order if id not in program.loaded]
    valid: set[str] = set()
    losses = [statement.loss.node for statement in program.statements]
    waiting = [id for id in program.logged if id not in losses]
    stages: list[Stage] = []
    for statement in program.statements:
        needed = checked.wiring.upstream([statement.loss.node])
        held = valid if statement.options.times == 1 else set()
        computed = [id for id in order if id in needed - held]
        valid.update(computed)
        later = checked.wiring.upstream(losses[len(stages) + 1 :]) - valid
        ready = [id for id in waiting if _is_ready(checked, id, valid, program) and id not in later]
        computed += [id for id in order if id in ready and id not in valid]
        valid.update(ready)
        waiting = [id for id in waiting if id not in ready]
        reused = _read(checked, computed, valid)
        stages.append(Stage(statement, tuple(computed), reused, tuple(ready)))
        valid -= checked.wiring.downstream(moved_by(checked, statement))
    if waiting:
        needed = checked.wiring.upstream(waiting)
        computed = [id for id in order if id in needed - valid]
        reused = _read(checked, computed, valid)
        stages.append(Stage(None, tuple(computed), reused, tuple(waiting)))
    return tuple(stages)


def moved_by(checked: CheckedGraph, statement: Statement) -> set[str]:
    """Every node that has weights which a statement moves."""
    keys = {checked.weights_key(id) for id in statement.owned}
    return {id for id in checked.wiring.order if checked.weights_key(id) in keys}


def looked_at_again(checked: CheckedGraph, statement: Statement) -> tuple[str, ...]:
    """The nodes between the weights that an optimizer moves and its loss."""
    changing = checked.wiring.downstream(moved_by(checked, statement))
    changing &= checked.wiring.upstream([statement.loss.node])
    return tuple(id for id in checked.wiring.order if id in changing)


def gradient_reach(checked: CheckedGraph, statement: Statement) -> set[str]:
    """The nodes that an optimizer's gradient runs through: from its loss back to its weights."""
    after = checked.wiring.downstream(moved_by(checked, statement), without=checked.detached)
    return after & checked.learning_from(statement.loss.node)


def _is_ready(checked: CheckedGraph, id: str, valid: set[str], program: Program) -> bool:
    before = checked.wiring.upstream([id]) - {id}
    return id in valid or before <= valid | set(program.loaded)


def _read(checked: CheckedGraph, computed: list[str], valid: set[str]) -> tuple[str, ...]:
    """Values from before that what is computed now reads."""
    read = {wire.source.node for id in computed for wire in checked.graph.into(id)}
    return tuple(id for id in checked.wiring.order if id in read & valid and id not in computed)
