// Geometry of the view. A view { scale, x, y } shows photo point p at p * scale + (x, y) on the stage, in CSS pixels.
const MARGIN = 16; // around a photo that is shown whole, so that strokes can begin outside of it
const MAX_FIT_SCALE = 1.5; // small photos are not enlarged further to fit
const MAX_SCALE = 12; // CSS pixels per photo pixel

// The view that shows the whole photo, centred.
export function fitView(photo, stage) {
  const [width, height] = [stage.width - 2 * MARGIN, stage.height - 2 * MARGIN].map((side) => Math.max(side, 20));
  const scale = Math.min(width / photo.width, height / photo.height, MAX_FIT_SCALE);
  return { scale, x: (stage.width - photo.width * scale) / 2, y: (stage.height - photo.height * scale) / 2 };
}

// The nearest view that leaves no more of the stage empty than it must. It is not smaller than the fit view, or than
// `whole`, the scale at which a small photo shows at 100 %.
export function clampView(view, fit, photo, stage, whole = fit.scale) {
  const scale = Math.max(view.scale, Math.min(whole, fit.scale));
  if (!view.scale || scale === fit.scale) return fit;
  const clamp = (offset, free) => (free >= 2 * MARGIN ? free / 2 : Math.min(MARGIN, Math.max(free - MARGIN, offset)));
  const [freeX, freeY] = [stage.width - photo.width * scale, stage.height - photo.height * scale];
  return { scale, x: clamp(view.x, freeX), y: clamp(view.y, freeY) };
}

// Zoom by a factor; the photo point at [x, y] of the stage stays there.
export function zoomView(view, factor, [x, y]) {
  const scale = Math.min(view.scale * factor, Math.max(MAX_SCALE, view.scale));
  const change = scale / view.scale;
  return { scale, x: x - (x - view.x) * change, y: y - (y - view.y) * change };
}

// Pan with one pointer; pan and zoom with two. `before` and `after` are their points on the stage.
export function dragView(view, before, after) {
  const centre = (points) => [0, 1].map((axis) => points.reduce((sum, point) => sum + point[axis], 0) / points.length);
  const distance = ([a, b]) => (b ? Math.max(Math.hypot(a[0] - b[0], a[1] - b[1]), 1) : 1);
  const [from, to] = [centre(before), centre(after)];
  const zoomed = zoomView(view, distance(after) / distance(before), from);
  return { ...zoomed, x: zoomed.x + to[0] - from[0], y: zoomed.y + to[1] - from[1] };
}

// A point of the stage in photo pixels.
export const toPhoto = (view, [x, y]) => [(x - view.x) / view.scale, (y - view.y) / view.scale].map(roundPixel);
export const roundPixel = (value) => Math.round(value * 100) / 100;

// The corners of a rectangle between two opposite ones.
export const rectangleOf = ([x0, y0], [x1, y1]) => [
  [x0, y0],
  [x1, y0],
  [x1, y1],
  [x0, y1],
];

// Boxes are [left, top, right, bottom].
export const intersectBoxes = (a, b) => a.map((edge, index) => (index < 2 ? Math.max : Math.min)(edge, b[index]));
export const expandBox = (box, margin) =>
  box.map((edge, index) => (index < 2 ? Math.floor(edge - margin) : Math.ceil(edge + margin)));

// At most `count` points, evenly chosen; both ends are kept.
export function subsample(points, count) {
  if (points.length <= count) return points;
  return Array.from({ length: count }, (_, index) => points[Math.round((index * (points.length - 1)) / (count - 1))]);
}
