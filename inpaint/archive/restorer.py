"""Restore the file of one photo: the function that every way of working through an archive maps over it."""

import io
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from inpaint.batch import fill_found, hole_of
from inpaint.batch_options import Options
from inpaint.inpainter import Inpainter
from inpaint.os_errors import sentence_of
from inpaint.photos.opening import open_photo
from inpaint.photos.saving import save_photo
from inpaint.read_ahead import Opened
from inpaint.runtime.choose import RuntimeName

PHOTO_ERRORS = (ValueError, OSError, RuntimeError, MemoryError)
"""What a photo that cannot be restored raises, and what does not stop the others."""


class Restored(NamedTuple):
    """What became of a photo.

    Attributes:
        data: its file; the same bytes if nothing was filled.
        mask: a PNG of 1 bit a pixel, white where the photo was filled.
        share: of the photo that was filled, from 0 to 1.
        notes: sentences for the photo's owner.
    """

    data: bytes
    mask: bytes
    share: float
    notes: tuple[str, ...]


class Restorer:
    """Finds the damage of photos and fills it. One instance serves a process; weights are loaded when it is made.

    Args:
        options: how photos are filled and written; those of files are ignored.
        model: Hub repository or folder with weights; None: the bundled weights.
        device: as for `Inpainter`.
        runtime: as for `Inpainter`.

    Raises:
        WeightsError: the weights cannot be loaded.
        ValueError: the runtime is unknown or not available.
    """

    def __init__(
        self,
        options: Options | None = None,
        model: str | None = None,
        device: str | None = None,
        runtime: RuntimeName = "auto",
    ) -> None:
        self.options = Options(find_damage=True) if options is None else options
        self._inpainter = Inpainter.from_pretrained(model, device=device, runtime=runtime)

    def restore(self, data: bytes) -> Restored:
        """Restore the file of a photo, and keep its format, quality and metadata.

        Raises:
            ValueError: the photo cannot be read or written, or nearly all of it looks damaged.
        """
        options = self.options
        photo = open_photo(data, max_pixels=options.max_pixels, page=options.page)
        format = options.format or photo.format or "PNG"
        hole, dust, notes = hole_of(self._inpainter, Opened(photo, None), options)
        mask = io.BytesIO()
        Image.fromarray(hole).convert("1").save(mask, "PNG")
        share = float(np.count_nonzero(hole)) / hole.size
        is_changed = not options.mask_only and bool(hole.any() or options.restore_tone)
        if not is_changed and format == photo.format and options.quality is None:
            return Restored(data, mask.getvalue(), share, notes)
        if is_changed:
            photo = fill_found(self._inpainter, photo, hole, dust, options)
        notes += save_photo(photo, file := io.BytesIO(), format, options.quality)
        return Restored(file.getvalue(), mask.getvalue(), share, notes)

    def __call__(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Restore the photo of a row, for engines that map a class over a table, such as Ray Data.

        Args:
            row: has the photo's file under "bytes".

        Returns:
            The row with the restored file under "bytes", the mask under "mask", "filled_share" and "notes"; or, if the
            photo cannot be restored, with its own file and the reason under "error", which is "" otherwise.
        """
        try:
            restored = self.restore(row["bytes"])
        except PHOTO_ERRORS as error:
            return {**row, "mask": b"", "filled_share": 0.0, "notes": "", "error": sentence_of(error)}
        return {
            **row,
            "bytes": restored.data,
            "mask": restored.mask,
            "filled_share": restored.share,
            "notes": "; ".join(restored.notes),
            "error": "",
        }
