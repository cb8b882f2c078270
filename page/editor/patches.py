"""Patches of a session, encoded for the browser."""

import base64
import io

from PIL import Image

from inpaint import Patch
from inpaint.engine.regions import Box
from inpaint.photos.modes import low_bytes
from inpaint.photos.transparency import alpha_of, has_transparency
from inpaint.session import Session


def encode_patches(session: Session, patches: list[Patch]) -> dict:
    """Return patches as PNGs, transparent outside the holes, and the state of the session.

    The browser draws its own decoding of the photo below the patches, so pixels outside the holes stay as it shows
    them. The PNGs carry the photo's colour profile, so that both are converted alike.

    Returns:
        {patches: [{left, top, png}], undo, redo, painted, draft, pause, revision}, with `png` in base64. `draft`: the
        action `finish_fill` is to follow, after a pause without strokes if `pause`. `revision` is the session's.
    """
    photo, low = session.photo, low_bytes(session.photo)
    profile = photo.info.get("icc_profile") if photo.mode in ("RGB", "RGBA") else None
    encoded = []
    for left, top, pixels in patches:
        height, width = pixels.shape[:2]
        box = Box(left, top, left + width, top + height)
        hole = Image.fromarray(session.mask_in(box))
        alpha = hole.convert("L")
        if has_transparency(photo):
            photo_alpha = alpha_of(photo.crop(box), None if low is None else low.crop(box))
            alpha = Image.composite(photo_alpha, Image.new("L", photo_alpha.size), hole)
        picture = Image.new("RGBA", (width, height))
        picture.paste(Image.fromarray(pixels), mask=hole)
        picture.putalpha(alpha)
        file = io.BytesIO()
        picture.save(file, "PNG", compress_level=1, icc_profile=profile)
        encoded.append({"left": left, "top": top, "png": base64_text(file.getvalue())})
    return {
        "patches": encoded,
        "undo": session.can_undo,
        "redo": session.can_redo,
        "painted": session.painted,
        "draft": session.has_drafts,
        "pause": session.needs_pause,
        "revision": session.revision,
    }


def base64_text(data: bytes) -> str:
    """Return bytes as base64 text."""
    return base64.b64encode(data).decode()
