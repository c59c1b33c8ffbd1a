"""The socket of a document: two people join, type, come back and lose their rights."""

import pytest

from editor.models import Update
from tests.editor.conftest import edit, on_a_thread, opened, text_of

pytestmark = [pytest.mark.stack, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("realtime")]


async def test_two_people_type_and_each_hears_both(mina, teo, document):
    async with opened(mina, document) as one, opened(teo, document) as two:
        joined = await one.join()
        assert (joined["data"]["mode"], joined["data"]["version"], joined["data"]["can_edit"]) == ("snapshot", 0, True)
        snapshot = await one.socket.expect("document.snapshot")
        assert (snapshot["data"]["text"], "seq" in snapshot) == ("one\ntwo\n", False)
        await two.join()
        ack = await one.push(0, edit("one\ntwo\n", 3, 3, "!"))
        assert ack["data"] == {"version": 1}
        for pane in (one, two):
            assert await pane.heard() == [(1, one.client_id, [3, [0, "!"], 5])]
        assert (await two.push(0, edit("one\ntwo\n", 8, 8, "three\n")))["data"] == {"version": 2}
        for pane in (one, two):
            assert await pane.heard() == [(2, two.client_id, [9, [0, "three", ""]])]
    assert await on_a_thread(lambda: text_of(document)) == "one!\ntwo\nthree\n"
    assert await on_a_thread(lambda: [row.author_id for row in Update.objects.order_by("version")]) == [mina.pk, teo.pk]
