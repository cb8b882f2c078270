"""Write networks as ONNX files, which OpenVINO and ONNX Runtime read. The package onnx is not needed.

An ONNX file is a message of Protocol Buffers. Only the parts that a network of this library has are written: tensors of
float32, int64, int32 and 8-bit integers, inputs with free axes, and operators with numbers and texts as attributes.

Reference:
    github.com/onnx/onnx, onnx/onnx.proto (field numbers) and docs/Operators.md (operators);
    protobuf.dev/programming-guides/encoding (wire format).
"""

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

OPSET = 18
_IR_VERSION = 8  # of the first release with this opset
_ELEMENT_TYPES = {
    np.dtype(np.float32): 1,
    np.dtype(np.uint8): 2,
    np.dtype(np.int8): 3,
    np.dtype(np.int32): 6,
    np.dtype(np.int64): 7,
}
_FLOAT, _INT, _STRING, _FLOATS, _INTS = 1, 2, 3, 6, 7  # of AttributeProto.AttributeType

Attribute: TypeAlias = int | float | str | Sequence[int] | Sequence[float]
Axes: TypeAlias = Sequence[int | str]
"""Lengths of a tensor's axes; a text names an axis of any length."""


class Graph:
    """A network that is built node by node, in the order in which values are computed.

    A value is known by its name, which the methods return and take. Names are unique within the graph.

    Args:
        name: of the network.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._nodes: list[_Node] = []
        self._constants: list[bytes] = []
        self._inputs: list[bytes] = []
        self._outputs: list[bytes] = []
        self._names: set[str] = set()
        self._output_names: set[str] = set()
        self._small: dict[tuple[str, tuple[int, ...], bytes], str] = {}

    def input(self, name: str, axes: Axes, dtype: type = np.float32) -> str:
        """Add an input and return its name.

        Args:
            name: unique.
            axes: see `Axes`.
            dtype: np.float32 or np.int64.
        """
        self._inputs.append(_value_info(self._unique(name), axes, dtype))
        return name

    def constant(self, value: np.ndarray | float | Sequence[int], name: str = "constant") -> str:
        """Add a constant and return its name, to which a number is appended if it is taken.

        Args:
            value: an array of float32, int64, int32, int8 or uint8; a number becomes a float32 without axes, a sequence
                int64 (N,).
            name: for people who read the graph.

        Raises:
            KeyError: an array has another dtype.
        """
        if not isinstance(value, np.ndarray):
            value = np.array(value, np.float32 if isinstance(value, int | float) else np.int64)
        content, element_type = value.astype(value.dtype.newbyteorder("<")).tobytes(), _ELEMENT_TYPES[value.dtype]
        key = (value.dtype.str, value.shape, content if value.size <= 16 else b"")
        if value.size <= 16 and key in self._small:
            return self._small[key]
        name = self._unnumbered(name)
        self._small[key] = name
        dims = b"".join(_integer(1, length) for length in value.shape)
        self._constants.append(dims + _integer(2, element_type) + _text(8, name) + _bytes(9, content))
        return name

    def node(self, operator: str, *inputs: str, **attributes: Attribute) -> str:
        """Add an operator with one output and return the name of that output.

        Args:
            operator: its ONNX name, such as "Conv".
            inputs: names of its inputs; an empty text leaves an optional input out.
            attributes: of the operator. Whole numbers are stored as INT, so write a FLOAT as 1.0.

        Raises:
            ValueError: an input is not a value of this graph.
        """
        return self.nodes(operator, *inputs, outputs=1, **attributes)[0]

    def nodes(self, operator: str, *inputs: str, outputs: int, **attributes: Attribute) -> list[str]:
        """Add an operator with several outputs and return their names.

        Args:
            operator: as for `node`.
            inputs: as for `node`.
            outputs: their number.
            attributes: as for `node`.

        Raises:
            ValueError: an input is not a value of this graph.
        """
        unknown = [name for name in inputs if name and name not in self._names]
        if unknown:
            raise ValueError(f"{operator} has the input {unknown[0]!r}, which is no value of the graph: add it first")
        names = [self._unnumbered(operator) for _ in range(outputs)]
        message = (
            b"".join(_text(1, name) for name in inputs)
            + b"".join(_text(2, name) for name in names)
            + _text(3, names[0])
            + _text(4, operator)
            + b"".join(_bytes(5, _attribute(key, value)) for key, value in attributes.items())
        )
        self._nodes.append(_Node(inputs, names, message))
        return names

    def output(self, value: str, name: str, axes: Axes) -> None:
        """Make a value an output.

        Args:
            value: its name in the graph.
            name: the output's own name, unique.
            axes: see `Axes`.
        """
        message = _text(1, value) + _text(2, self._unique(name)) + _text(3, name) + _text(4, "Identity")
        self._nodes.append(_Node([value], [name], message))
        self._output_names.add(name)
        self._outputs.append(_value_info(name, axes, np.float32))

    def to_bytes(self, metadata: Mapping[str, str] | None = None, description: str = "") -> bytes:
        """Return the content of the ONNX file.

        Args:
            metadata: names and texts to store with the network; None: none.
            description: of the network, for people.
        """
        graph = [
            *_all(1, self._needed_nodes()),
            _text(2, self._name),
            *_all(5, self._constants),
            *_all(11, self._inputs),
            *_all(12, self._outputs),
        ]
        entries = [_text(1, key) + _text(2, text) for key, text in (metadata or {}).items()]
        return b"".join(
            [
                _integer(1, _IR_VERSION),
                _text(2, "inpaint"),
                _text(6, description),
                _varint(7 << 3 | 2),
                _varint(sum(map(len, graph))),
                *graph,  # joined once, as it holds the weights
                _bytes(8, _text(1, "") + _integer(2, OPSET)),
                *_all(14, entries),
            ]
        )

    def _needed_nodes(self) -> list[bytes]:
        """Return the operators without those that no output depends on: runtimes may compute them all the same."""
        read, needed = set(self._output_names), []
        for node in reversed(self._nodes):
            if not read.isdisjoint(node.outputs):
                read.update(node.inputs)
                needed.append(node.message)
        return needed[::-1]

    def _unique(self, name: str) -> str:
        if name in self._names:
            raise ValueError(f"the graph has a value {name!r} already: choose another name")
        self._names.add(name)
        return name

    def _unnumbered(self, name: str) -> str:
        """Return the name, with the first free number appended if it is taken."""
        return self._unique(name if name not in self._names else f"{name}_{len(self._names)}")


class _Node(NamedTuple):
    """An operator: what it reads, what it computes, and its message."""

    inputs: Sequence[str]
    outputs: Sequence[str]
    message: bytes


def _varint(value: int) -> bytes:
    value &= 2**64 - 1  # negative numbers are stored as two's complement
    parts = bytearray()
    while value > 127:
        parts.append(value & 127 | 128)
        value >>= 7
    parts.append(value)
    return bytes(parts)


def _integer(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _float(field: int, value: float) -> bytes:
    return _varint(field << 3 | 5) + struct.pack("<f", value)


def _bytes(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _text(field: int, text: str) -> bytes:
    return _bytes(field, text.encode())


def _all(field: int, messages: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the parts of a repeated field."""
    for content in messages:
        yield from (_varint(field << 3 | 2), _varint(len(content)), content)


def _value_info(name: str, axes: Axes, dtype: type) -> bytes:
    dims = [_text(2, length) if isinstance(length, str) else _integer(1, length) for length in axes]
    tensor = _integer(1, _ELEMENT_TYPES[np.dtype(dtype)]) + _bytes(2, b"".join(_all(1, dims)))
    return _text(1, name) + _bytes(2, _bytes(1, tensor))


def _attribute(name: str, value: Attribute) -> bytes:
    if isinstance(value, str):
        content, kind = _text(4, value), _STRING
    elif isinstance(value, int):
        content, kind = _integer(3, value), _INT
    elif isinstance(value, float):
        content, kind = _float(2, value), _FLOAT
    elif all(isinstance(item, int) for item in value):
        content, kind = b"".join(_integer(8, int(item)) for item in value), _INTS
    else:
        content, kind = b"".join(_float(7, item) for item in value), _FLOATS
    return _text(1, name) + content + _integer(20, kind)
