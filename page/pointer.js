// The pointer: a finger, a pen or the mouse paints; two fingers, the wheel, the middle button or the space bar move.

import { dragged, zoomed } from "./geometry.js";

const PEN_ERASER = 5; // the number of the button that a pen's other end is

export function createPointer(canvas, strokes, ring, onBegin) {
  const { ink } = canvas, fingers = new Map();
  let doing = null, spaceHeld = false;

  function at(event) {
    const box = ink.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  function down(event) {
    if (!canvas.view || (doing === "paint" && event.pointerType !== "touch")) return;
    event.preventDefault();
    ink.focus({ preventScroll: true });
    ink.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, at(event));
    if (fingers.size > 1) { // a second finger: this is no stroke
      if (doing === "paint") strokes.cancel();
      doing = "move";
    } else if (event.button === 1 || spaceHeld || strokes.tool.name === "move") doing = "move";
    else if (event.button === 0 || event.button === PEN_ERASER) {
      doing = "paint";
      onBegin();
      strokes.begin(at(event), strokes.tool.name === "eraser" || event.button === PEN_ERASER);
    }
    cursor();
  }

  function move(event) {
    follow(event);
    if (!fingers.has(event.pointerId)) return;
    const before = [...fingers.values()];
    fingers.set(event.pointerId, at(event));
    if (doing === "move") canvas.look(dragged(canvas.view, before, [...fingers.values()], canvas.home));
    if (doing !== "paint") return;
    const steps = event.getCoalescedEvents?.() ?? [];
    strokes.extend((steps.length ? steps : [event]).map(at));
  }

  function up(event) {
    if (!fingers.delete(event.pointerId)) return;
    if (doing === "paint" && event.type === "pointerup") strokes.end();
    else if (doing === "paint") strokes.cancel();
    doing = fingers.size ? "move" : null; // the finger that is left does not begin to paint
    cursor();
  }

  function wheel(event) {
    if (!canvas.view || (event.deltaY > 0 && canvas.view.scale <= canvas.home.scale)) return; // the page scrolls
    event.preventDefault();
    const lines = event.deltaMode ? 16 : 1, pinching = event.ctrlKey ? 5 : 1;
    const factor = Math.exp(-event.deltaY * lines * pinching * 0.002);
    canvas.look(zoomed(canvas.view, factor, at(event), canvas.home));
  }

  function follow(event) {
    const [x, y] = at(event), { size, name } = strokes.tool;
    ring.hidden = event.pointerType === "touch" || name === "move" || spaceHeld || doing === "move";
    ring.style.width = ring.style.height = `${size}px`;
    ring.style.transform = `translate(${x - size / 2}px, ${y - size / 2}px)`;
  }

  function cursor() {
    ink.dataset.doing = doing === "move" ? "moving" : spaceHeld || strokes.tool.name === "move" ? "move" : "paint";
    if (ink.dataset.doing !== "paint") ring.hidden = true;
  }

  ink.addEventListener("pointerdown", down);
  ink.addEventListener("pointermove", move);
  ink.addEventListener("pointerup", up);
  ink.addEventListener("pointercancel", up);
  ink.addEventListener("pointerleave", () => (ring.hidden = true));
  ink.addEventListener("wheel", wheel, { passive: false });
  ink.addEventListener("contextmenu", (event) => event.preventDefault());

  return {
    cursor,
    get busy() { return doing !== null; },
    get over() { return ink.matches(":hover"); },
    set space(held) { spaceHeld = held; cursor(); },
  };
}
