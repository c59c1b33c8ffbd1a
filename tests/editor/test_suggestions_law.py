"""The snapshot law of suggestions: what somebody held of a document's suggestions, and the room's events, make what a
fresh answer says. The same transcripts go to the page's reducer (`--write-transcripts` writes them).
"""

import json
import random
from pathlib import Path
from uuid import uuid4

import pytest

from chat import services as chat
from editor import selectors, services
from editor.models import Document
from editor.selectors.updates import accepted_between
from editor.services import Edit
from editor.spans import move_span
from realtime import log
from realtime.protocol import Refused
from tests import factories, law
from tests.editor.conftest import make_document, write

pytestmark = [pytest.mark.stack, pytest.mark.django_db]

FOLDER = Path(__file__).parents[2] / "frontend" / "test" / "suggestions"
CODE = "def one():\n    return 1\n\n\ndef two():\n    return 2\n\n\ndef three():\n    return 3\n"
EDITS = [Edit(f"return {number}\n", f"return {number}0\n") for number in (1, 2, 3)]
SHOWN_MOST = 50


def reduce(state, event):
    """The reducer of the page, from the protocol alone."""
    if event["topic"] != f"room:{state['room']}" or event["seq"] <= state["as_of_seq"]:
        return state
    state = state | {"as_of_seq": event["seq"]}
    if event["type"] not in {"suggestion.created", "suggestion.changed"}:
        return state
    told = event["data"]["suggestion"]
    if told["document"] != state["document"]:
        return state
    others = state["suggestions"]
    if any(one["id"] == told["id"] for one in others):
        return state | {"suggestions": [told if one["id"] == told["id"] else one for one in others]}
    return state | {"suggestions": [*others, told][-SHOWN_MOST:]}


@pytest.fixture
def assistant(db):
    return factories.make_person("assistant", display_name="Assistant", kind="assistant")


@pytest.fixture
def code(mina, room):
    return make_document(mina, room, name="session.py", text=CODE)


def sight(actor, document):
    return law.plain(selectors.suggestions(actor=actor, document_id=document.pk))


def heard(document, after):
    topic = f"room:{document.room_id}"
    return [law.frame(topic, seq) for seq in range(after + 1, log.heads([topic])[topic][0] + 1)]


def propose(assistant, asker, document, edits=EDITS):
    version = Document.objects.get(pk=document.pk).version
    return services.propose_edits(
        actor=assistant, on_behalf_of=asker, document_id=document.pk, base_version=version, edits=edits, run="r1"
    )


def decide(actor, document, hunk, accept):
    services.decide_hunk(actor=actor, document_id=document.pk, hunk_id=hunk.id, accept=accept, cid=uuid4())


def known(state):
    """Without whoever is named: the page knows people from elsewhere as well."""
    return state | {"people": []}


SCENES = {
    "changes are suggested": lambda view, mina, teo, code, bot: propose(bot, mina, code, EDITS[:1]),
    "a change is accepted": lambda view, mina, teo, code, bot: decide(teo, code, view.hunks[0], True),
    "a change is rejected": lambda view, mina, teo, code, bot: decide(teo, code, view.hunks[1], False),
    "the rest is accepted": lambda view, mina, teo, code, bot: services.decide_suggestion(
        actor=teo, document_id=code.pk, suggestion_id=view.id, accept=True, cid=uuid4()
    ),
    "an accepted change is undone": lambda view, mina, teo, code, bot: [
        decide(teo, code, view.hunks[2], True),
        services.undo_hunk(actor=mina, document_id=code.pk, hunk_id=view.hunks[2].id, cid=uuid4()),
    ],
}


@pytest.mark.parametrize("name", SCENES)
def test_a_snapshot_and_its_events_make_the_next_one(name, request, assistant, mina, teo, room, code):
    view = None if name == "changes are suggested" else propose(assistant, mina, code)
    factories.say(mina, room, "Something else")
    before = sight(mina, code)
    SCENES[name](view, mina, teo, code, assistant)
    events, after = heard(code, before["as_of_seq"]), sight(mina, code)
    state = before
    for event in events:
        state = reduce(state, event)
    assert known(state) == known(after)
    text = transcript(name, known(before), events, known(after))
    path = FOLDER / f"{name.replace(' ', '-')}.json"
    if request.config.getoption("--write-transcripts"):
        path.write_text(text)
    assert path.is_file(), f"{path.name} is missing: run with --write-transcripts"
    assert path.read_text() == text, f"{path.name} is out of date: run with --write-transcripts"


def transcript(name, before, events, after):
    """As the law's, with numbered ids and times; ids of rows are numbered too, they differ between databases."""
    whole = {"name": name, "before": before, "events": events, "after": after}
    numbers: dict[tuple[str, int], int] = {}

    def numbered(value, key=""):
        if isinstance(value, dict):
            return {
                name: numbered(one, name if name != "id" else f"{key.rstrip('s')}.id") for name, one in value.items()
            }
        if isinstance(value, list):
            return [numbered(one, key) for one in value]
        kind = {"author": "user", "asked_by": "user", "decided_by": "user", "by": "user", "changed_by": "user"}.get(
            key, key
        )
        if isinstance(value, int) and not isinstance(value, bool) and kind in {"user", "room", "document"}:
            return numbers.setdefault((kind, value), len(numbers) + 1)
        if isinstance(value, int) and key.endswith(".id"):
            return numbers.setdefault((key, value), len(numbers) + 1)
        if key == "topic":
            return f"room:{numbers.setdefault(('room', int(value.partition(':')[2])), len(numbers) + 1)}"
        return value

    text = json.dumps(numbered(whole), ensure_ascii=False, indent=1)
    return law.tidied(text) + "\n"


@pytest.mark.parametrize("seed", range(4))
def test_the_law_holds_after_any_order_of_anything(seed, assistant, mina, teo, code):
    """Places are compared at one version: those of a suggestion that no event told are moved along the log, as the
    page does.
    """
    chance = random.Random(seed)
    state = sight(mina, code)
    for _ in range(30):
        step(chance, assistant, chance.choice([mina, teo]), code)
        for event in heard(code, state["as_of_seq"]):
            state = reduce(state, event)
        after = sight(mina, code)
        assert placed(code, known(state), after) == placed(code, known(after), after)


def step(chance, assistant, actor, code):
    now = Document.objects.get(pk=code.pk)
    views = selectors.suggestions(actor=actor, document_id=code.pk).suggestions
    hunks = [hunk for view in views for hunk in view.hunks]
    acts = ["propose", "write", "say", *["decide", "undo", "all"] * bool(hunks)]
    act = chance.choice(acts)
    try:
        if act == "propose":
            text = selectors.view_text(actor=actor, document_id=code.pk).text
            line = chance.choice(text.rstrip("\n").split("\n"))
            propose(assistant, actor, code, [Edit(f"{line}\n", f"# {chance.random()}\n{line}\n", near=1)])
        elif act == "write":
            at = chance.randint(0, now.length)
            write(actor, now, at, min(now.length, at + chance.choice([0, 0, 2])), chance.choice(["x", "\n", "word"]))
        elif act == "say":
            factories.say(actor, code.room, "Hm")
        elif act == "decide":
            decide(actor, code, chance.choice(hunks), chance.random() < 0.7)
        elif act == "undo":
            services.undo_hunk(actor=actor, document_id=code.pk, hunk_id=chance.choice(hunks).id, cid=uuid4())
        else:
            wish = {"suggestion_id": chance.choice(views).id, "accept": chance.random() < 0.5}
            services.decide_suggestion(actor=actor, document_id=code.pk, cid=uuid4(), **wish)
    except Refused:
        return


def placed(code, state, after):
    """Each change at the version of `after`; what the text says of it there (lines, stale) is the text's business."""
    version = max((one["version"] for one in after["suggestions"]), default=0)
    found = []
    for one in state["suggestions"]:
        missed = accepted_between(document_id=code.pk, after=one["version"], upto=version)
        for hunk in one["hunks"]:
            start, end = move_span(hunk["start"], hunk["end"], (update.changes for update in missed))
            decided = "open" if hunk["state"] == "stale" else hunk["state"]
            rest = {
                name: hunk[name] for name in ("id", "quote", "text", "decided_by", "decided_at", "accepted_version")
            }
            found.append((one["id"], start, end, decided, rest))
    return found


def test_no_transcript_is_left_of_a_scene_that_is_gone():
    assert {path.stem for path in FOLDER.glob("*.json")} == {name.replace(" ", "-") for name in SCENES}


def test_leaving_the_room_ends_nothing_of_what_one_asked_for(assistant, mina, teo, room, code):
    view = propose(assistant, teo, code)
    chat.leave_room(actor=teo, room_id=room.pk)
    decide(mina, code, view.hunks[0], True)
    assert [hunk.state for hunk in selectors.suggestions(actor=mina, document_id=code.pk).suggestions[0].hunks] == [
        "accepted", "open", "open",
    ]  # fmt: skip
