"""Patches of a session, encoded for the browser."""

import base64
import io

from PIL import Image, ImageCms

from inpaint import Patch
from inpaint.engine.regions import Box
from inpaint.photos.modes import low_bytes
from inpaint.photos.transparency import alpha_of, has_transparency
from inpaint.session import Session

MAX_PROFILE_BYTES = 64 * 1024
"""Larger colour profiles, which are tables of a scanner or a printer, are not sent with each patch."""


def encode_patches(session: Session, patches: list[Patch]) -> dict:
    """Return patches as PNGs, transparent outside the holes, and the state of the session.

    The browser draws its own decoding of the photo below the patches, so pixels outside the holes stay as it shows
    them. The PNGs carry the photo's colour profile, so that both are converted alike. If it is large, they are
    converted to sRGB here instead.

    Returns:
        {patches: [{left, top, png}], undo, redo, painted, draft, pause, revision}, with `png` in base64. `draft`: the
        action `finish_fill` is to follow, after a pause without strokes if `pause`. `revision` is the session's.
    """
    photo, low = session.photo, low_bytes(session.photo)
    profile = photo.info.get("icc_profile") if photo.mode in ("RGB", "RGBA") else None
    to_srgb = None
    if patches and profile is not None and len(profile) > MAX_PROFILE_BYTES:
        to_srgb, profile = srgb_transform(profile), None
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
        shown = Image.fromarray(pixels)
        picture.paste(shown if to_srgb is None else to_srgb.apply(shown), mask=hole)
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


def srgb_transform(profile: bytes) -> ImageCms.ImageCmsTransform | None:
    """Return the conversion of RGB pixels to sRGB; None for profiles that browsers ignore: damaged, or not of RGB."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        intent = ImageCms.Intent(ImageCms.getDefaultIntent(source))
        srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
        return ImageCms.ImageCmsTransform(source, srgb, "RGB", "RGB", intent)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None


def base64_text(data: bytes) -> str:
    """Return bytes as base64 text."""
    return base64.b64encode(data).decode()
