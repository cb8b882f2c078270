// Strokes: what is being painted, and what was painted and still waits for its fill, drawn over the picture.

import { rounded, thinned } from "./geometry.js";

const MOST_POINTS = 4000;

export function createStrokes(canvas, onStroke) {
  const tool = { size: 28, name: "brush", growPx: 2 }, ink = canvas.ink;
  let waiting = [], current = null;

  // Everything that has no fill yet, in one tone: the canvas itself is half transparent.
  function redraw() {
    const context = ink.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, ink.width, ink.height);
    if (!canvas.view) return;
    const density = ink.width / canvas.stage.clientWidth, { scale, x, y } = canvas.view;
    context.setTransform(scale * density, 0, 0, scale * density, x * density, y * density);
    for (const stroke of current ? [...waiting, current] : waiting) trace(stroke, 0);
  }

  function trace(stroke, from) {
    const context = ink.getContext("2d"), points = stroke.points.slice(Math.max(0, from - 1));
    const colour = getComputedStyle(ink).getPropertyValue(stroke.erase ? "--erasing" : "--painting");
    context.strokeStyle = context.fillStyle = colour.trim();
    context.lineWidth = stroke.brush;
    context.lineCap = context.lineJoin = "round";
    context.beginPath();
    if (points.length === 1) {
      context.arc(...points[0], stroke.brush / 2, 0, 2 * Math.PI);
      return context.fill();
    }
    points.forEach((point, index) => (index ? context.lineTo(...point) : context.moveTo(...point)));
    return context.stroke();
  }

  return {
    tool, redraw,
    begin(place, erase) {
      const brush = rounded(Math.max(1, tool.size / canvas.scale));
      current = { points: [canvas.toPhoto(place)], brush, erase, grow_px: tool.growPx };
      trace(current, 0);
    },
    extend(places) {
      const from = current.points.length;
      current.points.push(...places.map(canvas.toPhoto));
      trace(current, from);
    },
    end() {
      const stroke = { ...current, points: thinned(current.points, MOST_POINTS) };
      current = null;
      waiting.push(stroke);
      onStroke(stroke);
    },
    cancel() { current = null; redraw(); },
    // These strokes have their fill (or never get one): take them off the picture.
    settle(strokes) { waiting = waiting.filter((stroke) => !strokes.includes(stroke)); redraw(); },
    reset() { waiting = []; current = null; redraw(); },
  };
}
