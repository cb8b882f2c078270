"""Turns: who computes next. First come, first served, also for somebody who has to ask several times."""

import asyncio
import contextvars
import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")


class Refusal(ValueError):
    """Something that the page declines.

    Args:
        key: names the sentence for the visitor (page/texts.py).
        values: what the sentence's braces hold.
    """

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key)
        self.key, self.values = key, values


@dataclass(eq=False)
class _Ticket:
    """A place in the line. `turn` is set when it has come; it is None while nobody waits here."""

    key: str
    turn: Future[None] | None = field(default_factory=Future)
    left: float = 0.0


class Turns:
    """A line in front of a few threads that compute.

    Whoever waits holds no thread, only a connection, and that no longer than `patience_s`: then it is told its place,
    which is kept for the same key. A place whose owner is away for a moment holds nobody up: those behind go first,
    and it stays where it is.

    Threads: as many as work at once, always the same ones. PyTorch keeps workers and memory for each thread that it
    is called from, so Gradio's forty would cost forty times that.

    Args:
        at_once: how many compute at the same time.
        patience_s: how long a request waits before it is told its place.
        keep_s: how long a place is kept for somebody who went away.
        most: how many may stand in the line.
    """

    def __init__(self, at_once: int = 1, patience_s: float = 3, keep_s: float = 15, most: int = 200) -> None:
        self.at_once, self.patience_s, self.keep_s, self.most = at_once, patience_s, keep_s, most
        self._line: list[_Ticket] = []
        self._at_work: list[str] = []
        self._lock = threading.Lock()
        self._hands = ThreadPoolExecutor(at_once, "turn")

    async def run(self, work: Callable[[], T], key: str = "", *, patient: bool = False) -> T:
        """Call `work` in a thread when its turn has come, and return what it returns.

        Args:
            work: what to do; it sees the caller's context variables.
            key: whose turn it is; one key has one turn at a time. Empty: nobody's in particular.
            patient: wait for as long as it takes.

        Raises:
            Refusal: "busy" with the `place` in the line, 1 being the next, and the `ticket`, a key that keeps it;
                "full" where the line has no place left.
        """
        key = key or secrets.token_urlsafe(16)
        await self._wait(key, None if patient else self.patience_s)
        try:
            working = self._hands.submit(contextvars.copy_context().run, work)
        except BaseException:
            self._done(key)
            raise
        working.add_done_callback(lambda _: self._done(key))  # not before: the caller may be cancelled earlier
        return await asyncio.wrap_future(working)

    def __len__(self) -> int:
        """How many stand in the line."""
        with self._lock:
            self._forget()
            return len(self._line)

    async def _wait(self, key: str, patience_s: float | None) -> None:
        ticket, turn = self._line_up(key)
        try:
            await asyncio.wait([asyncio.wrap_future(turn)], timeout=patience_s)
        except BaseException:
            with self._lock:
                came = turn.done()
                if not came:
                    self._line.remove(ticket)
            if came:
                self._done(key)
            raise
        with self._lock:
            if turn.done():
                return
            ticket.turn, ticket.left = None, time.monotonic()
            raise Refusal("busy", place=self._line.index(ticket) + 1, ticket=key)

    def _line_up(self, key: str) -> tuple[_Ticket, Future[None]]:
        """Take the place that is kept for this key, or else the last one."""
        with self._lock:
            self._forget()
            ticket = next((each for each in self._line if each.key == key and each.turn is None), None)
            if ticket is None:
                if len(self._line) >= self.most:
                    raise Refusal("full")
                ticket = _Ticket(key)
                self._line.append(ticket)
            turn = ticket.turn = Future()
            self._serve()
            return ticket, turn

    def _serve(self) -> None:
        """Give free threads to the first ones who are there."""
        for ticket in list(self._line):
            if len(self._at_work) >= self.at_once:
                return
            if ticket.turn is not None and ticket.key not in self._at_work:
                self._line.remove(ticket)
                self._at_work.append(ticket.key)
                ticket.turn.set_result(None)

    def _done(self, key: str) -> None:
        with self._lock:
            self._at_work.remove(key)
            self._serve()

    def _forget(self) -> None:
        """Drop the places of those who have been away for too long."""
        latest = time.monotonic() - self.keep_s
        self._line = [each for each in self._line if each.turn is not None or each.left > latest]
