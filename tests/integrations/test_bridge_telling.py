"""What goes over to the channel calls only whom it may, and one thing that is refused keeps nothing else back."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from asgiref.sync import async_to_sync
from django.db.backends.utils import CursorWrapper

from accounts.models import User
from chat import services as chat
from chat.models import Attachment, Mention, Message
from integrations.bridge import bringing, runner, sending
from integrations.models import BridgeLink, BridgeOutbox, BridgeStep
from integrations.services.bridges import outbox, setup, telling, tending
from outbound.client import Client
from realtime import threads
from tests import factories
from tests.chat.uploading import stored

pytestmark = [pytest.mark.stack, pytest.mark.django_db(transaction=True)]
STUMBLES = pytest.mark.allow_logged_errors("what it stumbles over is recorded")


# Calls


def test_writer_whose_name_is_a_call_calls_nobody(both, fake):
    fake.set(overrides=False)
    loud = factories.make_person("loud", display_name="@all @channel")
    chat.join_room(actor=loud, room_id=both.room.pk)
    both.say(loud, "hi")
    both.pump()
    assert both.there() == ["**@\u200ball @\u200bchannel**: hi"]


def test_file_whose_name_is_a_call_calls_nobody(both, teo, fake):
    fake.set(file_bytes_most=3)
    both.say(teo, "see", attachments=[stored(teo, both.room, b"too large", "@all.txt").id])
    both.pump()
    (told,) = both.there()
    assert told.startswith("see\n\n*The file @\u200ball.txt was not carried over:")


def test_edit_calls_nobody_who_was_not_called(both, teo):
    message = both.say(teo, "quiet")
    both.pump()
    chat.edit_message(actor=teo, room_id=both.room.pk, message_id=message.pk, body="`a\n- @all`")
    both.pump()
    assert both.there() == ["`a\n- @\u200ball`"]


def test_code_that_is_cut_calls_nobody_in_its_second_part(both, teo):
    message = both.say(teo, "short")
    long = "`" + "a " * 8_300 + "@all`"
    Message.objects.filter(pk=message.pk).update(body=long)
    both.pump()
    first, second = both.there()
    assert second.endswith("@\u200ball`")
    assert len(first) <= 16_383


def test_member_who_may_not_call_the_room_does_not_call_the_channel(both, mina, teo):
    BridgeLink.objects.update(everybody=True)
    for _ in range(20):
        chat.join_room(actor=factories.make_person(), room_id=both.room.pk)
    both.say(teo, "@room hear me")
    both.say(mina, "@room hear me")
    both.pump()
    assert both.there() == ["@\u200broom hear me", "@channel hear me"]


def test_person_there_is_named_by_a_link_and_called_there(both, teo):
    both.hear("hi, I am new", "alice")
    both.pump()
    ghost = User.objects.get(kind="bridge")
    both.say(teo, f"welcome @{ghost.username}, @nobody")
    both.pump()
    message = Message.objects.get(author=teo)
    assert f'<span class="at" data-user="{ghost.pk}">@{ghost.username}</span>' in message.html
    assert not Mention.objects.exists(), "nobody reads what calls them"
    assert both.there()[-1] == "welcome @alice, @\u200bnobody"
    both.hear(f"@{ghost.username.partition('-')[0]} that is me", "bob")
    both.pump()
    said = Message.objects.get(body__endswith="that is me")
    assert f'data-user="{ghost.pk}"' in said.html


def test_answer_quotes_people_there_by_their_name_and_calls_nobody(both, teo):
    both.hear("hi", "alice")
    both.pump()
    ghost = User.objects.get(kind="bridge")
    first = both.say(teo, f"@{ghost.username} look")
    both.say(teo, "yes", reply_to=first.pk)
    both.pump()
    assert both.there()[-1] == "> @\u200balice look\n\nyes"


# Refusals


def edit(teo, message):
    chat.edit_message(actor=teo, room_id=message.room_id, message_id=message.pk, body="one, better")


def react(teo, message):
    chat.add_reaction(actor=teo, room_id=message.room_id, message_id=message.pk, emoji="👍")


@pytest.mark.parametrize(("change", "path"), [(edit, "/patch"), (react, "POST /reactions")], ids=["edit", "reaction"])
def test_change_that_is_not_allowed_keeps_nothing_back(both, teo, fake, change, path):
    message = both.say(teo, "one")
    both.pump()
    fake.fail_next(403, path, times=9, code="api.context.permissions.app_error")
    change(teo, message)
    both.say(teo, "two")
    both.pump()
    assert both.there() == ["one", "two"]
    assert both.state() == ("active", "")
    held = BridgeOutbox.objects.get()
    assert (held.state, held.problem) == ("failed", "The server does not allow this.")


def test_reaction_under_a_post_that_is_gone_there_is_forgotten(both, teo, fake):
    message = both.say(teo, "one")
    both.pump()
    fake.delete("bridgebot", both.posts()[0].id)
    chat.add_reaction(actor=teo, room_id=both.room.pk, message_id=message.pk, emoji="👍")
    BridgeLink.objects.update(direction="out")
    both.pump()
    assert not BridgeOutbox.objects.exists()


def test_deletion_waits_until_the_account_is_in_the_channel_again(both, teo, fake):
    message = both.say(teo, "not for them")
    both.pump()
    fake.remove_member(both.seed.channel_id, "bridgebot")
    chat.delete_message(actor=teo, room_id=both.room.pk, message_id=message.pk)
    both.pump()
    assert (both.there(), BridgeOutbox.objects.get().state) == (["not for them"], "waiting")
    fake.add_member(both.seed.channel_id, "bridgebot")
    both.pump()
    assert (both.there(), both.state()) == ([], ("active", ""))
    assert not BridgeOutbox.objects.exists()


def test_file_that_is_not_here_any_more_keeps_no_words_back(both, teo):
    file = stored(teo, both.room, b"the plan", "plan.txt")
    row = Attachment.objects.get(pk=file.id)
    row.file.storage.delete(str(row.file.name))
    both.say(teo, "see", attachments=[file.id])
    both.say(teo, "next")
    both.pump()
    assert both.there() == [f"see\n\n*The file plan.txt was not carried over: {bringing.GONE}*", "next"]


@pytest.mark.parametrize("status", [403, 501], ids=["not-allowed", "switched-off"])
def test_files_that_the_server_takes_from_nobody_keep_no_words_back(both, teo, fake, status):
    fake.fail_next(status, "/files", times=9, code="api.file.attachments.disabled.app_error")
    both.say(teo, "see", attachments=[stored(teo, both.room, b"the plan", "plan.txt").id])
    both.say(teo, "next")
    both.pump()
    first, second = both.there()
    assert first.startswith("see\n\n*The file plan.txt was not carried over: ")
    assert second == "next"


@STUMBLES
def test_message_that_we_stumble_over_stands_in_nobodys_way_for_long(both, teo):
    file = stored(teo, both.room, b"the plan", "plan.txt")
    kept = Path(Attachment.objects.get(pk=file.id).file.path)
    kept.unlink()
    kept.mkdir()
    both.say(teo, "see", attachments=[file.id])
    both.say(teo, "next")
    both.pump()
    assert (both.there(), BridgeOutbox.objects.count()) == ([], 2), "it is tried again first"
    for _ in range(sending.STUMBLES_MOST - 1):
        both.pump()
    assert both.there() == ["next"]
    held = BridgeOutbox.objects.get()
    assert held.state == "failed"
    assert held.problem.startswith("Telling it failed: the log of the site has it as incident ")


def test_order_that_staff_skips_while_it_is_told_is_no_trouble(both, teo):
    both.say(teo, "skipped")
    access = setup.begin_work(server_id=both.server.pk)
    outbox.queue_local(access=access, link_id=both.link.pk)
    due = outbox.next_due(link_id=both.link.pk)
    order = outbox.begin_order(access=access, order_id=due.pk) if due is not None else None
    assert order is not None
    tending.skip_order(actor=both.boss, outbox_id=order.pk, reason="Not there")
    outbox.put_off(access=access, order_id=order.pk, problem="away")
    outbox.give_up(access=access, order_id=order.pk, problem="refused")
    outbox.finish_order(access=access, order=order)
    assert not BridgeOutbox.objects.exists()
    assert not BridgeStep.objects.filter(way=BridgeStep.Way.OUT).exists()


def test_message_is_told_in_few_questions(both, teo, monkeypatch):
    """Each is asked on the way of every message that goes over."""
    both.say(teo, "to know them")
    both.pump()
    both.say(teo, "how much does this cost?")
    asked: list[str] = []
    execute = CursorWrapper.execute

    def count(self, sql, params=None):
        asked.append(sql)
        return execute(self, sql, params)

    async def tell():
        access = await threads.write(setup.begin_work, server_id=both.server.pk)
        async with Client() as client:
            work = runner.Work(access, client)
            await work.introduce()
            with monkeypatch.context() as counting:
                counting.setattr(CursorWrapper, "execute", count)
                await sending.Sender(work._access, work._server).round()
        await asyncio.to_thread(threads.close)

    async_to_sync(tell)()
    assert both.there()[-1] == "how much does this cost?"
    assert sum(sql.startswith("BEGIN") for sql in asked) <= 3
    assert len(asked) <= 33, "\n".join(asked)


def test_files_of_an_emptied_root_are_said_to_stay(both, teo, fake):
    root = both.say(teo, "see", attachments=[stored(teo, both.room, b"the plan", "plan.txt").id])
    both.pump()
    both.hear("their reply", root_id=both.posts()[0].id)
    both.pump()
    chat.delete_message(actor=teo, room_id=both.room.pk, message_id=root.pk)
    both.pump()
    assert both.there() == [telling.DELETED, "their reply"]
    assert both.remade().notice == sending.FILES_STAY


def test_deletion_of_what_somebody_there_wrote_is_said_to_be_ours_alone(both, mina):
    both.hear("noise")
    both.pump()
    message = Message.objects.get(kind="bridge")
    chat.delete_message(actor=mina, room_id=both.room.pk, message_id=message.pk, reason="Noise")
    both.pump()
    assert (both.here(), both.there()) == ([], ["noise"])
    assert both.remade().notice == sending.STAYS
    assert not BridgeOutbox.objects.exists()
