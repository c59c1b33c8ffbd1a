"""Searching: the same words, filters, rights and order on every database."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from accounts.models import User
from chat import selectors, services
from chat.models import Attachment, Membership, Message, Room, SearchEntry
from chat.search import asking, index, marks, words
from chat.selectors.search import MOST
from chat.services import search as indexing
from chat.shapes import SearchPiece
from realtime import consumers
from realtime.protocol import Refused
from tests import factories
from tests.chat.conftest import signed_in
from tests.factories import say

pytestmark = [pytest.mark.django_db, pytest.mark.stack]


@pytest.fixture(autouse=True)
def fresh_buckets() -> Iterator[None]:
    """People's ids come again in the next test; what they spent must not."""
    consumers._buckets.clear()
    yield
    consumers._buckets.clear()


def found(actor: User, q: str, **given: Any) -> list[str]:
    """The texts of the messages found, newest first."""
    return [text(hit.pieces) for hit in selectors.search(actor=actor, q=q, **given).messages]


def text(pieces: Sequence[SearchPiece]) -> str:
    return "".join(piece.text for piece in pieces)


def marked(actor: User, q: str) -> list[str]:
    """What is marked in the first message found."""
    return [piece.text for piece in selectors.search(actor=actor, q=q).messages[0].pieces if piece.mark]


WORDS = [
    ("Rebase drops the second cursor", "second cursor", ["second", "cursor"]),
    ("Name flags on cursors fade after two seconds", "cursor second", ["cursors", "seconds"]),
    ("Das ist die Straße nach Köln", "strasse koln", ["Straße", "Köln"]),
    ("Un café crème", "CAFE CRÈME", ["café", "crème"]),
    ("cafe\u0301 again", "café", ["cafe\u0301"]),
    ("see session.py line 12", "session.py", ["session.py"]),
    ("the map_selection function", "selection", ["selection"]),
    ("call mapSelection here", "selection", ["Selection"]),
    ("call mapSelection here", "mapsel", ["mapSelection"]),
    ("an XMLHttpRequest fails", "http", ["Http"]),
    ("検索は日本語でも動きます", "日本語", ["日本語"]),
    ("検索は日本語でも動きます", "本語", ["本語"]),
    ("検索は日本語でも動きます", "動", ["動"]),
    ("我们明天开会讨论搜索", "明天开会", ["明天开会"]),
    ("สวัสดีชาวโลก", "ชาวโลก", ["ชาวโลก"]),
    ("한국어 검색을 합니다", "검색", ["검색을"]),
    ("हिन्दी में खोज", "हिन्दी", ["हिन्दी"]),
    ("Ещё один пример", "еще", ["Ещё"]),
    ("İstanbul calling", "istanbul", ["İstanbul"]),
    ("released 🎉 today", "🎉", ["🎉"]),
    ("version v1.2.3 is out", "v1.2.3", ["v1.2.3"]),
    ("don't panic", "don't", ["don't"]),
    ('say "hello world" now', '"hello world"', ["hello world"]),
    ("100% of O'Brien's <b>", "o'brien", ["O'Brien"]),
    ("a b c", "b", ["b"]),
]


@pytest.mark.parametrize(("said", "asked", "shown"), WORDS)
def test_member_finds_words_in_any_script_and_sees_them_marked(mina, room, said, asked, shown):
    say(mina, room, "something else")
    say(mina, room, said)
    assert len(found(mina, asked)) == 1
    assert marked(mina, asked) == shown


NOT_FOUND = [
    ("second thoughts", "second cursor"),
    ("cursor second", '"second cursor"'),
    ("seconds cursor", '"second cursor"'),
    ("bicycle", "cycle"),
    ("ab", "b"),
    ("seconds", "se"),
    ("日本", "日語"),
    ("map here selection", '"map selection"'),
    ("one two", "two -one"),
    ("cats", "-cats in:realtime-core has:link"),
]


@pytest.mark.parametrize(("said", "asked"), NOT_FOUND)
def test_member_does_not_find(mina, room, said, asked):
    say(mina, room, said)
    assert found(mina, asked) == []


@pytest.mark.parametrize(
    "asked",
    [
        *(
            '"',
            "'",
            "*",
            "a*b",
            "a AND",
            "NEAR(a b)",
            "a OR b",
            "NOT",
            "(",
            ")",
            "col:x",
            "^a",
            "a:*",
            "!a",
            "a & b | !c",
        ),
        *("<->", "\\", "a\\'b", "--", "'; DROP TABLE x", "%", "_", '""', '"unclosed', "-", ":", "\u202e", "\ue000r1"),
    ],
)
def test_any_text_is_only_text(mina, room, asked):
    say(mina, room, "hello there")
    answer = selectors.search(actor=mina, q=asked)
    assert (answer.messages, answer.problems) == ([], [])


def test_words_that_mean_something_to_a_database_are_found_as_words(mina, room):
    say(mina, room, "this AND that OR NOT near")
    assert found(mina, "and not near") == ["this AND that OR NOT near"]


def test_excluded_words_stand_beside_wanted_ones(mina, room):
    say(mina, room, "red apple")
    say(mina, room, "green apple")
    say(mina, room, "green applesauce")
    assert found(mina, "apple -red") == ["green applesauce", "green apple"]
    assert found(mina, 'apple -"green apple"') == ["green applesauce", "red apple"]
    assert found(mina, "-red -applesauce") == ["green apple"]


def test_nobody_finds_what_is_said_in_rooms_they_are_not_in(mina, teo, ines, room, secret):
    say(mina, secret, "the salary table")
    say(mina, room, "no salary here")
    say(mina, factories.make_direct(mina, teo), "salary between us")
    assert len(found(teo, "salary")) == 3
    assert found(ines, "salary") == []
    answer = selectors.search(actor=ines, q="in:hiring salary")
    unknown = selectors.search(actor=ines, q="in:hirong salary")
    assert answer.problems[0].message.replace("hiring", "x") == unknown.problems[0].message.replace("hirong", "x")
    assert answer.counts.messages == 0
    assert answer.facets == []


def test_a_former_member_finds_nothing_from_that_moment(mina, teo, secret):
    say(mina, secret, "kept among us")
    assert len(found(teo, "among")) == 1
    services.leave_room(actor=teo, room_id=secret.pk)
    assert found(teo, "among") == []


def test_an_edit_changes_what_is_found_at_once(mina, room):
    message = say(mina, room, "the password is swordfish")
    services.edit_message(actor=mina, room_id=room.pk, message_id=message.pk, body="the password is gone")
    assert found(mina, "swordfish") == []
    assert found(mina, "password gone") == ["the password is gone"]


def test_a_deleted_message_leaves_no_word_in_the_index(mina, room):
    message = say(mina, room, "the password is swordfish")
    services.delete_message(actor=mina, room_id=room.pk, message_id=message.pk)
    assert found(mina, "swordfish") == []
    assert not SearchEntry.objects.filter(message=message).exists()
    assert stored_words("swordfish") == 0


def stored_words(word: str) -> int:
    """How many rows of the index hold a word."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT count(*) FROM chat_searchwords WHERE chat_searchwords MATCH %s", [word])
        else:
            cursor.execute("SELECT count(*) FROM chat_searchentry WHERE words @@ %s::tsquery", [word])
        return int(cursor.fetchone()[0])


def test_words_go_with_their_room(mina, room):
    say(mina, room, "swordfish")
    room.delete()
    assert stored_words("swordfish") == 0
    assert index.backend().faults() == []


def test_system_lines_are_not_found(mina, teo, room):
    services.leave_room(actor=teo, room_id=room.pk)
    assert found(mina, "teo") == []


def test_a_reply_is_found_with_what_it_answers(mina, teo, room):
    root = say(teo, room, "Does it happen with three people?")
    say(mina, room, "Something between")
    reply = say(mina, room, "Yes, the third jumps", thread=root.pk)
    [hit] = selectors.search(actor=mina, q="third jumps").messages
    assert (hit.thread_root, hit.thread_author, hit.context_first) == (root.pk, teo.pk, True)
    assert hit.context is not None
    assert hit.context.excerpt == "Does it happen with three people?"
    assert hit.url == f"{services_url(room)}m/{reply.pk}/"


def services_url(room: Room) -> str:
    return f"/rooms/{room.slug}/"


def test_a_message_is_found_with_its_answer_unless_that_came_much_later(mina, teo, room):
    start = timezone.now() - timedelta(days=2)
    say(mina, room, "the needle", at=start)
    say(teo, room, "the answer", at=start + timedelta(minutes=1))
    say(teo, room, "lonely hay", at=start + timedelta(hours=9))
    [hit] = selectors.search(actor=mina, q="needle").messages
    assert (hit.context and hit.context.excerpt, hit.context_first) == ("the answer", False)
    [hit] = selectors.search(actor=mina, q="lonely").messages
    assert hit.context is None


@pytest.fixture
def spread(mina: User, teo: User, room: Room, secret: Room) -> datetime:
    """Messages about a fox by two people in two rooms over three days; the last day."""
    now = datetime(2026, 3, 10, 12, tzinfo=UTC)
    for days, who, where, body in [
        (2, mina, room, "fox one"),
        (1, teo, room, "fox two https://example.org/den"),
        (1, mina, secret, "fox three `code`"),
        (0, teo, secret, "fox four"),
    ]:
        say(who, where, body, at=now - timedelta(days=days, minutes=len(body)))
    return now


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ("", ["four", "three", "two", "one"]),
        ("from:mina", ["three", "one"]),
        ("from:@Mina", ["three", "one"]),
        ("from:me", ["three", "one"]),
        ("from:mina from:teo in:hiring", ["four", "three"]),
        ("in:#hiring", ["four", "three"]),
        ('in:"realtime core"', ["two", "one"]),
        ("in:hiring in:realtime-core from:teo", ["four", "two"]),
        ("has:link", ["two"]),
        ("has:code", ["three"]),
        ("has:link has:code", []),
        ("on:2026-03-09", ["three", "two"]),
        ("before:2026-03-09", ["one"]),
        ("after:2026-03-09", ["four"]),
        ("after:2026-03-07 before:2026-03-10", ["three", "two", "one"]),
        ("during:2026-03", ["four", "three", "two", "one"]),
        ("during:2025", []),
        ("FROM:mina Has:CODE", ["three"]),
    ],
)
def test_filters_narrow_with_and_without_words(mina, spread, filters, expected):
    shown = [hit.split()[1] for hit in found(mina, f"fox {filters}")]
    assert shown == expected
    if filters:
        assert [hit.split()[1] for hit in found(mina, filters)] == expected


def test_a_direct_room_is_named_by_the_person(mina, teo, ines):
    say(mina, factories.make_direct(mina, teo), "between us")
    say(mina, factories.make_direct(mina, ines), "between others")
    assert found(mina, "between in:@teo") == ["between us"]
    assert selectors.search(actor=mina, q="between in:@nobody").problems[0].text == "in:@nobody"


def test_filters_know_what_hangs_on_a_message(mina, teo, room):
    pinned = say(mina, room, "kept")
    liked = say(mina, room, "liked")
    root = say(mina, room, "root")
    say(teo, room, "reply", thread=root.pk)
    services.add_reaction(actor=teo, room_id=room.pk, message_id=liked.pk, emoji="👍")
    services.pin_message(actor=mina, room_id=room.pk, message_id=pinned.pk)
    assert found(mina, "has:reaction") == ["liked"]
    assert found(mina, "has:pin") == ["kept"]
    assert found(mina, "has:thread") == ["reply"]


def test_days_begin_where_the_person_is(mina, room):
    from zoneinfo import ZoneInfo

    say(mina, room, "late", at=datetime(2026, 3, 9, 23, 30, tzinfo=UTC))
    assert found(mina, "on:2026-03-09") == ["late"]
    assert found(mina, "on:2026-03-09", zone=ZoneInfo("Europe/Helsinki")) == []
    assert found(mina, "on:2026-03-10", zone=ZoneInfo("Europe/Helsinki")) == ["late"]


@pytest.mark.parametrize(
    ("asked", "wrong"),
    [
        ("from:zed x", "from:zed"),
        ("from: x", "from:"),
        ("in:nowhere", "in:nowhere"),
        ("has:cake", "has:cake"),
        ("before:tuesday", "before:tuesday"),
        ("on:2026-02-30", "on:2026-02-30"),
        ("after:99999", "after:99999"),
        ("-from:mina", "-from:mina"),
    ],
)
def test_a_filter_that_means_nothing_is_named_and_nothing_is_found(mina, room, asked, wrong):
    say(mina, room, "x")
    answer = selectors.search(actor=mina, q=asked)
    assert [one.text for one in answer.problems] == [wrong]
    assert answer.messages == []


@pytest.mark.parametrize("asked", ["x" * 301, " ".join("abcdefghijklm"), "has:link " * 13])
def test_a_search_has_an_end(mina, asked):
    with pytest.raises(Refused, match="too_large"):
        selectors.search(actor=mina, q=asked)


def test_pages_follow_one_another_while_people_go_on_talking(mina, room):
    start = timezone.now() - timedelta(hours=1)
    for number in range(45):
        say(mina, room, f"fox number{number}", at=start + timedelta(seconds=number))
    for order in ("newest", "best"):
        first = selectors.search(actor=mina, q="fox", order=order)
        say(mina, room, f"fox meanwhile {order}")
        second = selectors.search(actor=mina, q="fox", order=order, more=first.more or "")
        third = selectors.search(actor=mina, q="fox", order=order, more=second.more or "")
        shown = [text(hit.pieces) for page in (first, second, third) for hit in page.messages]
        assert [len(page.messages) for page in (first, second)] == [20, 20]
        assert third.more is None
        assert len(set(shown)) == len(shown) == first.counts.messages
        assert second.facets == []
    with pytest.raises(Refused, match="invalid"):
        selectors.search(actor=mina, q="fox", more="'1")


def test_the_best_match_is_not_the_newest(mina, room):
    say(mina, room, "rebase cursor")
    say(mina, room, "a cursor was seen in a very long story that also says, far away from there, something of a rebase")
    say(mina, room, "rebased cursors")
    assert found(mina, "rebase cursor")[0] == "rebased cursors"
    assert found(mina, "rebase cursor", order="best")[0] == "rebase cursor"


def test_people_and_rooms_are_counted_as_if_none_had_been_chosen(mina, teo, spread, room, secret):
    answer = selectors.search(actor=mina, q="fox from:mina in:hiring")
    told = {(one.key, one.value, one.count, one.chosen) for one in answer.facets}
    assert told == {
        ("from", "mina", 1, True),
        ("from", "teo", 1, False),
        ("in", "Hiring", 1, True),
        ("in", "realtime-core", 1, False),
    }
    assert answer.counts.messages == 1


def make_file(message: Message, name: str, kind: str = "file") -> Attachment:
    file = Attachment.objects.create(
        room=message.room, uploader=message.author, message=message, kind=kind, name=name, state="claimed",
        content_type="text/plain", sha256="0" * 64, size_bytes=5, file=f"x/{name}",
    )  # fmt: skip
    indexing.reindex_messages(ids=[message.pk])
    return file


def test_files_are_found_by_name(mina, teo, ines, room, secret):
    trace = make_file(say(mina, room, "see this"), "rebase-trace.jsonl")
    make_file(say(teo, secret, "and this"), "Traceroute.png", "image")
    answer = selectors.search(actor=mina, q="trace", kind="files")
    assert [text(hit.name) for hit in answer.files] == ["Traceroute.png", "rebase-trace.jsonl"]
    assert [piece.text for piece in answer.files[1].name if piece.mark] == ["trace"]
    assert (answer.counts.files, answer.counts.messages) == (2, 0)
    assert [text(hit.name) for hit in selectors.search(actor=mina, q="has:image", kind="files").files] == [
        "Traceroute.png"
    ]
    assert found(mina, "has:file from:mina") == ["see this"]
    assert selectors.search(actor=ines, q="trace", kind="files").files == []
    services.block_attachment(actor=mina, attachment_id=trace.pk, reason="a secret")
    assert [text(hit.name) for hit in selectors.search(actor=mina, q="trace", kind="files").files] == ["Traceroute.png"]
    assert found(mina, "has:file from:mina") == []


def test_a_long_message_is_cut_around_the_word(mina, room):
    say(mina, room, f"{'before ' * 100}needle {'after ' * 200}")
    [hit] = selectors.search(actor=mina, q="needle").messages
    shown = text(hit.pieces)
    assert len(shown) < marks.EXCERPT_CHARS + 10
    assert shown.startswith("… before")
    assert shown.endswith("after …")
    assert [piece.text for piece in hit.pieces if piece.mark] == ["needle"]


def test_nothing_of_a_text_becomes_markup(mina, room):
    say(mina, room, "**bold** `a < b` <script>alert(1)</script> [link](https://example.org/needle) &amp; @mina")
    [hit] = selectors.search(actor=mina, q="alert").messages
    assert text(hit.pieces) == "bold a < b <script>alert(1)</script> link & @mina"
    assert [piece.text for piece in hit.pieces if piece.code] == ["a < b"]
    assert len(found(mina, "needle")) == 1


def test_a_message_of_the_same_moment_and_id_is_stored_all_the_same(mina, room, monkeypatch):
    import secrets

    draws = iter([7, 7, 8])
    monkeypatch.setattr(secrets, "randbits", lambda bits: next(draws))
    at = timezone.now()
    say(mina, room, "first", at=at)
    say(mina, room, "second", at=at)
    assert found(mina, "from:mina") == ["second", "first"]


def test_imported_lines_are_found_at_the_time_when_they_were_said(mina, room, tmp_path):
    say(mina, room, "needle of today")
    file = tmp_path / "old-2004-12-25.jsonl"
    lines = [f'{{"line":{n},"time":"10:00","author":"ann","body":"needle {n}","reply_to":null}}' for n in range(1, 4)]
    file.write_text("\n".join(lines))
    call_command("import_room", str(file), room=room.slug, verbosity=0)
    assert found(mina, "needle") == ["needle of today", "needle 3", "needle 2", "needle 1"]
    assert found(mina, "needle during:2004") == ["needle 3", "needle 2", "needle 1"]


def test_operator_rebuilds_what_is_missing_stale_or_left_over(mina, room, capsys):
    kept, lost, changed, gone = (say(mina, room, f"fox {name}") for name in ("kept", "lost", "changed", "gone"))
    SearchEntry.objects.filter(message=lost).delete()
    Message.objects.filter(pk=changed.pk).update(body="fox altered", html="<p>fox altered</p>")
    Message.objects.filter(pk=gone.pk).update(deleted_at=timezone.now(), body="", html="")
    call_command("rebuild_search", dry_run=True, verbosity=0)
    assert "1 missing, 1 out of date, 1 left over" in capsys.readouterr().out
    assert len(found(mina, "altered")) == 0
    with pytest.raises(CommandError, match="3"):
        call_command("rebuild_search", check=True, verbosity=0)
    call_command("rebuild_search", verbosity=0)
    assert found(mina, "fox") == ["fox altered", "fox lost", "fox kept"]
    capsys.readouterr()
    call_command("rebuild_search", check=True, verbosity=0)
    assert "Nothing" in capsys.readouterr().out
    call_command("rebuild_search", clear=True, verbosity=0)
    assert found(mina, "fox") == ["fox altered", "fox lost", "fox kept"]
    assert index.backend().faults() == []
    assert kept.pk is not None


def test_messages_of_an_account_that_is_gone_stay_findable_and_up_to_date(mina, teo, room):
    say(teo, room, "fox of teo")
    teo.delete()
    assert found(mina, "fox") == ["fox of teo"]
    assert indexing.repair_messages(after=None, dry_run=True)[0].wrong == 0


def test_what_is_older_than_the_newest_thousand_is_reached_by_a_filter(mina, room):
    at = datetime(2026, 1, 1, tzinfo=UTC)
    rows = [
        Message(room=room, seq=1000 + number, author=mina, body="fox", html="<p>fox</p>", created_at=at)
        for number in range(MOST + 5)
    ]
    Message.objects.bulk_create(rows)
    indexing.index_messages(rows)
    say(mina, room, "fox of today")
    answer = selectors.search(actor=mina, q="fox")
    assert (answer.counts.messages, answer.counts.most) == (MOST, MOST)
    assert selectors.search(actor=mina, q="fox", more=f"{2**62}-{MOST}").messages == []
    assert len(found(mina, "fox on:2026-01-01")) == 20


def test_a_page_costs_a_fixed_number_of_queries(mina, room, django_assert_max_num_queries):
    for number in range(25):
        say(mina, room, f"fox {number}")
    with django_assert_max_num_queries(25):
        selectors.search(actor=mina, q="fox from:mina in:realtime-core")


def test_api_answers_and_refuses(mina, room):
    say(mina, room, "fox")
    client = signed_in(mina)
    answer = client.get("/api/search/", {"q": "fox", "tz": "Europe/Berlin"}).json()
    assert (answer["counts"]["messages"], answer["messages"][0]["pieces"]) == (
        1,
        [{"text": "fox", "mark": True, "code": False}],
    )
    assert client.get("/api/search/", {"q": "fox", "tz": "../etc/passwd"}).status_code == 200
    for query, status in [({"q": "x" * 301}, 413), ({"q": "a", "kind": "cake"}, 400), ({"q": "a\x00"}, 400)]:
        assert client.get("/api/search/", query).status_code == status
    assert client.get("/api/search/").json()["messages"] == []


def test_a_person_who_asks_too_often_waits(mina, room):
    client = signed_in(mina)
    statuses = [client.get("/api/search/", {"q": "fox"}).status_code for _ in range(60)]
    assert statuses[0] == 200
    assert 429 in statuses


def test_membership_counts_and_not_the_index(mina, ines, room):
    """Should an entry say a wrong room, its words are still found by nobody outside."""
    message = say(mina, room, "fox")
    other = factories.make_room(ines, name="Other")
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("UPDATE chat_searchwords SET facets = %s", [f"{index.ANY} {index.FACET}r{other.pk}"])
    assert found(ines, "fox") == []
    assert Membership.objects.filter(room=message.room_id, user=ines).count() == 0


def test_who_is_not_signed_in_finds_nothing(client, mina, room):
    say(mina, room, "fox")
    assert client.get("/api/search/", {"q": "fox"}).status_code == 401


def test_a_word_of_odd_letters_is_one_token():
    assert words.tokens("ﷺ ŉ ½ \u200d a\u200db") == ["صلىاللهعليهوسلم", "ʼn", "12", "\u200d", "a\u200db"]
    assert asking.parse("  ", now=timezone.now()).is_empty


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has no time-out of the kind")
def test_the_time_out_of_a_search_holds_for_its_own_queries_only(mina, room):
    say(mina, room, "words")
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        before = cursor.fetchone()
        assert found(mina, "words") == ["words"]
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == before
