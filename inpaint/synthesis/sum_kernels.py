"""Sums of the weights of equal keys, in vectors (numba).

What the patches over a pixel propose differs so irregularly that a list of different keys costs dozens of branches that
the CPU cannot predict. Comparing each key with all others takes none, and 16 keys fit into a vector.

Without compilation (NUMBA_DISABLE_JIT) plain loops do the same.
"""

from typing import Any

import numba
import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba.core import cgutils, types
from numba.extending import intrinsic

from inpaint.compiled.jit import njit

from .patch_kernels import INLINE, load_vector

LANES = 16
_WORD, _LONG, _FLOAT = ir.IntType(32), ir.IntType(64), ir.FloatType()


@intrinsic
def _sum_of_block(typing: Any, keys: Any, weights: Any, count: Any, first: Any, sums: Any) -> Any:
    """Write the sums of LANES keys, from the first of them on."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        keys, weights, sums = (
            context.make_array(signature.args[number])(context, builder, arguments[number]).data for number in (0, 1, 4)
        )
        count, first = arguments[2:4]
        words, floats = ir.VectorType(_WORD, LANES), ir.VectorType(_FLOAT, LANES)

        def everywhere(value: Any, vector: Any) -> Any:
            single = builder.insert_element(ir.Constant(vector, ir.Undefined), value, ir.Constant(_WORD, 0))
            return builder.shuffle_vector(single, single, ir.Constant(words, [0] * LANES))

        own = load_vector(builder, keys, first, words, 4)
        total = cgutils.alloca_once_value(builder, ir.Constant(floats, None))
        with cgutils.for_range(builder, count, intp=_LONG) as loop:
            key, weight = (builder.load(builder.gep(values, [loop.index])) for values in (keys, weights))
            is_equal = builder.icmp_signed("==", own, everywhere(key, words))
            term = builder.select(is_equal, everywhere(weight, floats), ir.Constant(floats, None))
            builder.store(builder.fadd(builder.load(total), term), total)
        place = builder.bitcast(builder.gep(sums, [first]), floats.as_pointer())
        builder.store(builder.load(total), place).align = 4
        return context.get_dummy_value()

    return types.void(keys, weights, types.uint64, types.uint64, sums), generate


@njit(**INLINE)
def _sum_equal(keys: Any, weights: Any, count: Any, sums: Any) -> None:
    for first in range(np.uint64(0), np.uint64(count), np.uint64(LANES)):
        _sum_of_block(keys, weights, np.uint64(count), first, sums)


def _plain_sum_equal(keys: Any, weights: Any, count: int, sums: Any) -> None:
    for place in range(count):
        total = np.float32(0)
        for other in range(count):
            total += weights[other] if keys[other] == keys[place] else 0
        sums[place] = total


sum_equal = _plain_sum_equal if numba.config.DISABLE_JIT else _sum_equal
"""(keys, weights, count, sums): write for each of the first keys the sum of the weights of those that equal it.

Keys are int32 (n,), weights and sums float32 (n,), where n is a multiple of LANES. Behind the first `count` sums
anything may be written.
"""
