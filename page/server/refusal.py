"""What the page declines, as a sentence in the visitor's language."""


class Refusal(ValueError):
    """Something that the page declines.

    Args:
        key: names the sentence for the visitor (page/texts.py).
        values: what the sentence's braces hold.
    """

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key)
        self.key, self.values = key, values
