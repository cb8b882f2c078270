"""An optimizer step on a weighted sum of loss terms, which stops the run before a non-finite value does harm."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor

from .distributed import OtherProcessError, ProcessGroup
from .finite import FiniteCheck

ADVICE = "The last checkpoint is intact: start a new run with a lower learning rate, or without bf16."


class Part(NamedTuple):
    """A part of the photos of a step, where they are computed one part after the other.

    Attributes:
        number: from 0.
        parts: number of parts.
    """

    number: int = 0
    parts: int = 1

    @property
    def is_first(self) -> bool:
        """Whether it is the first part of its step."""
        return self.number == 0

    @property
    def is_last(self) -> bool:
        """Whether it is the last part of its step."""
        return self.number == self.parts - 1


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
    clip_norm: float | None = None,
    scaler: torch.amp.GradScaler | None = None,
    part: Part | None = None,
) -> dict[str, Tensor]:
    """Minimize the weighted sum of loss terms by one step.

    Args:
        name: the network's name, "generator" for example.
        optimizer: of the network's parameters.
        terms: scalars, by name.
        weights: the weight of each term, by the same names.
        images_seen: the clock of the run, for the error message.
        clip_norm: largest norm of the gradient; a larger one is scaled down. None: no limit.
        scaler: scales the loss, so that gradients in float16 do not vanish; a step whose gradients overflow is left out
            and the scale is lowered. None: no scaling.
        part: of the step's photos; None: all. The gradients of the parts are averaged, and the step is taken with the
            last one.
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
    part = part or Part()
    if check is None:
        failed = processes.lowest_rank(not torch.isfinite(total))
        if failed is not None and failed != processes.rank:
            raise OtherProcessError("A loss is not finite in another process.")
        if failed is not None:
            bad = {term: value for term, value in terms.items() if not torch.isfinite(value)} or {"total": total}
            raise _non_finite({f"{name}/{term}": float(value.detach()) for term, value in bad.items()}, images_seen)
    else:
        optimizer.found_inf = check.note(name, terms, processes.mean(total), images_seen)  # type: ignore[attr-defined]
    if part.is_first:
        optimizer.zero_grad(set_to_none=True)
    total = total / part.parts
    (scaler.scale(total) if scaler else total).backward()
    if part.is_last:
        _step(optimizer, clip_norm, scaler)
    return {f"{name}/{term}": value.detach() for term, value in terms.items()}


def _step(optimizer: torch.optim.Optimizer, clip_norm: float | None, scaler: torch.amp.GradScaler | None) -> None:
    """Take a step with the gradients that have been computed."""
    if clip_norm is not None:
        if scaler:
            scaler.unscale_(optimizer)
        parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
        torch.nn.utils.clip_grad_norm_(parameters, clip_norm)
    if scaler:
        scaler.step(optimizer)
        scaler.update()
    else:
        optimizer.step()


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
