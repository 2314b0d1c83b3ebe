"""Blocks in the editor, without a window: the way to them, their names, parameters and weights."""

import pytest

import nodes.library  # noqa: F401
from app.editor.canvas.canvas_model import Subject, make_picture
from app.editor.canvas.node_captions import Captions
from app.editor.inspector.forms import as_text, from_text
from app.editor.panels.program_panel import options_of, steps, watched
from app.editor.session.block_uses import (
    add_parameter,
    counted_uses,
    defaults,
    delete_block,
    free_name,
    remove_parameter,
    rename_block,
    rename_parameter,
    set_parameter,
    trail_to,
    way_to,
    with_troubles,
)
from app.editor.session.clipboard import read_clip
from app.editor.session.gradient_reach import reach_of
from app.editor.session.session import Session
from app.editor.session.shared_weights import originals, own_weights, same_weights, weights_of
from app.editor.session.wording import listed, ordinal, place_of, title_of, told_apart
from app.editor.theme.icons import icon
from graphs.compiler import check, compile
from graphs.document.document import MAIN, Document, Graph, Node
from graphs.document.edits import (
    DescribeParameter,
    EditError,
    SetGraphParameters,
    SetParameters,
    apply,
)
from graphs.nodetypes.node_type import Optimizer, node_types
from tests.graphs.drawing import classifier, drawn
from tests.graphs.test_blocks import dense, gan, use, with_blocks

TYPES = node_types()


def nested() -> Document:
    """A block in a block, of which one has a parameter that the other gives it."""
    inner = dense("=width * 2", width=8)
    outer = drawn(
        x=("Input", {}, {"kind": "features"}),
        inside=use("Inner", "x", arguments={"width": "=size"}),
        y=("Output", {"value": "inside.y"}),
    )
    outer = outer.with_graph(MAIN, outer.main.model_copy(update={"parameters": {"size": 4}}))
    main = drawn(
        digits=("Digits", {}, {"form": "pixels"}),
        a=use("Outer", "digits.image"),
        b=use("Outer", "a.y", weights="both"),
    )
    return with_blocks(main, Outer=outer, Inner=inner)


def test_uses_are_counted_everywhere() -> None:
    assert counted_uses(nested(), TYPES) == {"Outer": 2, "Inner": 1}
    assert counted_uses(gan(), TYPES) == {"Generator": 1, "Discriminator": 2}


def test_the_way_to_a_block_leads_through_its_uses() -> None:
    document = nested()
    assert way_to(document, TYPES, "Inner") == (MAIN, "Outer", "Inner")
    assert trail_to(document, TYPES, (MAIN, "Outer"), "Inner") == (MAIN, "Outer", "Inner")
    assert trail_to(document, TYPES, (MAIN, "Outer", "Inner"), MAIN) == (MAIN,)
    unused = document.with_graph("Spare", Graph())
    assert way_to(unused, TYPES, "Spare") == (MAIN, "Spare")
    assert free_name(unused, "Spare") == "Spare2"


def test_the_trail_ends_where_a_block_is_gone() -> None:
    session = Session(nested())
    session.follow((MAIN, "Outer", "Inner"))
    assert session.graph_name == "Inner"
    session.do(*delete_block(session.document, TYPES, "Outer"))
    assert session.trail == (MAIN,)
    session.undo()
    session.follow((MAIN, "Outer"))
    session.load(Document(), None)
    assert session.graph_name == MAIN


def test_a_renamed_block_is_renamed_where_it_is_used() -> None:
    document = apply(nested(), *rename_block(nested(), TYPES, "Outer", "Layer"))
    assert set(document.graphs) == {MAIN, "Layer", "Inner"}
    assert {document.main.nodes[id].parameters["block"] for id in "ab"} == {"Layer"}
    back = apply(document, *rename_block(document, TYPES, "Layer", "Outer"))
    assert back.graphs == nested().graphs
    with pytest.raises(EditError, match="there is a graph called Inner already"):
        rename_block(document, TYPES, "Layer", "Inner")
    with pytest.raises(EditError, match="letters, digits and _"):
        rename_block(document, TYPES, "Layer", "a layer")


def test_a_deleted_block_takes_its_uses_along() -> None:
    document = apply(nested(), *delete_block(nested(), TYPES, "Outer"))
    assert set(document.main.nodes) == {"digits"}
    assert set(document.graphs) == {MAIN, "Inner"}


def test_parameters_of_a_graph() -> None:
    document = nested()
    document = apply(document, *add_parameter(document, "Inner", "rate"))
    document = apply(document, *set_parameter(document, "Inner", "rate", "0.5"))
    assert document.graphs["Inner"].parameters == {"width": 8, "rate": 0.5}
    document = apply(document, *remove_parameter(document, "Inner", "rate"))
    assert document == nested()
    with pytest.raises(EditError, match="linear reads width"):
        remove_parameter(document, "Inner", "width")
    with pytest.raises(EditError, match="width needs a number"):
        set_parameter(document, "Inner", "width", "wide")
    with pytest.raises(EditError, match="there is a parameter called width already"):
        add_parameter(document, "Inner", "width")
    with pytest.raises(EditError, match="small letters, digits and _"):
        add_parameter(document, "Inner", "Big width")


def test_a_parameter_keeps_its_help() -> None:
    """Under another name, and not when it is gone."""
    document = apply(nested(), DescribeParameter(graph="Inner", name="width", text="100% of it"))
    renamed = apply(document, *rename_parameter(document, TYPES, "Inner", "width", "wide"))
    assert renamed.graphs["Inner"].help == {"wide": "100% of it"}
    assert (
        apply(document, SetGraphParameters(graph="Inner", parameters={})).graphs["Inner"].help == {}
    )
    silent = apply(document, DescribeParameter(graph="Inner", name="width", text=""))
    assert silent.graphs["Inner"].help == {}


def test_a_renamed_parameter_is_renamed_where_it_is_read_and_given() -> None:
    document = apply(nested(), *rename_parameter(nested(), TYPES, "Inner", "width", "wide"))
    assert document.graphs["Inner"].parameters == {"wide": 8}
    assert document.graphs["Inner"].nodes["linear"].parameters["out_features"] == "=wide * 2"
    assert document.graphs["Outer"].nodes["inside"].parameters["arguments"] == {"wide": "=size"}
    document = apply(document, *rename_parameter(document, TYPES, "Outer", "size", "n"))
    assert document.graphs["Outer"].nodes["inside"].parameters["arguments"] == {"wide": "=n"}


def test_what_is_given_to_a_block_may_be_an_expression() -> None:
    arguments = next(p for p in TYPES["Block"].parameters() if p.name == "arguments")
    assert from_text(arguments, "width = size * 2\nrate = 1") == {"width": "=size * 2", "rate": 1}
    assert as_text(arguments, {"width": "=size"}) == "width = size"
    assert defaults(nested(), TYPES, nested().main.nodes["a"]) == {"size": 4}


def test_a_use_says_its_block_and_its_weights() -> None:
    captions = Captions(gan().main, TYPES)
    score = gan().main.nodes["fake_score"]
    assert title_of(score) == "Discriminator"
    assert captions.subtitle(score) == f"Block · {icon('link')} discriminator"
    frozen = {**score.parameters, "state": "frozen", "arguments": {"width": "=w"}}
    labelled = score.model_copy(update={"label": "Judge", "parameters": frozen})
    assert captions.subtitle(labelled).startswith(f"Discriminator · {icon('link')} discriminator")
    plain = Node(type="Block", parameters={"block": "Generator", "state": "frozen"})
    assert captions.subtitle(plain) == f"Block · {icon('snowflake')} frozen"
    start = {"start_from": "weights/old.safetensors", "start_part": "network.generator"}
    started = Node(type="Block", parameters={"block": "Generator", "state": "frozen", **start})
    words = f"Block · {icon('download')} old · {icon('snowflake')} frozen"
    assert captions.subtitle(started) == words
    average = {"block": "Generator", "state": "average", "average_of": "forger"}
    words = f"Block · {icon('chart-line')} average of forger"
    assert captions.subtitle(Node(type="Block", parameters=average)) == words
    given = Node(type="Repeat", parameters={"block": "Generator", "arguments": {"width": "=w"}})
    assert captions.subtitle(given) == "block Generator · width w"
    names = told_apart(gan().main.nodes)
    assert listed(names, ["fake", "real_score", "fake"]) == "Generator and real_score"


def copies_of(session: Session, *ids: str) -> Graph:
    session.select(frozenset(ids))
    return read_clip(session.copied())


def test_a_copy_with_the_same_weights() -> None:
    session = Session(gan())
    copies = copies_of(session, "fake", "noise")
    assert originals(session.graph, copies, TYPES) == {"fake"}
    edits, named = same_weights(MAIN, session.graph, copies, TYPES)
    session.put(named, *edits, title="Duplicate")
    assert (
        weights_of(session.graph.nodes["fake"])
        == weights_of(session.graph.nodes["fake_2"])
        == "fake"
    )
    session.undo()
    assert session.document == gan()


def test_copies_with_own_weights_share_among_themselves() -> None:
    session = Session(gan())
    both = own_weights(session.graph, copies_of(session, "real_score", "fake_score"), TYPES)
    assert {weights_of(node) for node in both.nodes.values()} == {"discriminator_2"}
    one = own_weights(session.graph, copies_of(session, "real_score"), TYPES)
    assert weights_of(one.nodes["real_score"]) == ""


def test_what_has_no_original_here_is_not_asked_about() -> None:
    session = Session(gan())
    copies = copies_of(session, "fake", "noise")
    session.remove_selected()
    assert originals(session.graph, copies, TYPES) == frozenset()


def test_the_stages_of_a_gan_in_words() -> None:
    slow = SetParameters(id="forger", parameters={"every": 2, "first_epoch": 3})
    take, judge, forger = steps(compile(check(apply(gan(), slow))))
    assert take.title == "take Digits"
    assert (judge.title, judge.node) == ("judge", "judge")
    said = dict(judge.lines)
    assert said["minimises"] == "Add over 65 parameters of Discriminator"
    assert said["computes"].startswith("Noise → Generator")
    said = dict(forger.lines)
    assert said["still holds from before"] == "Generator"
    assert said["acts"] == "on every 2nd batch, from epoch 3"


def test_what_is_watched_in_words() -> None:
    """Beside the steps, with what is computed for it alone."""
    assert watched(compile(check(gan()))) is None
    probes = {
        "likely": ("Softmax", {"x": "linear"}),
        "answers": ("NumberTable", {"columns": "likely"}),
        "mistakes": ("ConfusionMatrix", {"prediction": "linear", "label": "digits.label"}),
    }
    step = watched(compile(check(classifier(**probes))))
    assert step is not None and step.title == "show NumberTable and ConfusionMatrix"
    assert step.lines == (("computes", "Softmax"),)


def test_options_in_words() -> None:
    assert options_of(Optimizer()) == []
    optimizer = Optimizer(times=3, last_epoch=4, clip_norm=1.0, accumulate=2, schedule="one_cycle")
    assert "3 times on a batch" in options_of(optimizer)
    assert "learning-rate schedule one-cycle" in options_of(optimizer)
    assert [ordinal(n) for n in (1, 2, 3, 4, 11, 21)] == [
        "1st",
        "2nd",
        "3rd",
        "4th",
        "11th",
        "21st",
    ]


def test_the_gradient_of_an_optimizer_is_lit() -> None:
    checked = check(gan())
    reach = reach_of(checked, MAIN, frozenset({"judge"}), True)
    assert reach is not None
    assert {"judge", "judge_loss", "real_score"} <= reach.nodes
    assert not {"fake", "noise", "digits", "forger"} & reach.nodes
    assert "65 parameters of Discriminator" in reach.legend
    assert reach_of(checked, MAIN, frozenset({"fake"}), True) is None
    assert reach_of(checked, "Generator", frozenset({"judge"}), True) is None
    picture = make_picture(Subject(gan().main, MAIN, TYPES, checked, gan().main, lit=reach.nodes))
    assert picture.nodes["fake"].dim and not picture.nodes["real_score"].dim
    dim = {str(wire.target) for wire, look in picture.wires.items() if look.dim}
    assert "fake_score.x" in dim and "judge.loss" not in dim


def test_a_problem_inside_shows_on_the_uses_and_names_the_block() -> None:
    document = nested()
    bad = SetParameters(graph="Inner", id="linear", parameters={"out_features": "=wide"})
    checked = check(apply(document, bad))
    assert with_troubles(checked, TYPES) == {"Inner", "Outer"}
    picture = make_picture(Subject(document.main, MAIN, TYPES, checked, document.main))
    assert picture.nodes["a"].problem and not picture.nodes["digits"].problem
    problem = next(p for p in checked.problems if p.graph == "Inner")
    assert place_of(checked.document, problem) == "Inner / Linear"
