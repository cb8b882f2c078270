"""A check for losses that are not finite which does not wait for the device."""

from collections.abc import Mapping

import torch
from torch import Tensor

CHECK_EVERY = 100
"""Steps between two looks at the flag."""


class FiniteCheck:
    """Notes on the device when a loss is not finite; from then on no optimizer step has an effect.

    The flag is read by `first_failure`, which waits for the device, so call it every CHECK_EVERY steps and before the
    state is saved.

    Args:
        device: of the losses.
    """

    def __init__(self, device: torch.device) -> None:
        self._failed = torch.zeros((), device=device)
        self._images = torch.zeros((), device=device, dtype=torch.int64)
        self._terms: dict[str, dict[str, Tensor]] = {}

    def note(self, name: str, terms: Mapping[str, Tensor], total: Tensor, images_seen: int) -> Tensor:
        """Note whether the total is finite.

        Args:
            name: of the network.
            terms: its loss terms; those of the first failure are kept.
            total: their weighted sum.
            images_seen: the clock of the run.

        Returns:
            1 if a total has ever been not finite, else 0: the `found_inf` of fused optimizers, which then do nothing.
        """
        was_fine = self._failed == 0
        kept = self._terms.setdefault(name, {})
        for term, value in terms.items():
            kept[term] = torch.where(was_fine, value.detach(), kept.get(term, torch.zeros_like(value)))
        self._images = torch.where(was_fine, images_seen, self._images)
        # never changed in place: the optimizer and the graph of the step may still read the last one
        self._failed = torch.maximum(self._failed, (~torch.isfinite(total.detach())).to(self._failed.dtype))
        return self._failed

    def first_failure(self) -> tuple[dict[str, float], int] | None:
        """Return the terms of the first failed step that are not finite, as "name/term", and images_seen before it.

        Returns:
            None if all totals were finite. No terms if only their sum was not finite.
        """
        if not bool(self._failed):
            return None
        values = {f"{name}/{term}": float(x) for name, terms in self._terms.items() for term, x in terms.items()}
        return {name: x for name, x in values.items() if x != x or abs(x) == float("inf")}, int(self._images)
