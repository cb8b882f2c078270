"""Fair shares: in which order the requests of several clients are served."""

import time
from collections import Counter
from collections.abc import Sequence

CROWDED_S = 60
"""For how long after its last request a client counts as present."""


class FairShare:
    """Decide whose turn it is, so that a client with a hundred requests delays another one by one request only.

    A client that has just been served stands behind all others that wait, as in a round robin. Clients with one request
    at a time are served first come, first served.

    Args:
        workers: how many requests are served at the same time. While several clients are present, one is left for the
            others, as a request can take a minute.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._seen: dict[object, float] = {}
        self._served: dict[object, float] = {}

    def arrived(self, client: object) -> None:
        """Note that a client sent a request."""
        self._seen[client] = time.monotonic()

    def ended(self, client: object) -> None:
        """Note that a request of a client was served."""
        now = time.monotonic()
        self._seen[client] = self._served[client] = now
        for times in (self._seen, self._served):
            for each in [each for each, at in times.items() if at < now - CROWDED_S]:
                del times[each]

    def may_start(self, client: object, running: Sequence[object]) -> bool:
        """Return whether a client may have one more request served.

        Args:
            client: whose request it is.
            running: the clients whose requests are being served, once for each request.
        """
        now = time.monotonic()
        alone = all(each == client or at < now - CROWDED_S for each, at in self._seen.items())
        return alone or running.count(client) < max(1, self.workers - 1)

    def order(self, waiting: Sequence[tuple[object, float, float]], running: Sequence[object]) -> list[int]:
        """Return the indices of requests that wait, the next one first.

        Args:
            waiting: the client and the time of arrival of each request, and its head start in seconds before requests
                of other clients; in the order of arrival.
            running: as for `may_start`.
        """
        before, keys = Counter(running), []
        for client, arrived, ahead_s in waiting:
            keys.append((before[client], max(arrived, self._served.get(client, 0.0)) - ahead_s))
            before[client] += 1
        return sorted(range(len(keys)), key=keys.__getitem__)
