"""How two change sets become one: CodeMirror's walk along both at once, section by section.

Called by `ChangeSet.compose` and `ChangeSet.map`; nobody else needs it. Pure: never touches Django, a database, a clock
or a socket.

Its decisions, which change comes first and what joins what, are those of @codemirror/state to the letter: browsers
take them too, and two that differ end in different texts.
"""

from __future__ import annotations

from typing import Final

KEEP: Final = -1
"""The second number of a section that stays as it is."""

_END: Final = -2

Sections = tuple[int, ...]
Texts = tuple[str, ...]


class Builder:
    """Sections in the making; joins what belongs together, which keeps the form canonical."""

    __slots__ = ("inserted", "sections")

    def __init__(self) -> None:
        self.sections: list[int] = []
        self.inserted: list[str] = []

    def add(self, size: int, added: int, text: str = "", *, join: bool = False) -> None:
        """Append a section; `join` makes it part of the last one whatever that is."""
        if size == 0 and added <= 0:
            return
        sections = self.sections
        if sections and added <= 0 and added == sections[-1]:
            sections[-2] += size
        elif sections and size == 0 and sections[-2] == 0:
            sections[-1] += added
            self.inserted[-1] += text
        elif join:
            sections[-2] += size
            sections[-1] += added
            self.inserted[-1] += text
        else:
            sections += (size, added)
            self.inserted.append(text)

    def parts(self) -> tuple[Sections, Texts]:
        """What was built."""
        return tuple(self.sections), tuple(self.inserted)


class _Cursor:
    """A place in a change set: the rest of the section there.

    Attributes:
        index: behind the current section; grows with every section.
        size, added: what is left of it; `added` is _END behind the last one.
        offset: how much of it was passed.
    """

    __slots__ = ("_inserted", "_sections", "added", "index", "offset", "size")

    def __init__(self, sections: Sections, inserted: Texts) -> None:
        self._sections = sections
        self._inserted = inserted
        self.index = 0
        self.next()

    def next(self) -> None:
        self.offset = 0
        if self.index < len(self._sections):
            self.size, self.added = self._sections[self.index : self.index + 2]
            self.index += 2
        else:
            self.size, self.added = 0, _END

    @property
    def done(self) -> bool:
        return self.added == _END

    @property
    def size_after(self) -> int:
        return self.size if self.added < 0 else self.added

    @property
    def text(self) -> str:
        return self._inserted[self.index // 2 - 1]

    def forward(self, size: int) -> None:
        """Pass this much of the document before."""
        if size == self.size:
            self.next()
        else:
            self.size -= size
            self.offset += size

    def forward_after(self, size: int) -> None:
        """Pass this much of the document after."""
        if self.added == KEEP:
            self.forward(size)
        elif size == self.added:
            self.next()
        else:
            self.added -= size
            self.offset += size


def map_over(mine: tuple[Sections, Texts], other: tuple[Sections, Texts], *, before: bool) -> tuple[Sections, Texts]:
    """`mine`, so that it applies after `other`; both start from one document, of one length."""
    a, b, out = _Cursor(*mine), _Cursor(*other), Builder()
    placed = -1  # The section of `a` whose text is in the result already, while the rest of it is worked through.
    while not (a.done and b.done):
        if a.added == KEEP == b.added:
            size = min(a.size, b.size)
            out.add(size, KEEP)
            a.forward(size)
            b.forward(size)
        elif b.added >= 0 and (a.added < 0 or placed == a.index or _starts_first(b, a, before)):
            placed = _pass_other(a, b, out, placed)
        else:
            placed = _take_own(a, b, out, placed)
    return out.parts()


def _starts_first(b: _Cursor, a: _Cursor, before: bool) -> bool:
    return a.offset == 0 and (b.size < a.size or (b.size == a.size and not before))


def _pass_other(a: _Cursor, b: _Cursor, out: Builder, placed: int) -> int:
    """A change of `b` is there already; of the changes of `a` that it covers, the texts remain."""
    left = b.size
    out.add(b.added, KEEP)
    while left:
        piece = min(a.size, left)
        if a.added >= 0 and placed < a.index and a.size <= piece:
            out.add(0, a.added, a.text)
            placed = a.index
        a.forward(piece)
        left -= piece
    b.next()
    return placed


def _take_own(a: _Cursor, b: _Cursor, out: Builder, placed: int) -> int:
    """A change of `a`, up to where the next change of `b` starts that is more than a deletion within it."""
    size, left = 0, a.size
    while left:
        if b.added == KEEP:
            piece = min(left, b.size)
            size += piece
            left -= piece
            b.forward(piece)
        elif b.added == 0 and b.size < left:
            left -= b.size
            b.next()
        else:
            break
    if placed < a.index:
        out.add(size, a.added, a.text)
    else:
        out.add(size, 0)
    placed = a.index
    a.forward(a.size - left)
    return placed


def compose(first: tuple[Sections, Texts], second: tuple[Sections, Texts]) -> tuple[Sections, Texts]:
    """`first`, then `second`, as one; `second` starts from the document, of the length, that `first` makes."""
    a, b, out = _Cursor(*first), _Cursor(*second), Builder()
    joining = False
    while not (a.done and b.done):
        if a.added == 0:
            out.add(a.size, 0, join=joining)
            a.next()
        elif b.size == 0 and not b.done:
            out.add(0, b.added, b.text, join=joining)
            b.next()
        else:
            joining = _compose_piece(a, b, out, joining)
    return out.parts()


def _compose_piece(a: _Cursor, b: _Cursor, out: Builder, joining: bool) -> bool:
    """What both have in common; answers whether the next piece belongs to the same change."""
    size, sections = min(a.size_after, b.size), len(out.sections)
    size_before = size if a.added == KEEP else 0 if a.offset else a.size
    if b.added == KEEP:
        if a.added == KEEP:
            out.add(size, KEEP, join=joining)
        else:
            out.add(size_before, size, a.text[a.offset : a.offset + size], join=joining)
    elif b.offset:
        out.add(size_before, 0, join=joining)
    else:
        out.add(size_before, b.added, b.text, join=joining)
    joining = (a.added > size or (b.added >= 0 and b.size > size)) and (joining or len(out.sections) > sections)
    a.forward_after(size)
    b.forward(size)
    return joining
