"""The assistant as an author: its edits are ordinary updates with the rights of who asked, under its own caret; and
what people do with suggestions and runs over the socket and the JSON API.
"""

import json
from uuid import uuid4

import pytest

from editor import selectors, services
from editor.models import Update
from editor.services import DocumentChange, Edit
from realtime.protocol import Refused
from tests import factories
from tests.editor.agents import CODE, run_writes
from tests.editor.agents import assistant as assistant
from tests.editor.agents import code as code
from tests.editor.conftest import make_document, on_a_thread, opened, replay, signed_in, text_of, write

pytestmark = [pytest.mark.stack, pytest.mark.django_db]


def proposed(assistant, asker, document, *edits):
    wanted = edits or [("return 1\n", "return 10\n"), ("return 2\n", "return 20\n")]
    return services.propose_edits(
        actor=assistant,
        on_behalf_of=asker,
        document_id=document.pk,
        base_version=0,
        edits=[Edit(*edit) for edit in wanted],
        run="r1",
    )


def refusal(call):
    with pytest.raises(Refused) as caught:
        call()
    return caught.value


# Written


def test_edits_of_a_run_are_updates_of_the_assistant(assistant, mina, code):
    done = run_writes(assistant, mina, code, ("return 1", "return 10"), ("return 2", "return 20"))
    assert text_of(code) == CODE.replace("return 1", "return 10").replace("return 2", "return 20") == replay(code)[-1]
    rows = Update.objects.filter(document=code)
    assert {(row.author, row.run, row.client_id) for row in rows} == {(assistant, "r1", "run-r1")}
    assert done.version == rows.count() == 2
    assert not any("return" in row.changes for row in rows)  # only what differs is written


def test_a_long_text_comes_in_pieces(assistant, mina, code):
    lines = "".join(f"line {number}\n" for number in range(10))
    assert run_writes(assistant, mina, code, ("def two", f"{lines}def two")).version == 3
    assert text_of(code) == CODE.replace("def two", f"{lines}def two")


def test_edits_find_their_places_after_others_typed_elsewhere(assistant, mina, teo, code):
    write(teo, code, 0, 0, "# top\n")
    run_writes(assistant, mina, code, ("return 2", "return 20"), base=0)
    assert text_of(code) == "# top\n" + CODE.replace("return 2", "return 20")


def test_a_run_goes_on_after_its_own_edits(assistant, mina, code):
    run_writes(assistant, mina, code, ("return 2", "return 20"), base=0)
    run_writes(assistant, mina, code, ("return 1", "return 10"), base=0)
    assert text_of(code) == CODE.replace("return 1", "return 10").replace("return 2", "return 20")


def test_what_somebody_changed_since_is_not_overrun_writes(assistant, mina, teo, code):
    at = CODE.index("return 2")
    write(teo, code, at, at + 6, "yield")
    refused = refusal(lambda: run_writes(assistant, mina, code, ("return 2", "return 20"), base=0))
    assert (refused.code, refused.message) == (
        "conflict",
        "Teo Lindqvist changed the text at line 6 since. Read the document again.",
    )
    assert not Update.objects.filter(author=assistant).exists()


def test_the_rights_of_who_asked_are_read_at_the_moment_of_writing(assistant, mina, teo, ines, secret, code):
    hidden = make_document(mina, secret, text=CODE)
    edit = ("return 1", "return 10")
    assert refusal(lambda: run_writes(assistant, ines, hidden, edit)).code == "not_found"
    assert refusal(lambda: run_writes(assistant, ines, code, edit)).code == "not_member"
    assert refusal(lambda: run_writes(assistant, mina, code, edit, base=9)).code == "unknown_version"
    assert "Read the document again" in refusal(lambda: run_writes(assistant, mina, code, ("nothing", "x"))).message
    services.update_document(actor=mina, document_id=code.pk, change=DocumentChange(read_only=True))
    assert refusal(lambda: run_writes(assistant, teo, code, edit)).code == "read_only"
    assert run_writes(assistant, mina, code, edit).version == 1
    services.delete_document(actor=mina, document_id=code.pk)
    assert refusal(lambda: run_writes(assistant, mina, code, edit)).code == "gone"


def test_the_history_and_blame_name_the_run(assistant, mina, teo, code):
    view = proposed(assistant, mina, code)
    services.decide_hunk(actor=teo, document_id=code.pk, hunk_id=view.hunks[0].id, accept=True, cid=uuid4())
    run_writes(assistant, mina, code, ("def two", "def three"))
    stretches = selectors.history(actor=mina, document_id=code.pk).stretches
    assert [(one.author, one.run) for one in stretches] == [(teo.pk, None), (assistant.pk, "r1")]
    blocks = selectors.blame(actor=mina, document_id=code.pk).blocks
    assert [(one.line, one.author, one.run, one.suggested_by) for one in blocks if one.version] == [
        (2, teo.pk, None, assistant.pk),
        (5, assistant.pk, "r1", None),
    ]


# Over the socket


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("realtime")
async def test_everybody_sees_the_carets_of_a_run_and_its_end(mina, teo, room, document):
    bot = await on_a_thread(lambda: factories.make_person("assistant", kind="assistant"))
    async with opened(teo, document) as pane:
        await pane.join()
        await on_a_thread(lambda: run_writes(bot, mina, document, ("one\n", "one!\n")))
        assert await pane.heard() == [(1, "run-r1", [3, [0, "!"], 5])]
        moved = await pane.socket.expect("cursor.moved")
        assert moved["data"] == {"client_id": "run-r1", "user": bot.pk, "version": 1, "ranges": [[4, 4]]}
        await on_a_thread(lambda: services.hide_caret(actor=bot, document_id=document.pk, run="r1"))
        assert (await pane.socket.expect("cursor.moved"))["data"]["ranges"] is None


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("realtime")
async def test_teo_decides_over_the_socket_and_mina_comes_too_late(mina, teo, document):
    bot = await on_a_thread(lambda: factories.make_person("assistant", kind="assistant"))
    view = await on_a_thread(lambda: proposed(bot, mina, document, ("one\n", "1\n"), ("two\n", "2\n", None, "Short")))
    wish = {"suggestion": view.id, "hunk": view.hunks[0].id, "cid": str(uuid4())}
    async with opened(teo, document) as one, opened(mina, document) as two:
        assert (await one.say("suggestion.decide", decision="accept", **wish))["code"] == "invalid"  # not joined
        await one.join()
        await two.join()
        done = await one.say("suggestion.decide", decision="accept", **wish)
        assert [hunk["state"] for hunk in done["data"]["hunks"]] == ["accepted"]
        for pane in (one, two):
            # From the end of the text to its beginning: both lines are one change, which is one edit.
            assert await pane.heard() == [(1, f"{teo.pk}-hunk-{wish['cid'].replace('-', '')}-0", [[7, "1", "2"], 1])]
        late = await two.say("suggestion.decide", decision="reject", **{**wish, "cid": str(uuid4())})
        assert (late["code"], late["message"]) == ("conflict", "Teo Lindqvist accepted this change already.")
        undone = await two.say("suggestion.decide", decision="undo", **{**wish, "cid": str(uuid4())})
        assert [hunk["state"] for hunk in undone["data"]["hunks"]] == ["open"]
        all_of_it = {"suggestion": view.id, "hunk": None, "cid": str(uuid4())}
        assert (await one.say("suggestion.decide", decision="undo", **all_of_it))["field"] == "hunk"
        assert (await one.say("suggestion.decide", decision="maybe", **all_of_it))["code"] == "invalid"
        rejected = await one.say("suggestion.decide", decision="reject", **all_of_it)
        assert [hunk["state"] for hunk in rejected["data"]["hunks"]] == ["rejected"]
    assert await on_a_thread(lambda: text_of(document)) == "one\ntwo\n"


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("realtime")
async def test_teo_reverts_a_run_over_the_socket(mina, teo, document):
    bot = await on_a_thread(lambda: factories.make_person("assistant", kind="assistant"))
    await on_a_thread(lambda: run_writes(bot, mina, document, ("one\n", "1\n")))
    async with opened(teo, document) as pane:
        wish = {"run": "r1", "cid": str(uuid4())}
        assert (await pane.say("document.revert", **wish))["code"] == "invalid"  # not joined
        await pane.join()
        done = await pane.say("document.revert", **wish)
        assert done["data"] == {"version": 2, "updates": 1, "skipped": 0}
        assert (await pane.say("document.revert", **wish))["data"] == done["data"]
        refused = await pane.say("document.revert", author=mina.pk, reason="because", cid=str(uuid4()))
        assert refused["code"] == "forbidden"
    assert await on_a_thread(lambda: text_of(document)) == "one\ntwo\n"


# Over HTTP


def api(user, method, path, status=200, **data):
    given = [json.dumps(data)] if method == "post" else [data]
    kind = {"content_type": "application/json"} if method == "post" else {}
    answer = getattr(signed_in(user), method)(path, *given, **kind)
    assert answer.status_code == status, answer.content
    return answer.json()


def test_mina_looks_at_the_difference_and_takes_teo_s_edits_back(mina, teo, room, code):
    write(teo, code, 0, 0, "# spam\n")
    [found] = api(mina, "get", f"/api/rooms/{room.pk}/edited/", author=teo.pk)["documents"]
    assert (found["document"], found["name"], found["updates"]) == (code.pk, "session.py", 1)
    path = f"/api/documents/{code.pk}/take-back/"
    shown = api(mina, "get", path, author=teo.pk, since="2026-01-05T09:00:00Z")
    [part] = shown["difference"]["parts"]
    assert part["lines"][0] == {"sign": "-", "old": 1, "new": None, "text": "# spam"}
    wish = {"cid": str(uuid4()), "author": teo.pk, "since": None, "reason": "only spam"}
    assert api(mina, "post", path, **wish) == {"version": 2, "updates": 1, "skipped": 0}
    assert text_of(code) == CODE


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ({"author": "x"}, 400, "author"),
        ({"author": 1, "since": "yesterday"}, 400, "since"),
        ({"author": 1, "since": "2026-01-05T09:00:00"}, 400, "since"),
        ({}, 400, "author"),
    ],
    ids=["author", "since", "zone", "nothing"],
)
def test_a_question_that_is_malformed_says_which_field(mina, code, query, status, field):
    assert api(mina, "get", f"/api/documents/{code.pk}/take-back/", status, **query)["field"] == field


def test_outsiders_get_suggestions_of_public_rooms_only_and_decide_nothing(assistant, mina, ines, secret, code):
    proposed(assistant, mina, code)
    shown = api(ines, "get", f"/api/documents/{code.pk}/suggestions/")
    assert (len(shown["suggestions"]), shown["can_edit"]) == (1, False)
    assert {person["id"] for person in shown["people"]} == {assistant.pk, mina.pk}
    hidden = make_document(mina, secret)
    api(ines, "get", f"/api/documents/{hidden.pk}/suggestions/", 404)
    api(ines, "get", f"/api/rooms/{secret.pk}/edited/", 404, author=mina.pk)
    api(ines, "get", f"/api/rooms/{code.room_id}/edited/", 400)
    api(ines, "post", f"/api/documents/{hidden.pk}/take-back/", 404, cid=str(uuid4()), run="r1")
