// When a stroke is filled: at once, or together with others when the visitor says so.
export const FILL_MODES = ["automatic", "each_stroke", "on_request"];

const WIDE_PX = 40; // brush in photo pixels: finer ones repair damage (PAUSE_BRUSH_PX of the engine)
const WIDE_PART = 0.03; // of the photo's shorter side
const WIDE_ON_SCREEN_PX = 48;
const OVERLAP = 0.4; // of a stroke, over the one before it
const SAME_OBJECT_MS = 5000; // a stroke over one that was painted this recently goes on with it

// Whether a brush is so wide that several strokes will cover one object.
export function isWide({ brush }, photo, scale) {
  const side = Math.min(photo.width, photo.height);
  return brush > WIDE_PX && brush > WIDE_PART * side && brush * scale >= WIDE_ON_SCREEN_PX;
}

// Whether a good part of a stroke lies over another one: one that only begins or ends there does not.
export function overlaps(stroke, other) {
  const reach = (0.7 * (stroke.brush + other.brush)) / 2;
  const isOver = (point) => other.points.some((end, at) => distance(point, other.points[at - 1] ?? end, end) < reach);
  const along = resampled(stroke.points, stroke.brush / 2);
  return along.filter(isOver).length >= OVERLAP * along.length;
}

// Points along a line at about equal distances.
function resampled(points, step) {
  const along = [points[0]];
  for (const [index, [x, y]] of points.slice(1).entries()) {
    const [x0, y0] = points[index];
    const count = Math.ceil(Math.hypot(x - x0, y - y0) / step);
    for (let part = 1; part <= count; part++)
      along.push([x0 + ((x - x0) * part) / count, y0 + ((y - y0) * part) / count]);
  }
  return along;
}

// Whether to hold a stroke back. `last` is the stroke before it, { stroke, time }, or null; `isHolding`: others wait.
export function isHeldBack(mode, stroke, { photo, scale, isHolding, last, time }) {
  if (mode !== "automatic") return mode === "on_request";
  if (isHolding) return true;
  if (stroke.erase) return false;
  if (stroke.shape || isWide(stroke, photo, scale)) return true;
  const covers = stroke.brush > (WIDE_PART / 2) * Math.min(photo.width, photo.height) && stroke.brush > WIDE_PX / 2;
  const follows = last && !last.stroke.shape && !last.stroke.erase && time - last.time < SAME_OBJECT_MS;
  return Boolean(covers && follows && overlaps(stroke, last.stroke));
}

// The distance of a point from the segment between two others.
function distance([x, y], [x0, y0], [x1, y1]) {
  const length = (x1 - x0) ** 2 + (y1 - y0) ** 2;
  const along = length ? Math.min(1, Math.max(0, ((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / length)) : 0;
  return Math.hypot(x - x0 - along * (x1 - x0), y - y0 - along * (y1 - y0));
}
