// Pointer input: a finger, a pen or the mouse paints, and the right button erases; two fingers, the wheel, the middle
// button or the space bar pan. Shift draws straight lines.
import { dragView, zoomView } from "./geometry.js";

const ERASING = [2, 5]; // the right button of a mouse, and the other end of a pen
const OUTLINE_PX = 9; // of the cursor of tools that draw an outline
const LINE_PX = 16; // wheel events may count in lines

export function createPointer(canvas, strokes, brushCursor, onPaint) {
  const { overlay } = canvas;
  const pointers = new Map(); // id -> point on the stage
  let mode = null; // "paint" or "pan" while a pointer is down
  let spaceHeld = false;

  function pointOf({ clientX, clientY }) {
    const box = overlay.getBoundingClientRect();
    return [clientX - box.left, clientY - box.top];
  }

  function down(event) {
    if (!canvas.view || (mode === "paint" && event.pointerType !== "touch")) return;
    event.preventDefault();
    overlay.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, pointOf(event));
    if (mode === "paint") strokes.cancel(); // a second finger: the first one was not meant to paint
    if (pointers.size > 1 || event.button === 1 || spaceHeld || strokes.tool.name === "pan") mode = "pan";
    else if (event.button === 0 || ERASING.includes(event.button)) {
      mode = "paint";
      onPaint();
      strokes.begin(pointOf(event), strokes.tool.name === "eraser" || event.button !== 0);
    }
    updateCursor();
  }

  function move(event) {
    moveBrushCursor(event);
    if (!pointers.has(event.pointerId)) return;
    const before = [...pointers.values()];
    const steps = event.getCoalescedEvents?.() ?? [];
    pointers.set(event.pointerId, pointOf(event));
    if (mode === "pan") canvas.setView(dragView(canvas.view, before, [...pointers.values()]));
    else if (mode === "paint") strokes.extend((steps.length ? steps : [event]).map(pointOf), event.shiftKey);
  }

  function up(event) {
    if (!pointers.delete(event.pointerId)) return;
    if (mode === "paint" && event.type === "pointerup") strokes.end(event.shiftKey);
    else if (mode === "paint") strokes.cancel();
    mode = pointers.size ? "pan" : null; // the remaining finger does not begin to paint
    updateCursor();
  }

  function wheel(event) {
    if (!canvas.view || (event.deltaY > 0 && canvas.fitted)) return; // let the page scroll
    event.preventDefault();
    const speed = 0.002 * (event.deltaMode ? LINE_PX : 1) * (event.ctrlKey ? 5 : 1); // ctrlKey: a touchpad's pinch
    canvas.setView(zoomView(canvas.view, Math.exp(-event.deltaY * speed), pointOf(event)));
  }

  function moveBrushCursor(event) {
    showBrush(event.pointerType === "touch" ? null : pointOf(event));
  }

  // Show the brush at a point of the stage; null: nowhere.
  function showBrush(place) {
    brushCursor.hidden = !place || overlay.dataset.mode !== "paint";
    if (!place) return;
    const [x, y] = place;
    const size = brushCursor.hasAttribute("data-outline") ? OUTLINE_PX : strokes.tool.size;
    const box = { width: size, height: size, left: x - size / 2, top: y - size / 2 };
    for (const [name, px] of Object.entries(box)) brushCursor.style[name] = `${px}px`;
  }

  function updateCursor() {
    overlay.dataset.mode = mode === "pan" ? "panning" : spaceHeld || strokes.tool.name === "pan" ? "pan" : "paint";
    brushCursor.toggleAttribute("data-outline", ["lasso", "rectangle"].includes(strokes.tool.name));
    brushCursor.hidden ||= overlay.dataset.mode !== "paint";
  }

  const handlers = { pointerdown: down, pointermove: move, pointerup: up, pointercancel: up, wheel };
  for (const [kind, handler] of Object.entries(handlers)) overlay.addEventListener(kind, handler, { passive: false });
  overlay.addEventListener("pointerleave", () => {
    brushCursor.hidden = true;
  });
  overlay.addEventListener("contextmenu", (event) => event.preventDefault());
  // Without this, a finger that leaves the photo in motion flings nothing, but the browser takes a tap on a button right
  // after it as the one that stops the fling, and there is no click.
  overlay.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });
  updateCursor();

  return {
    updateCursor,
    showBrush,
    // Pan while the space bar is held over the photo; whether it is.
    holdSpace(held) {
      spaceHeld = held && overlay.matches(":hover");
      updateCursor();
      return spaceHeld;
    },
    get busy() {
      return mode !== null;
    },
  };
}
