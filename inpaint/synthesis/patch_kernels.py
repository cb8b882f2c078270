"""Distances of patches and of guides, in vectors (numba).

LLVM vectorises a sum over patches poorly: rows are short, and of no multiple of its vectors. Here each row is one
vector of 32 bytes, of which those beside the patch are masked. They follow the row, but those of the last row precede
it: so nothing is read outside the array. Differences are multiplied and added as 16-bit numbers, for which every CPU
has an instruction. A patch takes 4 ns in all, so that leaving out its last rows, where the first ones differ enough,
costs more than it saves: a branch that the CPU cannot predict.

Without compilation (NUMBA_DISABLE_JIT) plain loops do the same.
"""

from typing import Any

import numba
import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba.core import types
from numba.extending import intrinsic

from inpaint.compiled.jit import njit

RADIUS = 3
SIDE = 2 * RADIUS + 1
CHANNELS = 4
PLANES = 2
OPTIONS = {"nogil": True, "fastmath": True}
INLINE = {**OPTIONS, "inline": "always"}
FORCED = {**OPTIONS, "forceinline": True}
"""Inlined by LLVM: compiles faster where a function is called in many places."""

_BYTE, _SHORT, _WORD, _LONG = (ir.IntType(bits) for bits in (8, 16, 32, 64))
_LANES = 32
_GUIDE = 8


def load_vector(builder: Any, base: Any, place: Any, vector: Any, align: int) -> Any:
    """Return the vector at a position of an array's data, whose items lie at multiples of `align` bytes."""
    loaded = builder.load(builder.bitcast(builder.gep(base, [place]), vector.as_pointer()))
    loaded.align = align
    return loaded


def _sum_of_squares(channels: int, planes: int) -> Any:
    """Return a function that sums the squared differences of two patches, whose rows come from the planes in turn.

    Its arguments are an array of uint8, the positions of the first byte of both, and the bytes from row to row and
    from plane to plane.
    """
    row_bytes = SIDE * channels

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        base = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        _, *places, stride, plane = arguments
        bytes_, shorts, words = (ir.VectorType(kind, _LANES) for kind in (_BYTE, _SHORT, _WORD))
        totals = [ir.Constant(words, None), ir.Constant(words, None)]  # in turns: neither waits for the other

        def load(place: Any) -> Any:
            return builder.zext(load_vector(builder, base, place, bytes_, 1), shorts)

        for row in range(SIDE):
            before = _LANES - row_bytes if row == SIDE - 1 else 0  # bytes of the vector that lie before the row
            own = [-1 if before <= lane < before + row_bytes else 0 for lane in range(_LANES)]
            steps = [builder.mul(stride, ir.Constant(_LONG, row)), builder.mul(plane, ir.Constant(_LONG, row % planes))]
            offset = builder.sub(builder.add(*steps), ir.Constant(_LONG, before))
            difference = builder.sub(*(load(builder.add(place, offset)) for place in places))
            difference = builder.and_(difference, ir.Constant(shorts, [ir.Constant(_SHORT, mask) for mask in own]))
            wide = builder.sext(difference, words)
            totals[row % 2] = builder.add(totals[row % 2], builder.mul(wide, wide))
        return _reduced(builder, f"llvm.vector.reduce.add.v{_LANES}i32", _WORD, [builder.add(*totals)])

    def typed(typing: Any, pixels: Any, first: Any, other: Any, stride: Any, plane: Any) -> Any:
        return types.int32(pixels, types.uint64, types.uint64, types.uint64, types.uint64), generate

    return intrinsic(typed)


@intrinsic
def _guide_sum(typing: Any, guide: Any, first: Any, other: Any, weights: Any, own: Any) -> Any:
    """Sum squared differences of 8 floats at two positions, each with its weight, of which the first has a position."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        guide, weights = (
            context.make_array(signature.args[number])(context, builder, arguments[number]).data for number in (0, 3)
        )
        vector = ir.VectorType(ir.FloatType(), _GUIDE)
        places = (guide, arguments[1]), (guide, arguments[2]), (weights, arguments[4])
        values = [load_vector(builder, base, place, vector, 4) for base, place in places]
        difference = builder.fsub(*values[:2], flags=("fast",))
        square = builder.fmul(difference, difference, flags=("fast",))
        terms = [ir.Constant(ir.FloatType(), 0.0), builder.fmul(square, values[2], flags=("fast",))]
        return _reduced(builder, "llvm.vector.reduce.fadd.v8f32", ir.FloatType(), terms, ("fast",))

    return types.float32(guide, types.uint64, types.uint64, weights, types.uint64), generate


def _reduced(builder: Any, name: str, kind: Any, arguments: list[Any], flags: tuple[str, ...] = ()) -> Any:
    module = builder.module
    function = module.globals.get(name) or ir.Function(
        module, ir.FunctionType(kind, [argument.type for argument in arguments]), name
    )
    return builder.call(function, arguments, fastmath=flags)


_sum_of_features, _sum_of_colours = _sum_of_squares(CHANNELS, PLANES), _sum_of_squares(3, 1)


@njit(**INLINE)
def _patch_distance(features: Any, y: Any, x: Any, source_y: Any, source_x: Any) -> Any:
    stride, plane = np.uint64(features.shape[2]), np.uint64(features.shape[1] * features.shape[2])
    first = np.uint64(y - RADIUS) * stride + np.uint64((x - RADIUS) * CHANNELS)
    other = np.uint64(source_y - RADIUS) * stride + np.uint64((source_x - RADIUS) * CHANNELS)
    return np.float32(_sum_of_features(features, first, other, stride, plane)) * np.float32(1 / 255**2)


@njit(**INLINE)
def _colour_distance(picture: Any, y: Any, x: Any, source_y: Any, source_x: Any) -> Any:
    stride = np.uint64(picture.shape[1])
    first = np.uint64(y - RADIUS) * stride + np.uint64((x - RADIUS) * 3)
    other = np.uint64(source_y - RADIUS) * stride + np.uint64((source_x - RADIUS) * 3)
    return np.float32(_sum_of_colours(picture, first, other, stride, np.uint64(0))) * np.float32(1 / 255**2)


@njit(**INLINE)
def _guide_distance(guide: Any, y: Any, x: Any, source_y: Any, source_x: Any, weights: Any, index: Any) -> Any:
    width = np.uint64(guide.shape[1])
    first = (np.uint64(y) * width + np.uint64(x)) * np.uint64(_GUIDE)
    other = (np.uint64(source_y) * width + np.uint64(source_x)) * np.uint64(_GUIDE)
    return _guide_sum(guide, first, other, weights, np.uint64(index) * np.uint64(_GUIDE))


def _plain_patch_distance(features: Any, y: int, x: int, source_y: int, source_x: int) -> np.float32:
    total = 0
    for row in range(-RADIUS, RADIUS + 1):
        for index in range(-RADIUS * CHANNELS, (RADIUS + 1) * CHANNELS):
            plane = (row + RADIUS) % PLANES
            value = int(features[plane, y + row, x * CHANNELS + index])
            total += (value - int(features[plane, source_y + row, source_x * CHANNELS + index])) ** 2
    return np.float32(total) * np.float32(1 / 255**2)


def _plain_colour_distance(picture: Any, y: int, x: int, source_y: int, source_x: int) -> np.float32:
    total = 0
    for row in range(-RADIUS, RADIUS + 1):
        for index in range(-RADIUS * 3, (RADIUS + 1) * 3):
            total += (int(picture[y + row, x * 3 + index]) - int(picture[source_y + row, source_x * 3 + index])) ** 2
    return np.float32(total) * np.float32(1 / 255**2)


def _plain_guide_distance(
    guide: Any, y: int, x: int, source_y: int, source_x: int, weights: Any, index: int
) -> np.float32:
    total = 0.0
    for channel in range(_GUIDE):
        total += weights[index, channel] * (guide[y, x, channel] - guide[source_y, source_x, channel]) ** 2
    return np.float32(total)


_IS_COMPILED = not numba.config.DISABLE_JIT

patch_distance = _patch_distance if _IS_COMPILED else _plain_patch_distance
"""(features, y, x, source_y, source_x): the squared distance of two patches' features in [0, 1], float32.

Features are uint8 (PLANES, h, w * CHANNELS); even rows of the patches are read from the first plane, odd ones from the
second.
"""

colour_distance = _colour_distance if _IS_COMPILED else _plain_colour_distance
"""(picture, y, x, source_y, source_x): the squared distance of two patches' colours in [0, 1]; uint8 (h, w * 3)."""

guide_distance = _guide_distance if _IS_COMPILED else _plain_guide_distance
"""(guide, y, x, source_y, source_x, weights, index): the squared distance of two pixels of a guide, float32 (h, w, 8).

Its channels have the weights of a row of `weights`, float32 (n, 8).
"""
