"""A poll for tests of cancellation."""


class CancelAt:
    """Cancels at a certain poll; `polls` says how often it was polled so far.

    Args:
        number: of the poll, from 1; None: never.
    """

    def __init__(self, number=None):
        self.number, self.polls = number, 0

    def __call__(self):
        self.polls += 1
        return self.number is not None and self.polls >= self.number
