"""An optimizer step on a weighted sum of loss terms, which stops the run before a non-finite value does harm."""

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from .distributed import OtherProcessError, ProcessGroup
from .finite import FiniteCheck

ADVICE = "The last checkpoint is intact: start a new run with a lower learning rate, or without bf16."


class NonFiniteError(RuntimeError):
    """A loss or a weight became infinite or not a number."""


def optimizer_step(
    name: str,
    optimizer: torch.optim.Optimizer,
    terms: Mapping[str, Tensor],
    weights: Mapping[str, float],
    images_seen: int,
    processes: ProcessGroup,
    check: FiniteCheck | None = None,
) -> dict[str, Tensor]:
    """Minimize the weighted sum of loss terms by one step.

    Args:
        name: the network's name, "generator" for example.
        optimizer: of the network's parameters.
        terms: scalars, by name.
        weights: the weight of each term, by the same names.
        images_seen: the clock of the run, for the error message.
        processes: of the run; when a loss is not finite in one of them, none takes the step.
        check: notes on the device whether the sum is finite, for a fused optimizer, so that this function does not wait
            for the device; `raise_failure` raises the error later. None: the error is raised here.

    Returns:
        The detached terms under the keys "name/term".

    Raises:
        NonFiniteError: the sum is not finite; the weights have not been changed.
        OtherProcessError: that happened in another process.
    """
    zero = torch.zeros((), device=next(iter(terms.values())).device)
    total = sum((weights[term] * value for term, value in terms.items()), zero)
    if check is None:
        failed = processes.lowest_rank(not torch.isfinite(total))
        if failed is not None and failed != processes.rank:
            raise OtherProcessError("A loss is not finite in another process.")
        if failed is not None:
            bad = {term: value for term, value in terms.items() if not torch.isfinite(value)} or {"total": total}
            raise _non_finite({f"{name}/{term}": float(value.detach()) for term, value in bad.items()}, images_seen)
    else:
        optimizer.found_inf = check.note(name, terms, processes.mean(total), images_seen)  # type: ignore[attr-defined]
    optimizer.zero_grad(set_to_none=True)
    total.backward()
    optimizer.step()
    return {f"{name}/{term}": value.detach() for term, value in terms.items()}


def raise_failure(check: FiniteCheck) -> None:
    """Wait for the device, and raise if a loss has not been finite.

    Raises:
        NonFiniteError: a loss was not finite; no weight has been changed by it, or since.
    """
    failure = check.first_failure()
    if failure is not None:
        raise _non_finite(failure[0] or {"the sum of the losses": float("nan")}, failure[1])


def _non_finite(values: Mapping[str, float], images_seen: int) -> NonFiniteError:
    listed = ", ".join(f"{name} is {value}" for name, value in values.items())
    return NonFiniteError(f"{listed} after {images_seen:,} images; a loss must be finite. {ADVICE}")


def check_finite(state: Mapping[str, Any], images_seen: int) -> None:
    """Check the state of a run before it replaces the last checkpoint.

    Args:
        state: named tensors, numbers, lists and dicts.
        images_seen: the clock of the run, for the error message.

    Raises:
        NonFiniteError: a floating-point tensor holds a value that is not finite.
    """
    for name, tensor in _tensors(state):
        if tensor.is_floating_point() and not torch.isfinite(tensor).all():
            raise NonFiniteError(
                f"{name} holds values that are not finite after {images_seen:,} images; all must be. {ADVICE}"
            )


def _tensors(part: Any, prefix: str = "") -> Iterator[tuple[str, Tensor]]:
    """Yield all tensors of a state under their dotted names."""
    if isinstance(part, Tensor):
        yield prefix, part
    elif isinstance(part, Mapping | list | tuple):
        items = part.items() if isinstance(part, Mapping) else enumerate(part)
        for key, value in items:
            yield from _tensors(value, f"{prefix}.{key}" if prefix else str(key))
