"""The snapshot law of boards: what somebody held of a board, and its events, make what a fresh snapshot says.

The same transcripts go to the page's reducer (`--write-transcripts` writes them). Series, tables and logs are not part
of it: they change with every tick, and no durable event tells of them.
"""

import json
import random
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from dashboard import services
from dashboard.models import Board, Panel, Series
from dashboard.shapes import ThresholdView
from realtime import log
from realtime.protocol import Refused
from tests import law
from tests.dashboard.boarding import change, own_board, panel, put, showing, snapshot

pytestmark = [pytest.mark.stack, pytest.mark.django_db]

FOLDER = Path(__file__).parents[2] / "frontend" / "test" / "boards"
MOVING = ("series", "apart", "sources", "tables", "logs", "rules")
"""What is asked for, not told."""


def order(panels):
    return sorted(panels, key=lambda one: (one["y"], one["x"], one["id"]))


def reduce(state, event):
    """The reducer of the page, from the protocol alone."""
    if event["seq"] <= state["as_of_seq"]:
        return state
    state, data, draft = state | {"as_of_seq": event["seq"]}, event["data"], state["draft"]
    if event["type"] == "board.changed":
        return state | {"board": data["board"]}
    if event["type"] == "board.published":
        return state | {
            "board": data["board"],
            "panels": data["panels"],
            "draft": None if draft is None else data["panels"],
        }
    if event["type"] in {"panel.changed", "panel.removed"}:
        added = [data["panel"]] if event["type"] == "panel.changed" else []
        gone = added[0]["id"] if added else data["panel"]
        kept = None if draft is None else order([*(one for one in draft if one["id"] != gone), *added])
        return state | {"board": data["board"], "draft": kept}
    return state


@pytest.fixture
def world(db):
    """Mina's board with two panels, published, and a draft; she shares it with the open room: Teo may change it."""
    world = law.make_world()
    mina = world.people["mina"]
    load = Series.objects.create(pk=401, key="person/101/load", scope="person", owner=mina, name="load", kind="gauge")
    board = own_board(mina, "Realtime health").id
    services.share_board(actor=mina, board_id=board, room_id=world.room.pk, may_edit=True)
    put(mina, board, title="Load", series=showing(load, aggregate="highest"), unit="ms")
    put(mina, board, title="Notes", kind="text", text="**Read** this", x=6)
    services.publish_board(actor=mina, board_id=board, version=1)
    put(world.people["teo"], board, title="Draft", y=4)
    world.board = board
    return world


def sight(actor, board):
    return {key: value for key, value in law.plain(snapshot(actor, board)).items() if key not in MOVING}


def heard(board, after):
    topic = f"dashboard:{board}"
    return [law.frame(topic, seq) for seq in range(after + 1, log.heads([topic])[topic][0] + 1)]


def drafted(board, title):
    return next(one.pk for one in Panel.objects.filter(board=board) if f'"title":"{title}"' in one.view)


def publish(actor, board):
    services.publish_board(actor=actor, board_id=board, version=Board.objects.get(pk=board).version)


SCENES = {
    "a panel is added": lambda mina, teo, board: put(teo, board, kind="stat", title="New", x=6, y=4),
    "a panel is changed": lambda mina, teo, board: change(
        teo, board, drafted(board, "Load"), thresholds=[ThresholdView(level="warn", value=60)], low=0.0
    ),
    "a panel is moved": lambda mina, teo, board: change(mina, board, drafted(board, "Load"), x=3, y=9, w=9, h=2),
    "a panel is removed": lambda mina, teo, board: services.remove_panel(
        actor=mina, board_id=board, panel_id=drafted(board, "Notes")
    ),
    "the last change is taken back": lambda mina, teo, board: services.remove_panel(
        actor=mina, board_id=board, panel_id=drafted(board, "Draft")
    ),
    "a board is published": lambda mina, teo, board: publish(teo, board),
    "a draft is discarded": lambda mina, teo, board: services.discard_draft(actor=mina, board_id=board),
    "a board is renamed": lambda mina, teo, board: services.change_board(
        actor=mina, board_id=board, name="Health", range_seconds=3_600
    ),
    "a board is taken back from its only room": lambda mina, teo, board: services.unshare_board(
        actor=mina, board_id=board, room_id=201
    ),
    "a panel is changed by two at once": lambda mina, teo, board: [
        change(teo, board, drafted(board, "Load"), title="Load of all"),
        change(mina, board, drafted(board, "Load of all"), w=4),
    ],
}


@pytest.mark.parametrize("name", SCENES)
def test_a_snapshot_and_its_events_make_the_next_one(name, request, world):
    mina, teo, board = world.people["mina"], world.people["teo"], world.board
    before = sight(mina, board)
    SCENES[name](mina, teo, board)
    events, after = heard(board, before["as_of_seq"]), sight(mina, board)
    state = before
    for event in events:
        state = reduce(state, event)
    assert state == after
    empty = {"series": [], "apart": [], "sources": [], "tables": [], "logs": [], "rules": []}
    text = transcript(name, board, before | empty, events, after | empty)
    path = FOLDER / f"{name.replace(' ', '-')}.json"
    if request.config.getoption("--write-transcripts"):
        FOLDER.mkdir(exist_ok=True)
        path.write_text(text)
    assert path.is_file(), f"{path.name} is missing: run with --write-transcripts"
    assert path.read_text() == text, f"{path.name} is out of date: run with --write-transcripts"


def transcript(name, board, before, events, after):
    """As the law's, with numbered ids and times; the board has a number that is the same on every database."""
    whole = {"name": name, "before": before, "events": events, "after": after}

    def numbered(value, key=""):
        if isinstance(value, dict):
            return {name: numbered(one, f"{key}.{name}") for name, one in value.items()}
        if isinstance(value, list):
            return [numbered(one, key) for one in value]
        if key.endswith("board.id"):
            return 301
        return (
            value.replace(f"/boards/{board}/", "/boards/301/").replace(f"dashboard:{board}", "dashboard:301")
            if (isinstance(value, str))
            else value
        )

    return law.tidied(json.dumps(numbered(whole), ensure_ascii=False, indent=1)) + "\n"


def test_no_transcript_is_left_of_a_scene_that_is_gone():
    assert {path.stem for path in FOLDER.glob("*.json")} == {name.replace(" ", "-") for name in SCENES}


def test_whoever_only_looks_hears_of_the_draft_and_is_not_shown_it(world):
    mina, board = world.people["mina"], world.board
    services.share_board(actor=mina, board_id=board, room_id=world.room.pk)
    teo = world.people["teo"]
    state = sight(teo, board)
    put(mina, board, title="Hidden")
    services.change_board(actor=mina, board_id=board, name="Other")
    for event in heard(board, state["as_of_seq"]):
        state = reduce(state, event)
    assert (state, state["draft"]) == (sight(teo, board), None)
    publish(mina, board)
    for event in heard(board, state["as_of_seq"]):
        state = reduce(state, event)
    assert state == sight(teo, board)


@pytest.mark.parametrize("seed", range(6))
def test_the_law_holds_after_any_order_of_anything_two_people_do(seed, world):
    chance = random.Random(seed)
    people, board = [world.people["mina"], world.people["teo"]], world.board
    state = sight(people[0], board)
    for _ in range(40):
        step(chance, chance.choice(people), board)
        for event in heard(board, state["as_of_seq"]):
            state = reduce(state, event)
        assert state == sight(people[0], board)


def step(chance, actor, board):
    ids = list(Panel.objects.filter(board=board).values_list("pk", flat=True))
    one = chance.choice(ids) if ids else uuid4()
    acts = {
        "add": lambda: put(actor, board, title=f"{chance.random():.3f}", x=chance.randrange(7), y=chance.randrange(9)),
        "again": lambda: services.add_panel(actor=actor, board_id=board, panel=panel(id=one)),
        "move": lambda: change(actor, board, one, x=chance.randrange(7), y=chance.randrange(9)),
        "name": lambda: change(actor, board, one, title=chance.choice("abc")),
        "remove": lambda: services.remove_panel(actor=actor, board_id=board, panel_id=one),
        "publish": lambda: publish(actor, board),
        "discard": lambda: services.discard_draft(actor=actor, board_id=board),
        "rename": lambda: services.change_board(actor=actor, board_id=board, name=chance.choice("abc")),
        "share": lambda: services.share_board(actor=actor, board_id=board, room_id=202),
        "unshare": lambda: services.unshare_board(actor=actor, board_id=board, room_id=202),
    }
    try:
        acts[chance.choice(list(acts))]()
    except Refused:
        return


@pytest.mark.parametrize("seed", range(6))
def test_two_people_who_change_one_panel_at_once_lose_nothing_of_what_either_did(seed, world):
    """Whatever the order in which their commands come in: of each field the last word holds, and nothing else moves."""
    chance = random.Random(seed)
    board, shown = world.board, drafted(world.board, "Load")
    mine = [("title", f"t{number}") for number in range(4)] + [("unit", f"u{number}") for number in range(4)]
    theirs = [("x", number) for number in range(4)] + [("low", float(number)) for number in range(4)]
    left = {"mina": mine, "teo": theirs}
    expected = {}
    while any(left.values()):
        who = chance.choice([name for name, rest in left.items() if rest])
        field, value = left[who].pop(0)
        after = change(world.people[who], board, shown, **{field: value})
        expected[field] = value
        assert {name: getattr(after, name) for name in expected} == expected


def test_ids_of_panels_are_the_clients_own(world):
    view = panel(id=UUID("00000000-0000-4000-8000-000000000001"))
    assert services.add_panel(actor=world.people["mina"], board_id=world.board, panel=view).panel.id == view.id
