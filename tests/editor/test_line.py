"""The line of a document: who waits together is stored together, and one that fails alone fails alone."""

import asyncio

import pytest

from editor import line, services
from editor.changes import ChangeSet
from editor.models import Update
from editor.services import Push
from realtime import threads
from realtime.protocol import Refused
from tests import factories
from tests.editor.conftest import client_of, edit, make_document, on_a_thread, text_of

pytestmark = [pytest.mark.stack, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("realtime")]

START = "one\ntwo\n"


class Explosive(ChangeSet):
    """An edit on which the algebra stumbles, as only a bug of ours could make it."""

    __slots__ = ()

    def apply(self, text):
        raise ZeroDivisionError("on purpose")


@pytest.fixture
def batches(monkeypatch):
    """Sizes of the batches that were stored."""
    sizes = []
    submit = services.submit_batch

    def note(*, document_id, pushes):
        sizes.append(len(pushes))
        return submit(document_id=document_id, pushes=pushes)

    monkeypatch.setattr(services, "submit_batch", note)
    return sizes


def keystroke(user, number, letter="x"):
    return Push(user, client_of(user, str(number)), 0, [edit(START, 0, 0, letter)])


async def test_pushes_that_wait_together_share_transactions(mina, document, batches):
    answers = await asyncio.gather(*(line.submit(document.pk, keystroke(mina, n)) for n in range(100)))
    assert sorted(answer.version for answer in answers) == list(range(1, 101))
    assert len(batches) <= 4
    assert max(batches) == line.BATCH_PUSHES
    assert not line._lines
    assert await on_a_thread(lambda: text_of(document)) == "x" * 100 + START


async def test_a_batch_holds_no_more_updates_than_one_transaction_should(mina, document, batches):
    text, changes = START, []
    for _ in range(100):
        changes.append(edit(text, 0, 0, "x"))
        text = "x" + text
    pushes = [Push(mina, client_of(mina, str(n)), 0, changes) for n in range(3)]
    first = asyncio.ensure_future(line.submit(document.pk, keystroke(mina, 9)))
    await asyncio.sleep(0)
    answers = await asyncio.gather(*(line.submit(document.pk, push) for push in pushes))
    assert [answer.version for answer in answers] == [101, 201, 301]
    assert (await first).version == 1
    assert batches == [1, 2, 1]


async def test_one_refused_push_leaves_the_others_alone(mina, teo, ines, document):
    answers = await asyncio.gather(
        line.submit(document.pk, keystroke(mina, 1)),
        line.submit(document.pk, keystroke(ines, 1)),
        line.submit(document.pk, keystroke(teo, 1)),
        return_exceptions=True,
    )
    assert [answer.code if isinstance(answer, Refused) else answer.version for answer in answers] == [
        1,
        "not_member",
        2,
    ]


async def test_one_push_that_breaks_the_batch_breaks_only_itself(mina, teo, document, batches):
    broken = Push(teo, client_of(teo), 0, [Explosive((8, -1), ("",), 8, 8)])
    answers = await asyncio.gather(
        line.submit(document.pk, broken),
        line.submit(document.pk, keystroke(mina, 1)),
        line.submit(document.pk, keystroke(teo, 2)),
        return_exceptions=True,
    )
    assert [getattr(answer, "version", type(answer)) for answer in answers] == [ZeroDivisionError, 1, 2]
    assert batches == [3, 1, 1, 1]
    assert await on_a_thread(Update.objects.count) == 2


async def test_who_goes_away_while_waiting_is_stored_all_the_same(mina, document):
    waiting = asyncio.ensure_future(line.submit(document.pk, keystroke(mina, 1)))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert (await line.submit(document.pk, keystroke(mina, 2, "y"))).version == 2


async def test_documents_have_lines_of_their_own(mina, room, document):
    other = await on_a_thread(lambda: make_document(mina, room, text=START))
    answers = await asyncio.gather(*(line.submit(one.pk, keystroke(mina, 1)) for one in (document, other)))
    assert [answer.version for answer in answers] == [1, 1]


async def test_a_chat_message_and_a_push_share_the_writer(mina, room, document):
    said, pushed = await asyncio.gather(
        threads.write(factories.say, mina, room), line.submit(document.pk, keystroke(mina, 1))
    )
    assert (said.body, pushed.version) == ("Hello", 1)
