"""New nodes, and what quick fixes do."""

from app.editor.canvas.drawing import scene_of
from app.editor.canvas.scene import Port
from app.editor.commands.commands import Commands
from app.editor.session.session import Session
from graphs.compiler import check
from graphs.document.document import End, Node, Wire
from graphs.document.edits import Connect, Move, RemoveNodes
from tests.app.editor.shells import WrittenShell


def test_a_type_is_added_where_it_covers_nothing(
    session: Session, shell: WrittenShell, commands: Commands
) -> None:
    shell.middle = scene_of(session).box("conv1").centre
    commands.run("add_type", "ReLU")
    (new,) = session.selection
    boxes = scene_of(session).boxes
    assert not any(boxes[new].overlaps(box) for id, box in boxes.items() if id != new)
    assert session.history.past[-1].title == "Add ReLU"


def test_a_type_is_added_at_a_point_and_wired(session: Session, commands: Commands) -> None:
    commands.run("add_type", "ReLU", (80.0, 800.0), Port(End("conv1", "output"), False))
    (new,) = session.selection
    assert Wire(source=End("conv1", "output"), target=End(new, "x")) in session.graph.wires
    assert len(session.history.past) == 1


def test_a_node_before_an_input_takes_its_place(session: Session, commands: Commands) -> None:
    commands.run("add_type", "ReLU", (80.0, 800.0), Port(End("conv2", "x"), True))
    (new,) = session.selection
    assert [wire.source.node for wire in session.graph.into("conv2", "x")] == [new]


def test_a_node_that_is_made_already(session: Session, commands: Commands) -> None:
    commands.run("add_node", Node(type="Block", parameters={"block": "Encoder"}))
    assert session.selection == {"encoder"}


def broken(session: Session) -> None:
    """Wire an image into a linear layer, and check that."""
    wire = Wire(source=End("conv1", "output"), target=End("logits", "x"))
    session.do(Connect(wire=wire, replace=True))
    session.was_checked(session.document, check(session.document))


def test_a_fix_is_one_step_and_selects_what_is_new(session: Session, commands: Commands) -> None:
    broken(session)
    fix = next(fix for problem in session.problems for fix in problem.fixes)
    steps = len(session.history.past)
    commands.run("apply_fix", fix)
    (new,) = session.selection
    assert session.history.past[-1].title == fix.title
    assert len(session.history.past) == steps + 1
    assert any(wire.target.node == new for wire in session.graph.wires)


def test_a_fix_puts_its_node_between_neighbours_that_were_moved_since(
    session: Session, commands: Commands
) -> None:
    broken(session)
    fix = next(fix for problem in session.problems for fix in problem.fixes)
    far = {id: (x + 4000.0, y) for id in ("conv1", "logits") for x, y in [place(session, id)]}
    session.do(Move(positions=far))
    assert session.is_checked
    commands.run("apply_fix", fix)
    (new,) = session.selection
    assert place(session, new)[0] > 3000


def place(session: Session, id: str) -> tuple[float, float]:
    return session.graph.nodes[id].position


def test_a_fix_of_what_is_gone_is_refused_in_a_sentence(
    session: Session, shell: WrittenShell, commands: Commands
) -> None:
    broken(session)
    fix = next(fix for problem in session.problems for fix in problem.fixes)
    session.do(RemoveNodes(ids=("logits",)))
    assert not commands.run("apply_fix", fix)
    assert "logits" in shell.said()
