"""Where threads leave what they have found out, for the window's loop to take. No GUI."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

Message = Callable[[], object]
"""What is to be done with the news, on the loop's thread."""


class Inbox:
    """Messages from all threads, in the order in which they came."""

    def __init__(self) -> None:
        self._messages: deque[Message] = deque()

    def post(self, message: Message) -> None:
        """Leave a message; any thread may."""
        self._messages.append(message)

    def drain(self) -> int:
        """Do what the messages say, one after the other; how many there were.

        A message that raises is gone, and those after it wait for the next call.
        """
        count = 0
        while self._messages:
            self._messages.popleft()()
            count += 1
        return count
