"""Word rules: kept by moderators, asked for every text that is sent or edited.

Called by chat.services.messages and the admin. What holds is compiled once in each process: the number in `Place.rules`
comes with the question every command asks anyway, and changes with the rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.db import transaction

from accounts import services as accounts
from chat import markdown, words
from chat.markdown import Rendered
from chat.models import Report, Room, WordRule
from chat.search.marks import runs_of
from chat.selectors.standing import Place
from chat.services.moderation.notices import tell_moderators
from chat.shapes import CardView
from realtime.protocol import Refused

if TYPE_CHECKING:
    from accounts.models import User
    from chat.models import Message

RULES_MOST: Final = 2_000
BLOCKED: Final = "A word in this text is not accepted here. Change it and send it again."
BLOCKED_NAME: Final = "A word in the name of a file is not accepted here. Name it otherwise and add it again."


@dataclass(frozen=True, slots=True)
class Screened:
    """What the rules make of a text: what to store, and the rule that wants a moderator to see it."""

    rendered: Rendered
    flagged_by: int | None = None

    @property
    def body(self) -> str:
        """The text to store."""
        return self.rendered.source


class _Shelf:
    """The compiled rules of this process, by room; thrown away when the rules change."""

    def __init__(self) -> None:
        self._state: tuple[int, list[tuple[int | None, words.Rule]], dict[int, words.Book]] = (0, [], {})

    def book(self, *, version: int, room_id: int) -> words.Book:
        """The rules of the site and of one room."""
        known, rules, books = self._state
        if known != version:
            rules, books = _read(), {}
            self._state = (version, rules, books)
        if room_id not in books:
            books[room_id] = words.Book(rule for where, rule in rules if where in (None, room_id))
        return books[room_id]


_shelf: Final = _Shelf()


def _read() -> list[tuple[int | None, words.Rule]]:
    rows = WordRule.objects.filter(enabled=True).order_by("pk").values_list("room_id", "pk", "phrase", "action")
    return [(room_id, words.Rule(pk, phrase, action)) for room_id, pk, phrase, action in rows]


def screen(*, place: Place, rendered: Rendered) -> Screened:
    """What may be stored of a text; asks the database nothing unless the rules have changed.

    A word that Markdown takes apart (`b*a*d`, `b&#97;d`) is found in what the page shows; there it has no letters to
    mask, so such a text is refused.

    Raises:
        Refused: `invalid` with field body when a rule blocks it; the word is not repeated.
    """
    if not place.rules:
        return Screened(rendered)
    book = _shelf.book(version=place.rules, room_id=place.room.pk)
    hits = book.find(rendered.source)
    if any(hit.rule.action == words.BLOCK for hit in hits):
        raise Refused("invalid", BLOCKED, field="body")
    masked = words.mask(rendered.source, [hit for hit in hits if hit.rule.action == words.MASK])
    # Made anew in the transaction, for few messages and never for one that no rule touches.
    stored = rendered if masked == rendered.source else markdown.render(masked)
    flagged = _flagging(hits)
    if not markdown.is_plain(masked):
        seen = book.find("".join(run.text for run in runs_of(stored.html)))
        if any(hit.rule.action != words.FLAG for hit in seen):
            raise Refused("invalid", BLOCKED, field="body")
        flagged = flagged or _flagging(seen)
    return Screened(stored, flagged)


def screen_names(*, place: Place, names: Iterable[str]) -> int | None:
    """The rule that wants a moderator to see a message with files of these names; None for none.

    Raises:
        Refused: `invalid` with field attachments when a rule blocks or masks a word of a name.
    """
    if not place.rules:
        return None
    book = _shelf.book(version=place.rules, room_id=place.room.pk)
    hits = [hit for name in names for hit in book.find(name)]
    if any(hit.rule.action != words.FLAG for hit in hits):
        raise Refused("invalid", BLOCKED_NAME, field="attachments")
    return _flagging(hits)


def screen_card(*, place: Place, card: CardView | None) -> tuple[CardView | None, int | None]:
    """The attachments of a webhook, if no rule masks a word of them, and the rule that wants a moderator to see them.

    Where one does, the card is left out: the words of the message, which say the same, are masked and shown instead.

    Raises:
        Refused: `invalid` with field body when a rule blocks a word of them.
    """
    if card is None or not card.attachments or not place.rules:
        return card, None
    book = _shelf.book(version=place.rules, room_id=place.room.pk)
    hits = [hit for text in _read_on(card) for hit in book.find(text)]
    if any(hit.rule.action == words.BLOCK for hit in hits):
        raise Refused("invalid", BLOCKED, field="body")
    masked = any(hit.rule.action == words.MASK for hit in hits)
    return None if masked else card, _flagging(hits)


def _read_on(card: CardView) -> Iterator[str]:
    """Every text of a card, as it is read."""
    parts = [card.html]
    for one in card.attachments:
        yield from (one.author_name, one.title, one.footer, *(field.title for field in one.fields))
        parts += [one.pretext_html, one.html, *(field.html for field in one.fields)]
    for html in parts:
        yield "".join(run.text for run in runs_of(html))


def _flagging(hits: Iterable[words.Hit]) -> int | None:
    return next((hit.rule.id for hit in hits if hit.rule.action == words.FLAG), None)


def flag_message(*, message: Message, rule_id: int | None) -> None:
    """Reports a message in the name of a rule, once as long as nobody has decided; for the transaction that stores it.

    The text is kept as it is stored: masked, where another rule masks.
    """
    if rule_id is None:
        return
    waiting = Report.objects.filter(message_id=message.pk, reporter=None, state=Report.State.OPEN)
    if waiting.exists():
        return
    Report.objects.create(
        message_id=message.pk,
        room_id=message.room_id,
        reason=Report.Reason.RULE,
        note=f"Word rule {rule_id}",
        excerpt=message.body,
    )
    tell_moderators(message.room_id)


def check_rule(*, phrase: str) -> None:
    """Whether a phrase can find anything.

    Raises:
        Refused: `invalid` with field phrase.
    """
    if not 1 <= len(words.words_of(phrase)) <= words.PHRASE_WORDS:
        told = f"Give one to {words.PHRASE_WORDS} words of letters or digits; * stands for more of them."
        raise Refused("invalid", told, field="phrase")


@transaction.atomic
def save_rule(*, actor: User, rule: WordRule) -> None:
    """Stores a new or changed rule; every process follows with the next message.

    Raises:
        Refused: `invalid` with field phrase or room; `too_large` for too many rules.
    """
    check_rule(phrase=rule.phrase)
    if rule.room_id is not None and not Room.objects.filter(pk=rule.room_id).exists():
        raise Refused("invalid", "There is no such room.", field="room")
    is_new = rule.pk is None
    if is_new and WordRule.objects.count() >= RULES_MOST:
        raise Refused("too_large", f"There are {RULES_MOST:,} rules already.")
    if is_new:
        rule.created_by_id = actor.pk
    rule.save()
    action = "word_rule.create" if is_new else "word_rule.change"
    _record(actor, rule, action)


@transaction.atomic
def delete_rule(*, actor: User, rule: WordRule) -> None:
    """Removes a rule for good; the trail keeps what it said."""
    _record(actor, rule, "word_rule.delete")
    rule.delete()


def _record(actor: User, rule: WordRule, action: str) -> None:
    detail = {"phrase": rule.phrase, "action": rule.action, "room": rule.room_id, "enabled": rule.enabled}
    accounts.record_audit(actor=actor, action=action, target=f"word_rule:{rule.pk}", reason=rule.note, detail=detail)
