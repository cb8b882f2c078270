"""Several processes that train one network: `torchrun --nproc-per-node 2 -m train ...`; or a single one.

Every process holds the same networks, takes its share of each step's photos, and averages its gradients with the other
processes (DistributedDataParallel). Only the main process, of rank 0, reads and writes the run's folder and publishes.
"""

import datetime
import inspect
import os
from collections.abc import Callable
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

TIMEOUT = datetime.timedelta(hours=1)  # processes wait for each other, and one of them may be waiting for the Hub

Result = TypeVar("Result")


class OtherProcessError(RuntimeError):
    """Another process met an error, which it reports; this one stops with it."""


class ProcessGroup:
    """The processes of a run, as one of them sees them. Without arguments it is a single process.

    Args:
        rank: number of this process, from 0.
        world_size: number of processes.
        local_rank: number of this process on its machine, which is also its GPU's.
    """

    def __init__(self, rank: int = 0, world_size: int = 1, local_rank: int = 0):
        self.rank, self.world_size, self.local_rank = rank, world_size, local_rank

    @classmethod
    def from_environment(cls) -> "ProcessGroup":
        """Connect to the other processes that torchrun has started; without torchrun there are none."""
        world_size = int(os.environ.get("WORLD_SIZE", "1"))
        if world_size == 1:
            return cls()
        local_rank = int(os.environ.get("LOCAL_RANK", "0"))
        if torch.cuda.is_available():
            torch.cuda.set_device(local_rank)
        if not dist.is_initialized():
            dist.init_process_group("cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo", timeout=TIMEOUT)
        return cls(dist.get_rank(), world_size, local_rank)

    def destroy(self) -> None:
        """Close the connection to the other processes."""
        if self.world_size > 1 and dist.is_initialized():
            dist.destroy_process_group()

    @property
    def is_main(self) -> bool:
        """Whether this is the process that reads and writes the run's folder."""
        return self.rank == 0

    def any(self, flag: bool) -> bool:
        """Return whether the flag is set in at least one process."""
        if self.world_size == 1:
            return flag
        shared = torch.tensor(float(flag))
        dist.all_reduce(shared, dist.ReduceOp.MAX)
        return bool(shared)

    def lowest_rank(self, flag: bool) -> int | None:
        """Return the lowest rank of the processes in which the flag is set; None if it is set in none."""
        if self.world_size == 1:
            return 0 if flag else None
        shared = torch.tensor(self.rank if flag else self.world_size)
        dist.all_reduce(shared, dist.ReduceOp.MIN)
        return int(shared) if shared < self.world_size else None

    def mean(self, value: Tensor) -> Tensor:
        """Return the average over the processes, without a gradient."""
        if self.world_size == 1:
            return value
        shared = value.detach().clone()
        dist.all_reduce(shared)
        return shared / self.world_size

    def sum(self, value: Tensor) -> Tensor:
        """Return the sum over the processes. Its gradient is the sum of theirs.

        A loss that is a function of such sums is the same in every process, and after DistributedDataParallel has
        averaged the gradients, they are those of one process with the photos of all.
        """
        return value if self.world_size == 1 else _AllReduceMean.apply(value) * self.world_size

    def gather(self, value: Any) -> list[Any]:
        """Return the value of every process, in the order of their ranks."""
        values = [value] * self.world_size
        if self.world_size > 1:
            dist.all_gather_object(values, value)
        return values

    def run_on_main(self, action: Callable[[], Result]) -> Result:
        """Run an action in the main process only, and return its result in all of them.

        Raises:
            OtherProcessError: it failed there; the main process raises the error itself.
        """
        if self.world_size == 1:
            return action()
        answer: list[Any] = [None, True]
        try:
            if self.is_main:
                answer[0] = action()
        except BaseException:
            answer[1] = False
            raise
        finally:
            dist.broadcast_object_list(answer, src=0)
        if not answer[1]:
            raise OtherProcessError("The main process stopped.")
        return answer[0]

    def run_on_all(self, action: Callable[[], Result]) -> Result:
        """Run an action in each process, and return each one's result. When one fails, all stop.

        Raises:
            OtherProcessError: it failed in another process. The failed process of lowest rank raises its own error.
        """
        error: Exception | None = None
        try:
            result = action()
        except Exception as raised:
            error = raised
        failed = self.lowest_rank(error is not None)
        if failed is None:
            return result
        if failed == self.rank and error is not None:
            raise error
        raise OtherProcessError("Another process stopped.")

    def wrap(self, network: nn.Module) -> nn.Module:
        """Return the network for the forward passes of training, whose gradients are averages over all processes.

        The parameters are those of the given network, and all processes start from those of the main process. Batch
        norm takes its statistics over the photos of all processes, as one process with all of them would.
        """
        if self.world_size == 1:
            return network
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.__class__ = SyncBatchNorm2d
        device_ids = [self.local_rank] if next(network.parameters()).is_cuda else None
        known = inspect.signature(DistributedDataParallel).parameters
        # The setting has another name in newer versions of PyTorch.
        name = "forward_sync_buffers" if "forward_sync_buffers" in known else "broadcast_buffers"
        options: dict[str, Any] = {name: False}
        return DistributedDataParallel(network, device_ids=device_ids, **options)


class SyncBatchNorm2d(nn.BatchNorm2d):
    """Batch norm over the photos of all processes, on any device; `nn.SyncBatchNorm` needs GPUs.

    Each process must have the same number of photos. In eval mode, and in a single process, it is `nn.BatchNorm2d`.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Normalize (B, C, H, W), with the same B in each process; the result has the same shape."""
        if not self.training or not dist.is_initialized():
            return super().forward(x)
        values = x.float()
        mean = _AllReduceMean.apply(values.mean((0, 2, 3)))
        centred = values - mean[:, None, None]
        variance = _AllReduceMean.apply(centred.square().mean((0, 2, 3)))
        self._update_running_stats(mean.detach(), variance.detach(), x.numel() // x.shape[1] * dist.get_world_size())
        scale = torch.rsqrt(variance + self.eps) * self.weight
        return (centred * scale[:, None, None] + self.bias[:, None, None]).to(x.dtype)

    @torch.no_grad()
    def _update_running_stats(self, mean: Tensor, variance: Tensor, count: int) -> None:
        assert self.num_batches_tracked is not None and self.momentum is not None
        assert self.running_mean is not None and self.running_var is not None
        self.num_batches_tracked.add_(1)
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(variance * (count / max(1, count - 1)), self.momentum)


class _AllReduceMean(torch.autograd.Function):
    """The average over the processes; its gradient is the average of theirs."""

    @staticmethod
    def forward(ctx: Any, value: Tensor) -> Tensor:
        shared = value.clone()
        dist.all_reduce(shared)
        return shared / dist.get_world_size()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Any:
        return _AllReduceMean.apply(gradient)
