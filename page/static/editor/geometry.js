// Geometry: where the photo lies on the stage. A view { scale, x, y } shows photo point p at p * scale + (x, y).
const MARGIN = 16; // around a photo that is shown whole: strokes can begin outside of it
const LARGEST = 12; // screen pixels per photo pixel

// The whole photo, centred.
export function fitted(photo, stage) {
  const [width, height] = [stage.width - 2 * MARGIN, stage.height - 2 * MARGIN].map((side) => Math.max(side, 20));
  const scale = Math.min(width / photo.width, height / photo.height, 1.5);
  return { scale, x: (stage.width - photo.width * scale) / 2, y: (stage.height - photo.height * scale) / 2 };
}

// The nearest view in which the photo is no smaller than whole, and fills the stage as far as it can.
export function kept(view, home, photo, stage) {
  if (view.scale <= home.scale) return home;
  const edge = (offset, free) => (free >= 2 * MARGIN ? free / 2 : Math.min(MARGIN, Math.max(free - MARGIN, offset)));
  const [right, bottom] = [stage.width - photo.width * view.scale, stage.height - photo.height * view.scale];
  return { scale: view.scale, x: edge(view.x, right), y: edge(view.y, bottom) };
}

// Larger or smaller by a factor; what is at a place of the stage stays there.
export function zoomed(view, factor, [x, y]) {
  const scale = Math.min(view.scale * factor, Math.max(LARGEST, view.scale)),
    change = scale / view.scale;
  return { scale, x: x - (x - view.x) * change, y: y - (y - view.y) * change };
}

// One finger that moves takes the photo along; two that spread also enlarge it.
export function dragged(view, before, after) {
  const middle = (points) => [0, 1].map((axis) => points.reduce((sum, point) => sum + point[axis], 0) / points.length);
  const spread = ([a, b]) => (b ? Math.max(Math.hypot(a[0] - b[0], a[1] - b[1]), 1) : 1);
  const [from, to] = [middle(before), middle(after)],
    larger = zoomed(view, spread(after) / spread(before), from);
  return { ...larger, x: larger.x + to[0] - from[0], y: larger.y + to[1] - from[1] };
}

// A place on the stage in photo pixels.
export const toPhoto = (view, [x, y]) => [(x - view.x) / view.scale, (y - view.y) / view.scale].map(rounded);
export const rounded = (value) => Math.round(value * 100) / 100;

// Boxes are [left, top, right, bottom]: what two have in common, and one made larger and then to whole numbers.
export const common = (a, b) => a.map((edge, index) => (index < 2 ? Math.max : Math.min)(edge, b[index]));
export const outward = (box, more) => box.map((edge, i) => (i < 2 ? Math.floor(edge - more) : Math.ceil(edge + more)));

// At most so many points, evenly chosen, with both ends kept.
export function thinned(points, most) {
  if (points.length <= most) return points;
  return Array.from({ length: most }, (_, index) => points[Math.round((index * (points.length - 1)) / (most - 1))]);
}
