"""The errors of photos and masks, whose messages can be shown to their owner."""


class PhotoError(ValueError):
    """A photo cannot be read or is not supported; the message can be shown to its owner."""


class RawPhotoError(PhotoError):
    """A file is the raw data of a camera's sensor; the message says of which kind."""


class PhotoTooLargeError(PhotoError):
    """A photo has more pixels or bytes than allowed; the message says how to raise the limit."""


class MaskError(ValueError):
    """A mask does not define which pixels of the photo to fill; the message says what to change.

    Args:
        message: for who calls the library or its command line.
        kind: names the rule, for programs that have words of their own: "size", "rotated", "share" or "transparent";
            "" for another.
        values: what such words need.
    """

    def __init__(self, message: str, kind: str = "", **values: object) -> None:
        super().__init__(message)
        self.kind, self.values = kind, values
