// Geometry: where the photo lies on the stage. A view { scale, x, y } shows photo point p at p * scale + (x, y).

const MARGIN = 16; // around a photo that is shown whole: strokes can begin outside of it
const LARGEST = 12; // screen pixels per photo pixel

// The whole photo, centred.
export function fitted(photo, stage) {
  const [width, height] = [stage.width - 2 * MARGIN, stage.height - 2 * MARGIN].map((side) => Math.max(side, 20));
  return kept({ scale: Math.min(width / photo.width, height / photo.height, 1.5), x: 0, y: 0 }, photo, stage);
}

// The nearest view in which the photo is no smaller than whole, and fills the stage as far as it can.
export function kept(view, photo, stage) {
  const edge = (offset, side, room) => {
    const free = room - side * view.scale;
    return free >= 2 * MARGIN ? free / 2 : Math.min(MARGIN, Math.max(free - MARGIN, offset));
  };
  return { ...view, x: edge(view.x, photo.width, stage.width), y: edge(view.y, photo.height, stage.height) };
}

// Larger or smaller by a factor; what is at a place of the stage stays there.
export function zoomed(view, factor, [x, y], home) {
  const scale = Math.min(Math.max(view.scale * factor, home.scale), Math.max(LARGEST, home.scale));
  const change = scale / view.scale;
  return { scale, x: x - (x - view.x) * change, y: y - (y - view.y) * change };
}

// One finger that moves takes the photo along; two that spread also enlarge it.
export function dragged(view, before, after, home) {
  const [from, to] = [before, after].map(middle);
  const factor = before.length > 1 ? spread(after) / Math.max(spread(before), 1) : 1;
  const larger = zoomed(view, factor, from, home);
  return { ...larger, x: larger.x + to[0] - from[0], y: larger.y + to[1] - from[1] };
}

function middle(points) {
  return [0, 1].map((axis) => points.reduce((sum, point) => sum + point[axis], 0) / points.length);
}

function spread([a, b]) {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}

// A place on the stage in photo pixels.
export function toPhoto(view, [x, y]) {
  return [(x - view.x) / view.scale, (y - view.y) / view.scale].map(rounded);
}

// What two boxes [left, top, right, bottom] have in common.
export function common(a, b) {
  return [Math.max(a[0], b[0]), Math.max(a[1], b[1]), Math.min(a[2], b[2]), Math.min(a[3], b[3])];
}

export function rounded(value) {
  return Math.round(value * 100) / 100;
}

// At most so many points, evenly chosen, with both ends kept.
export function thinned(points, most) {
  if (points.length <= most) return points;
  return Array.from({ length: most }, (_, index) => points[Math.round((index * (points.length - 1)) / (most - 1))]);
}
