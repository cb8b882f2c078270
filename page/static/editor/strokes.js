// Strokes: the one being painted, and those that wait for their fill, drawn on the overlay.
import { roundPixel, subsample } from "./geometry.js";

const MAX_POINTS = 4000;

export function createStrokes(canvas, onStroke) {
  const tool = { size: 28, name: "brush", expandPx: 2 };
  const { overlay } = canvas;
  let waiting = [];
  let current = null;

  // All strokes have one opacity, also where they overlap: the overlay itself is translucent.
  function redraw() {
    const context = overlay.getContext("2d");
    const density = overlay.width / canvas.stage.clientWidth;
    context.resetTransform();
    context.clearRect(0, 0, overlay.width, overlay.height);
    if (!canvas.view) return;
    const { scale, x, y } = canvas.view;
    context.setTransform(scale * density, 0, 0, scale * density, x * density, y * density);
    for (const stroke of current ? [...waiting, current] : waiting) draw(stroke, 0);
  }

  // Draw a stroke from its point number `from`.
  function draw(stroke, from) {
    const context = overlay.getContext("2d");
    const points = stroke.points.slice(Math.max(0, from - 1));
    const color = stroke.erase ? "--erase-color" : "--paint-color";
    context.strokeStyle = getComputedStyle(overlay).getPropertyValue(color).trim();
    context.lineWidth = stroke.brush;
    context.lineCap = context.lineJoin = "round";
    context.beginPath();
    for (const point of points) context.lineTo(...point);
    if (points.length === 1) context.lineTo(points[0][0] + 0.01, points[0][1]); // a dot
    context.stroke();
  }

  return {
    tool,
    redraw,
    begin(point, erase) {
      const brush = roundPixel(Math.max(1, tool.size / canvas.view.scale));
      current = { points: [canvas.toPhoto(point)], brush, erase, grow_px: tool.expandPx };
      draw(current, 0);
    },
    extend(points) {
      const from = current.points.length;
      current.points.push(...points.map(canvas.toPhoto));
      draw(current, from);
    },
    end() {
      waiting.push({ ...current, points: subsample(current.points, MAX_POINTS) });
      current = null;
      onStroke(waiting.at(-1));
    },
    cancel() {
      current = null;
      redraw();
    },
    get isPainting() {
      return current !== null;
    },
    // Remove the strokes of these jobs from the overlay: they are filled, or have failed.
    remove(jobs) {
      waiting = waiting.filter((stroke) => !jobs.some((job) => job.stroke === stroke));
      redraw();
    },
    reset() {
      waiting = [];
      current = null;
      redraw();
    },
  };
}
