"""Several processes that train one network together: `torchrun --nproc-per-node 2 -m train ...`; or just this one.

Every process holds the same networks, takes its share of each step's pictures, and averages its gradients with the
others (DistributedDataParallel). The first one alone reads and writes the run's folder, and publishes.
"""

import datetime
import os
from collections.abc import Callable
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

PATIENCE = datetime.timedelta(hours=1)  # one process may have to wait for the Hub while the others wait for it

Result = TypeVar("Result")


class OtherProcessError(RuntimeError):
    """Another process met an error, which it explains; this one stops with it."""


class Processes:
    """This process among those of the run.

    Attributes:
        rank: its number, from 0.
        count: of the processes.
        local_rank: its number on this machine, which is also its GPU's.
    """

    def __init__(self, rank: int = 0, count: int = 1, local_rank: int = 0):
        self.rank, self.count, self.local_rank = rank, count, local_rank

    @classmethod
    def join(cls) -> "Processes":
        """Meets the other processes that torchrun has started; without torchrun there are none."""
        count = int(os.environ.get("WORLD_SIZE", "1"))
        if count == 1:
            return cls()
        local_rank = int(os.environ.get("LOCAL_RANK", "0"))
        if torch.cuda.is_available():
            torch.cuda.set_device(local_rank)
        if not dist.is_initialized():
            dist.init_process_group("cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo", timeout=PATIENCE)
        return cls(dist.get_rank(), count, local_rank)

    def leave(self) -> None:
        """Ends the connection to the others."""
        if self.count > 1 and dist.is_initialized():
            dist.destroy_process_group()

    @property
    def first(self) -> bool:
        """Whether this is the process that writes."""
        return self.rank == 0

    def any(self, flag: bool) -> bool:
        """Whether the flag is set in at least one of them."""
        if self.count == 1:
            return flag
        shared = torch.tensor(float(flag))
        dist.all_reduce(shared, dist.ReduceOp.MAX)
        return bool(shared)

    def lowest(self, flag: bool) -> int | None:
        """The lowest rank of those in which the flag is set; None if it is in none."""
        if self.count == 1:
            return 0 if flag else None
        shared = torch.tensor(self.rank if flag else self.count)
        dist.all_reduce(shared, dist.ReduceOp.MIN)
        return int(shared) if shared < self.count else None

    def mean(self, value: Tensor) -> Tensor:
        """The average over the processes, without a gradient."""
        if self.count == 1:
            return value
        shared = value.detach().clone()
        dist.all_reduce(shared)
        return shared / self.count

    def gather(self, value: Any) -> list[Any]:
        """What each of them has, in the order of their ranks."""
        values = [value] * self.count
        if self.count > 1:
            dist.all_gather_object(values, value)
        return values

    def from_first(self, action: Callable[[], Result]) -> Result:
        """The result of what the first of them alone does.

        Raises:
            OtherProcessError: it failed there; in the first one its own error comes through.
        """
        if self.count == 1:
            return action()
        answer: list[Any] = [None, True]
        try:
            if self.first:
                answer[0] = action()
        except BaseException:
            answer[1] = False
            raise
        finally:
            dist.broadcast_object_list(answer, src=0)
        if not answer[1]:
            raise OtherProcessError("The first process stopped.")
        return answer[0]

    def together(self, action: Callable[[], Result]) -> Result:
        """The result of what each of them does for itself; when one fails, all stop.

        Raises:
            OtherProcessError: it failed in another one. The first where it failed raises its own error.
        """
        error: Exception | None = None
        try:
            result = action()
        except Exception as raised:
            error = raised
        failed = self.lowest(error is not None)
        if failed is None:
            return result
        if failed == self.rank and error is not None:
            raise error
        raise OtherProcessError("Another process stopped.")

    def share(self, network: nn.Module) -> nn.Module:
        """The network as each process runs it in training: with gradients that are averages over all of them.

        The parameters are those of the network itself, and all processes start from those of the first. Batch norm
        takes its statistics over the pictures of all processes, as one process with all of them would.
        """
        if self.count == 1:
            return network
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.__class__ = SharedBatchNorm2d
        gpus = [self.local_rank] if next(network.parameters()).is_cuda else None
        return DistributedDataParallel(network, device_ids=gpus, broadcast_buffers=False)


class SharedBatchNorm2d(nn.BatchNorm2d):
    """Batch norm over the pictures of all processes; each must have equally many. `nn.SyncBatchNorm` needs GPUs.

    In eval mode, and in a single process, it is `nn.BatchNorm2d`.
    """

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W), as many from each process -> the same shape."""
        if not self.training or not dist.is_initialized():
            return super().forward(x)
        values = x.float()
        mean = _Mean.apply(values.mean((0, 2, 3)))
        centred = values - mean[:, None, None]
        variance = _Mean.apply(centred.square().mean((0, 2, 3)))
        self._remember(mean.detach(), variance.detach(), x.numel() // x.shape[1] * dist.get_world_size())
        scale = torch.rsqrt(variance + self.eps) * self.weight
        return (centred * scale[:, None, None] + self.bias[:, None, None]).to(x.dtype)

    @torch.no_grad()
    def _remember(self, mean: Tensor, variance: Tensor, count: int) -> None:
        assert self.num_batches_tracked is not None and self.momentum is not None
        assert self.running_mean is not None and self.running_var is not None
        self.num_batches_tracked.add_(1)
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(variance * (count / max(1, count - 1)), self.momentum)


class _Mean(torch.autograd.Function):
    """The average over the processes. Its gradient is the average of theirs, for the same reason."""

    @staticmethod
    def forward(ctx: Any, value: Tensor) -> Tensor:
        shared = value.clone()
        dist.all_reduce(shared)
        return shared / dist.get_world_size()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Any:
        return _Mean.apply(gradient)
