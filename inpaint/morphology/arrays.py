"""Labels and distances in NumPy alone: for small grids, and where there is no numba. Results are the kernels'."""

import numpy as np

_FAR = np.int64(1) << 20  # more than any distance in pixels; its square still leaves room in int64


def label(grid: np.ndarray) -> tuple[np.ndarray, int]:
    """Return the label of each pixel's 8-connected component, and their number, see `labels.label`."""
    height = len(grid)
    edges = np.diff(np.pad(grid, ((0, 0), (1, 1))).view(np.int8), axis=1)
    rows, starts = np.nonzero(edges > 0)
    stops = np.nonzero(edges < 0)[1]
    parent = list(range(len(rows)))

    def root(run: int) -> int:
        while parent[run] != run:
            parent[run] = parent[parent[run]]
            run = parent[run]
        return run

    first = np.searchsorted(rows, np.arange(height + 1)).tolist()
    left, right = starts.tolist(), stops.tolist()
    for above in range(height - 1):
        upper, lower = first[above], first[above + 1]
        while upper < first[above + 1] and lower < first[above + 2]:
            if left[upper] <= right[lower] and left[lower] <= right[upper]:
                one, other = root(upper), root(lower)
                parent[max(one, other)] = min(one, other)  # the first run of a component is its root
            if right[upper] < right[lower]:
                upper += 1
            else:
                lower += 1
    roots = np.array([root(run) for run in range(len(rows))], np.intp)
    numbers = np.cumsum(roots == np.arange(len(roots)))
    labels = np.zeros(grid.shape, np.int32)
    labels[grid] = np.repeat(numbers[roots], stops - starts)
    return labels, int(numbers[-1]) if len(numbers) else 0


def bounding_boxes(labels: np.ndarray, count: int) -> np.ndarray:
    """Return the bounding box of each label, see `labels.bounding_boxes`."""
    boxes = np.tile(np.array([labels.shape[0], 0, labels.shape[1], 0], np.int64), (count + 1, 1))
    rows, columns = np.nonzero(labels)
    found = labels[rows, columns]
    for start, stop, places in ((0, 1, rows), (2, 3, columns)):
        np.minimum.at(boxes[:, start], found, places)
        np.maximum.at(boxes[:, stop], found, places + 1)
    return boxes[1:]


def distance_transform(grid: np.ndarray, border: bool) -> np.ndarray:
    """Return the distance of each pixel to the nearest background pixel, see `distance.distance_transform`.

    Reference:
        Saito and Toriwaki 1994, New algorithms for Euclidean distance transformation, Pattern Recognition 27(11): the
        distance within each column, then the minimum over columns, here from the nearest one on.
    """
    if border:
        return distance_transform(np.pad(grid, 1), False)[1:-1, 1:-1]
    rows = np.arange(len(grid))[:, None]
    above = np.maximum.accumulate(np.where(grid, -_FAR, rows), axis=0)
    below = np.minimum.accumulate(np.where(grid, 2 * _FAR, rows)[::-1], axis=0)[::-1]
    of_column = np.minimum(np.minimum(rows - above, below - rows), _FAR) ** 2
    squared = of_column.copy()
    for step in range(1, grid.shape[1]):
        if step * step >= squared.max(initial=0):
            break
        np.minimum(squared[:, step:], of_column[:, :-step] + step * step, out=squared[:, step:])
        np.minimum(squared[:, :-step], of_column[:, step:] + step * step, out=squared[:, :-step])
    distance = np.sqrt(squared.astype(np.float64)).astype(np.float32)
    return np.where(squared >= _FAR**2, np.float32(np.inf), distance)
