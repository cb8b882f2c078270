"""Patches as the browser draws them."""

import base64
import io

from PIL import Image

from inpaint import Patch
from inpaint.engine.regions import Box
from inpaint.session import Session


def drawing(session: Session, patches: list[Patch]) -> dict:
    """Patches for the browser: PNGs that are transparent outside the holes.

    The browser puts its own reading of the photo under them, so what nobody painted stays exactly as it shows it;
    they carry the photo's colour profile, so that both are read alike.
    """
    profile = session.photo.info.get("icc_profile") if session.photo.mode in ("RGB", "RGBA") else None
    drawn = []
    for left, top, pixels in patches:
        height, width = pixels.shape[:2]
        alpha = Image.fromarray(session.mask_in(Box(left, top, left + width, top + height)))
        if session.photo.mode == "RGBA":
            own = session.photo.crop((left, top, left + width, top + height)).getchannel("A")
            alpha = Image.composite(own, Image.new("L", own.size), alpha)
        picture = Image.new("RGBA", (width, height))
        picture.paste(Image.fromarray(pixels), mask=alpha.convert("1"))
        picture.putalpha(alpha.convert("L"))
        file = io.BytesIO()
        picture.save(file, "PNG", compress_level=1, icc_profile=profile)
        drawn.append({"left": left, "top": top, "png": base64_of(file.getvalue())})
    return {"patches": drawn, "undo": session.can_undo, "redo": session.can_redo, "painted": session.painted}


def base64_of(data: bytes) -> str:
    """Bytes as text."""
    return base64.b64encode(data).decode()
