"""After a test that committed the next one finds nothing of it, and everything that guards the tables."""

import threading
import time
from collections.abc import Callable

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import DatabaseError, connection, connections, transaction
from django.db.backends.utils import CursorWrapper

from accounts.models import AuditEntry
from accounts.services import record_audit
from realtime.models import Topic
from tests import emptying, factories

pytestmark = [pytest.mark.stack, pytest.mark.django_db(transaction=True)]


class Counted(emptying.Emptying):
    """Empties, and counts how often it had to flush."""

    def __init__(self) -> None:
        super().__init__()
        self.flushes = 0
        self.begin()

    def begin(self) -> None:
        self.empty(self.flush)

    def flush(self) -> None:
        self.flushes += 1
        call_command("flush", interactive=False, verbosity=0)


def filled() -> set[str]:
    with connection.cursor() as cursor:
        tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
        return set(emptying.filled(cursor, tables))


def kinds() -> list[tuple[int, str]]:
    return list(ContentType.objects.order_by("pk").values_list("pk", "model"))


def test_next_test_finds_what_the_first_one_found():
    one = Counted()
    tables, known = filled(), kinds()
    mina, teo = factories.make_person(), factories.make_person()
    factories.say(mina, factories.make_room(mina, teo), "Words to be found")
    record_audit(actor=mina, action="test.look", target="user:1")
    assert filled() > tables
    one.begin()
    assert (one.flushes, filled(), kinds()) == (1, tables, known)
    record_audit(actor=None, action="test.look", target="user:1")
    with pytest.raises(DatabaseError, match="the trail is"):
        AuditEntry.objects.all()._raw_delete("default")


def add_kind() -> None:
    ContentType.objects.create(app_label="tests", model="extra")


def write_much() -> None:
    Topic.objects.bulk_create(Topic(key=f"test:{number}") for number in range(emptying.MANY_ROWS))


@pytest.mark.parametrize("do", [add_kind, write_much], ids=["what is kept", "many rows"])
def test_changing_what_is_kept_or_writing_much_ends_in_a_flush(do: Callable[[], None]):
    one = Counted()
    tables = filled()
    do()
    one.begin()
    assert (one.flushes, filled()) == (2, tables)
    assert not ContentType.objects.filter(app_label="tests").exists()


def test_thread_that_still_writes_is_waited_for():
    one = Counted()
    begun, go_on = threading.Event(), threading.Event()

    def write() -> None:
        with transaction.atomic():
            Topic.objects.create(key="test:late")
            begun.set()
            go_on.wait()
        connections.close_all()

    writer = threading.Thread(target=write)
    writer.start()
    begun.wait()
    threading.Timer(0.2, go_on.set).start()
    one.begin()
    writer.join()
    assert not Topic.objects.exists()


@pytest.mark.parametrize("full", [False, True], ids=["rows", "flush"])
def test_server_that_locks_the_tables_in_another_order_holds_up_nothing(full: bool):
    if connection.vendor != "postgresql":
        return  # SQLite has one lock
    one = Counted()
    tables = filled()
    begun, met = threading.Event(), []

    def write() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            # Whoever waits longest finds the deadlock and ends: not this one.
            cursor.execute("SET LOCAL deadlock_timeout = '60s'")
            cursor.execute("LOCK TABLE realtime_topic IN EXCLUSIVE MODE")
            begun.set()
            while not waits(cursor):
                time.sleep(0.01)
            cursor.execute("LOCK TABLE accounts_user, chat_room, dashboard_sample IN EXCLUSIVE MODE")
            met.append("all")
        connections.close_all()

    if full:
        write_much()
        add_kind()
    else:
        factories.make_person()
    writer = threading.Thread(target=write)
    writer.start()
    begun.wait()
    one.begin()
    writer.join()
    assert (met, one.flushes, filled()) == (["all"], 1 + full, tables)


def waits(cursor: CursorWrapper) -> bool:
    """Whether somebody waits for a lock."""
    cursor.execute("SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted)")
    return bool(cursor.fetchone()[0])
