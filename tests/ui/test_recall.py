"""Taking up again what was written before."""

from minechat.ui.recall import MOST, Recall


def test_back_and_forth_ends_at_what_is_being_written() -> None:
    recall = Recall()
    recall.add("one")
    recall.add("two")
    assert [recall.back("draft"), recall.back("two"), recall.back("one")] == ["two", "one", None]
    assert [recall.forth(), recall.forth(), recall.forth()] == ["two", "draft", None]


def test_with_nothing_written_there_is_nothing() -> None:
    recall = Recall()
    assert (recall.back("x"), recall.forth()) == (None, None)


def test_the_same_twice_is_kept_once_and_the_oldest_go() -> None:
    recall = Recall()
    for number in range(MOST + 5):
        recall.add(str(number))
        recall.add(str(number))
    found = []
    while (text := recall.back("")) is not None:
        found.append(text)
    assert found == [str(number) for number in range(MOST + 4, 4, -1)]
