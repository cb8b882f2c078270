"""The error that a visitor sees as a sentence in their own language."""


class PageError(ValueError):
    """A request that the page declines.

    Args:
        key: names the sentence in the page's texts, and is the `code` of the answer.
        values: fill the placeholders of the sentence.
    """

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key)
        self.key, self.values = key, values
