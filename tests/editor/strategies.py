"""Documents and change sets for Hypothesis.

Called by the tests of the algebra and the authority. Never cuts a character in half: who does is refused, which has
tests of its own.
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from editor.changes import ChangeSet
from editor.units import Units, to_units

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""For every law: a machine that is shared with others says nothing about it."""

CHARACTERS = st.sampled_from([*"abc \n", "é", "\u2028", "\u0085", "😀", "𝒳", "\u200d", "漢"])
TEXTS = st.text(CHARACTERS, max_size=14)
DOCUMENTS = TEXTS.map(to_units)


@st.composite
def changes_of(draw: st.DrawFn, text: Units) -> ChangeSet:
    """Replacements, deletions and insertions anywhere in `text`, touching or not, perhaps none."""
    cuts = [at for at in range(len(text) + 1) if at == len(text) or not "\udc00" <= text[at] <= "\udfff"]
    places = sorted(draw(st.lists(st.sampled_from(cuts), max_size=8)))
    pairs = zip(places[::2], places[1::2], strict=False)
    return ChangeSet.from_edits(len(text), [(start, stop, draw(TEXTS)) for start, stop in pairs])


@st.composite
def chains(draw: st.DrawFn, text: Units, most: int = 3) -> list[ChangeSet]:
    """Change sets that follow each other."""
    chain: list[ChangeSet] = []
    for _ in range(draw(st.integers(1, most))):
        chain.append(draw(changes_of(text)))
        text = chain[-1].apply(text)
    return chain
