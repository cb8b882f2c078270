// Strokes: the one being painted, and those that wait for their fill, drawn on the overlay.
// A stroke is a line of the brush, an area with an outline, or a mask from the server; see page/server/stroke_checks.py.
import { rectangleOf, roundPixel, subsample } from "./geometry.js";

const MAX_POINTS = 4000;
const CLICK_PX = 4; // on the stage: a stroke that is shorter is a click
const OUTLINED = ["lasso", "rectangle"];

export function createStrokes(canvas, onStroke) {
  const tool = { size: 28, name: "brush", expandPx: 2 };
  const { overlay } = canvas;
  const tinted = new WeakMap(); // mask -> its picture
  let waiting = [];
  let current = null;
  let start = null; // of the current stroke, in photo pixels
  let lineEnd = null; // of the last line: a click with Shift draws on from it

  const color = (stroke) =>
    getComputedStyle(overlay)
      .getPropertyValue(stroke.erase ? "--erase-color" : "--paint-color")
      .trim();

  // All strokes have one opacity, also where they overlap: the overlay itself is translucent.
  function redraw() {
    const context = overlay.getContext("2d");
    const density = overlay.width / canvas.stage.clientWidth;
    context.resetTransform();
    context.clearRect(0, 0, overlay.width, overlay.height);
    if (!canvas.view) return;
    const { scale, x, y } = canvas.view;
    context.setTransform(scale * density, 0, 0, scale * density, x * density, y * density);
    for (const stroke of current ? [...waiting, current] : waiting) draw(stroke);
  }

  function draw(stroke) {
    if (stroke.shape === "mask") drawMask(stroke);
    else if (stroke.shape === "area") drawArea(stroke);
    else drawLine(stroke, 0);
  }

  // Draw a line from its point number `from`.
  function drawLine(stroke, from) {
    const context = overlay.getContext("2d");
    const points = stroke.points.slice(Math.max(0, from - 1));
    context.strokeStyle = color(stroke);
    context.lineWidth = stroke.brush;
    context.lineCap = context.lineJoin = "round";
    context.beginPath();
    for (const point of points) context.lineTo(...point);
    if (points.length === 1) context.lineTo(points[0][0] + 0.01, points[0][1]); // a dot
    context.stroke();
  }

  function drawArea(stroke) {
    const context = overlay.getContext("2d");
    context.fillStyle = context.strokeStyle = color(stroke);
    context.lineWidth = 2 / canvas.view.scale;
    context.lineJoin = "round";
    context.beginPath();
    for (const point of stroke.points) context.lineTo(...point);
    context.closePath();
    context.stroke();
    context.fill();
  }

  function drawMask(stroke) {
    const picture = tinted.get(stroke);
    if (picture) overlay.getContext("2d").drawImage(picture, stroke.left, stroke.top);
  }

  // The points of the current stroke when the pointer has come through these, in photo pixels.
  function pointsThrough(points, isStraight) {
    if (tool.name === "rectangle") return rectangleOf(start, points.at(-1));
    return isStraight && !current.shape ? [start, points.at(-1)] : [...current.points, ...points];
  }

  return {
    tool,
    redraw,
    begin(point, erase) {
      const brush = roundPixel(Math.max(1, tool.size / canvas.view.scale));
      start = canvas.toPhoto(point);
      current = { points: [start], brush, erase, grow_px: tool.expandPx };
      if (OUTLINED.includes(tool.name)) current.shape = "area";
      draw(current);
    },
    // Go on to points of the stage. A straight line goes from the start to the last one.
    extend(points, isStraight = false) {
      const from = current.points.length;
      current.points = pointsThrough(points.map(canvas.toPhoto), isStraight);
      if (current.shape || isStraight) redraw();
      else drawLine(current, from);
    },
    // End the stroke. With `isStraight`, a click joins the end of the last line.
    end(isStraight = false) {
      const end = current.points.at(-1);
      const isClick = Math.hypot(end[0] - start[0], end[1] - start[1]) * canvas.view.scale < CLICK_PX;
      if (isStraight && isClick && lineEnd && !current.shape) current.points = [lineEnd, end];
      if (!current.shape) lineEnd = end;
      const stroke = { ...current, points: subsample(current.points, MAX_POINTS) };
      current = null;
      waiting.push(stroke);
      redraw();
      onStroke(stroke);
    },
    cancel() {
      current = null;
      redraw();
    },
    get areWaiting() {
      return waiting.length > 0;
    },
    get isPainting() {
      return current !== null;
    },
    // Show a mask whose PNG is transparent outside of it; it waits like a stroke.
    async addMask(mask, bitmap) {
      const picture = Object.assign(document.createElement("canvas"), { width: bitmap.width, height: bitmap.height });
      const context = picture.getContext("2d");
      context.drawImage(bitmap, 0, 0);
      context.globalCompositeOperation = "source-in";
      context.fillStyle = color(mask);
      context.fillRect(0, 0, picture.width, picture.height);
      tinted.set(mask, picture);
    },
    // Show these strokes instead of those: what is held back has changed.
    replace(those, these) {
      waiting = [...waiting.filter((stroke) => !those.includes(stroke)), ...these];
      redraw();
    },
    // Show the strokes of these jobs, which are sent again after a reload of the page.
    expect(jobs) {
      waiting = [...waiting, ...jobs.flatMap(({ stroke, strokes }) => stroke ?? strokes ?? [])];
      redraw();
    },
    // Remove the strokes of these jobs from the overlay: they are filled, or have failed.
    remove(jobs) {
      const all = jobs.flatMap(({ name, stroke, strokes }) => stroke ?? (name === "paint" ? strokes : []));
      waiting = waiting.filter((each) => !all.includes(each));
      redraw();
    },
    reset() {
      waiting = [];
      current = lineEnd = null;
      redraw();
    },
  };
}
