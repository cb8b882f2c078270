// Strokes: what is being painted, and what was painted and still waits for its fill, drawn over the picture.
import { rounded, thinned } from "./geometry.js";
const MOST_POINTS = 4000;

export function createStrokes(canvas, onStroke) {
  const tool = { size: 28, name: "brush", growPx: 2 },
    { ink } = canvas;
  let waiting = [],
    current = null;
  // Everything that has no fill yet, in one tone: the canvas itself is half transparent.
  function redraw() {
    const context = ink.getContext("2d"),
      density = ink.width / canvas.stage.clientWidth;
    context.resetTransform();
    context.clearRect(0, 0, ink.width, ink.height);
    if (!canvas.view) return;
    const { scale, x, y } = canvas.view;
    context.setTransform(scale * density, 0, 0, scale * density, x * density, y * density);
    for (const stroke of current ? [...waiting, current] : waiting) trace(stroke, 0);
  }
  function trace(stroke, from) {
    const context = ink.getContext("2d"),
      points = stroke.points.slice(Math.max(0, from - 1));
    context.strokeStyle = getComputedStyle(ink)
      .getPropertyValue(stroke.erase ? "--erasing" : "--painting")
      .trim();
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
    begin(place, erase) {
      const brush = rounded(Math.max(1, tool.size / canvas.view.scale));
      current = { points: [canvas.toPhoto(place)], brush, erase, grow_px: tool.growPx };
      trace(current, 0);
    },
    extend(places) {
      const from = current.points.length;
      current.points.push(...places.map(canvas.toPhoto));
      trace(current, from);
    },
    end() {
      waiting.push({ ...current, points: thinned(current.points, MOST_POINTS) });
      current = null;
      onStroke(waiting.at(-1));
    },
    cancel() {
      current = null;
      redraw();
    },
    // The strokes of these jobs have their fill, or never get one: take them off the picture.
    settle(jobs) {
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
