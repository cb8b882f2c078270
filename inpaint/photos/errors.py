"""The errors of photos and masks, whose messages can be shown to their owner."""


class PhotoError(ValueError):
    """A photo cannot be read or is not supported; the message can be shown to its owner."""


class RawPhotoError(PhotoError):
    """A file is the raw data of a camera's sensor; the message says of which kind."""


class PhotoTooLargeError(PhotoError):
    """A photo has more pixels or bytes than allowed; the message says how to raise the limit."""


class MaskError(ValueError):
    """A mask does not define which pixels of the photo to fill; the message says what to change."""
