"""Which mask belongs to which photo, by their names."""

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from .formats import SUFFIXES

MASK_SUFFIXES = (*SUFFIXES, ".json", ".npy", ".npz")
_NEAR = 0.6
_SEPARATOR = r"(?:[ ._-]+|(?=[(\[]))"
_WORD = r"[(\[]?masks?[)\]]?"
FORMS = (
    re.compile(rf"(?P<stem>.+?){_SEPARATOR}{_WORD}"),
    re.compile(rf"(?P<stem>.+?){_SEPARATOR}{_WORD}[ ._-]*\d+"),
    re.compile(rf"{_WORD}[ ._-]+(?P<stem>.+)"),
)
"""What the names of masks add to that of the photo: NAME_mask, NAME_mask001, mask_NAME."""

_DATASET = re.compile("annotations|instances|coco", re.IGNORECASE)


class _Candidate(NamedTuple):
    """A file that may be the mask of a photo; the smallest one is taken."""

    form: int
    is_no_picture: bool
    path: Path


class MaskNames:
    """The masks of a folder or a pattern, to be found by the names of photos.

    Names are compared without their suffix, in any letter case, and whether accents are characters of their own or
    not (NFC and NFD). A mask has the name of its photo, or one of the forms "NAME-mask", "NAME (mask)", "NAME_mask001"
    and "mask_NAME", with any of the separators space, dot, hyphen and underscore; or the name of its photo with suffix.
    Photos without such a mask have the only annotations of a dataset that there are, such as "_annotations.coco.json".

    Args:
        found: the masks, each with its path relative to the folder or to the fixed part of the pattern.
    """

    def __init__(self, found: Iterable[tuple[Path, Path]]) -> None:
        self._candidates: dict[str, list[_Candidate]] = {}
        self._datasets: list[Path] = []
        for path, name in found:
            if path.suffix.lower() == ".json" and _DATASET.search(path.stem):
                self._datasets.append(path)
            stem = _normalised(name.stem)
            stems = [(0, stem)]
            for form, pattern in enumerate(FORMS, 1):
                if match := pattern.fullmatch(stem):
                    stems.append((form, match["stem"]))
            for form, of_photo in stems:
                key = _normalised(str(name.parent / of_photo))
                candidate = _Candidate(form, path.suffix.lower() not in SUFFIXES, path)
                self._candidates.setdefault(key, []).append(candidate)

    def of(self, photo: Path, name: Path) -> list[Path]:
        """Return the masks of a photo, the best one first.

        Args:
            photo: its path; a photo is not its own mask.
            name: its path relative to the folder or to the fixed part of the pattern.
        """
        with_suffix = [candidate._replace(form=len(FORMS) + 1) for candidate in self._get(name) if not candidate.form]
        found = [candidate for candidate in [*self._get(name.with_suffix("")), *with_suffix] if candidate.path != photo]
        named = list(dict.fromkeys(each.path for each in sorted(found, key=lambda each: _order(each, name))))
        return named or (self._datasets if len(self._datasets) == 1 else [])

    def _get(self, name: Path) -> list[_Candidate]:
        return self._candidates.get(_normalised(str(name)), [])

    def near(self, photo: Path) -> list[str]:
        """Return the names of at most three masks that resemble the name of a photo, the nearest one first."""
        names = {_normalised(each.path.stem): each.path.name for kind in self._candidates.values() for each in kind}
        return [names[key] for key in difflib.get_close_matches(_normalised(photo.stem), names, 3, _NEAR)]


def masks_beside(photos: Mapping[Path, Path]) -> dict[Path, Path]:
    """Return the pictures that are masks of others by their names, such as NAME_mask001 beside NAME.

    Args:
        photos: pictures, each with its path relative to the folder or to the fixed part of the pattern.

    Returns:
        Mask -> photo. A photo may be the mask of another one, and have a mask itself.
    """
    by_stem = {_normalised(str(name.with_suffix(""))): photo for photo, name in photos.items()}
    found: dict[Path, Path] = {}
    for path, name in photos.items():
        matches = (form.fullmatch(_normalised(name.stem)) for form in FORMS)
        stems = [_normalised(str(name.parent / match["stem"])) for match in matches if match]
        if photo := next((by_stem[stem] for stem in stems if stem in by_stem), None):
            found[path] = photo
    return found


def names_looked_for(photo: Path) -> str:
    """Return the names that the mask of a photo may have, as words of a sentence."""
    stem = photo.stem
    return (
        f"{stem}, {stem}-mask, {stem}_mask, {stem} (mask), {stem}_mask001 or mask_{stem}, with the suffix of a picture "
        "or with .json, .npy or .npz"
    )


def _normalised(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _order(candidate: _Candidate, name: Path) -> tuple[int, bool, bool, Path]:
    is_exact = candidate.path.stem.startswith(name.stem)
    return candidate.form, candidate.is_no_picture, not is_exact, candidate.path
