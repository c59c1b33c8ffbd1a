"""Differences as people read them: what goes, what comes, a few lines around, and both texts can be made of them."""

from hypothesis import given
from hypothesis import strategies as st

from editor import unified
from editor.unified import unified as difference

texts = st.lists(st.sampled_from(["", "a", "b", "c", "long line", "😀"]), max_size=30).map("\n".join)


def lines(text: str) -> list[str]:
    found = text.split("\n")
    return found[:-1] if found[-1] == "" else found


@given(texts, texts)
def test_signs_and_numbers_lead_back_to_both_texts(before, after):
    made = difference(before, after)
    for sign, side, text in (("+", "old", before), ("-", "new", after)):
        whole = lines(text)
        for part in made.parts:
            told = [(getattr(line, side), line.text) for line in part.lines if line.sign != sign]
            assert [number for number, _ in told] == list(range(told[0][0], told[0][0] + len(told))) if told else True
            assert all(whole[number - 1] == text for number, text in told)
    signs = [line.sign for part in made.parts for line in part.lines]
    assert (made.added, made.removed) == (signs.count("+"), signs.count("-"))
    assert (made.parts == []) == (lines(before) == lines(after) and before.endswith("\n") == after.endswith("\n"))


def test_what_is_far_apart_is_in_parts_of_its_own():
    before = "".join(f"{number}\n" for number in range(40))
    after = before.replace("5\n", "five\n", 1).replace("30\n", "")
    first, second = difference(before, after).parts
    assert [(line.sign, line.text) for line in first.lines] == [
        (" ", "2"), (" ", "3"), (" ", "4"), ("-", "5"), ("+", "five"), (" ", "6"), (" ", "7"), (" ", "8"),
    ]  # fmt: skip
    assert [line.sign for line in second.lines] == [" ", " ", " ", "-", " ", " ", " "]


def test_what_is_too_long_ends_with_a_word_about_it(monkeypatch):
    monkeypatch.setattr(unified, "LINES_MOST", 5)
    made = difference("", "x\n" * 9)
    assert (len(made.parts[0].lines), made.added, made.whole) == (5, 9, False)
