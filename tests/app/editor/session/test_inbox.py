"""The one place where threads leave their news."""

import threading

import pytest

from app.editor.session.inbox import Inbox


def test_messages_come_in_order_and_on_the_thread_that_drains() -> None:
    inbox, got = Inbox(), []
    for number in range(3):
        post = lambda number=number: got.append((number, threading.current_thread()))  # noqa: E731
        thread = threading.Thread(target=inbox.post, args=(post,))
        thread.start()
        thread.join()
    assert got == []
    assert inbox.drain() == 3
    assert got == [(number, threading.current_thread()) for number in range(3)]
    assert inbox.drain() == 0


def test_a_message_that_raises_is_gone_and_the_others_wait() -> None:
    inbox, got = Inbox(), []
    inbox.post(lambda: 1 / 0)
    inbox.post(lambda: got.append("second"))
    with pytest.raises(ZeroDivisionError):
        inbox.drain()
    inbox.drain()
    assert got == ["second"]
