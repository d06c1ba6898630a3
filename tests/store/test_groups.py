"""Work in groups: all of it is done once, in its order, by one thread at a time, and each hears of its own end."""

import threading
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from fieldsync.store.groups import Groups, Task


class Book:
    """Who did what, and whether two ever wrote at once."""

    def __init__(self, group_max: int) -> None:
        self.groups: list[list[int]] = []
        self.hands = 0
        self.most_hands = 0
        self.line = Groups(self.write, group_max)

    def write(self, group: Sequence[Task]) -> None:
        self.hands += 1
        self.most_hands = max(self.most_hands, self.hands)
        for task in group:
            task.result = task.work()
        self.groups.append([task.result for task in group])
        self.hands -= 1


def hand_in(book: Book, numbers: Sequence[int], heard: dict[int, int]) -> None:
    for number in numbers:
        task = Task(lambda number=number: number)
        book.line.do(task)
        assert task.is_done
        heard[number] = task.result


@given(st.lists(st.integers(1, 6), min_size=1, max_size=8), st.integers(1, 5))
def test_whoever_hands_in_work_hears_of_its_end(shares: list[int], group_max: int) -> None:
    book, heard, threads, first = Book(group_max), dict[int, int](), list[threading.Thread](), 0
    for share in shares:
        threads.append(threading.Thread(target=hand_in, args=(book, range(first, first + share), heard)))
        first += share
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert heard == {number: number for number in range(first)}
    assert sorted(number for group in book.groups for number in group) == list(range(first))
    assert book.most_hands == 1
    assert all(1 <= len(group) <= group_max for group in book.groups)


def test_what_came_while_somebody_led_is_the_next_group_in_its_order() -> None:
    book, heard = Book(3), dict[int, int]()
    begun, go_on = threading.Event(), threading.Event()

    def slow() -> int:
        begun.set()
        go_on.wait()
        return -1

    threads = [threading.Thread(target=book.line.do, args=(Task(slow),))]
    threads[0].start()
    begun.wait()
    for number in range(7):
        threads.append(threading.Thread(target=hand_in, args=(book, [number], heard)))
        threads[-1].start()
        while book.line.waiting() <= number:
            pass
    go_on.set()
    for thread in threads:
        thread.join()
    assert book.groups == [[-1], [0, 1, 2], [3, 4, 5], [6]]


def test_a_leader_that_fails_leaves_the_others_a_leader() -> None:
    book = Book(1)

    def fail() -> int:
        raise MemoryError

    task = Task(fail)
    try:
        book.line.do(task)
    except MemoryError:
        book.hands = 0
    heard = dict[int, int]()
    hand_in(book, [1, 2], heard)
    assert heard == {1: 1, 2: 2}
