// The pointer: a finger, a pen or the mouse paints; two fingers, the wheel, the middle button or the space bar move.
import { dragged, zoomed } from "./geometry.js";
const PEN_ERASER = 5; // the number of the button that a pen's other end is

export function createPointer(canvas, strokes, ring, onBegin) {
  const { ink } = canvas,
    fingers = new Map();
  const at = ({ clientX, clientY }, box = ink.getBoundingClientRect()) => [clientX - box.left, clientY - box.top];
  let doing = null,
    spaceHeld = false;
  function down(event) {
    if (!canvas.view || (doing === "paint" && event.pointerType !== "touch")) return;
    event.preventDefault();
    ink.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, at(event));
    if (doing === "paint") strokes.cancel(); // a second finger: this is no stroke
    if (fingers.size > 1 || event.button === 1 || spaceHeld || strokes.tool.name === "move") doing = "move";
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
    const before = [...fingers.values()],
      steps = event.getCoalescedEvents?.() ?? [];
    fingers.set(event.pointerId, at(event));
    if (doing === "move") canvas.look(dragged(canvas.view, before, [...fingers.values()]));
    else if (doing === "paint") strokes.extend((steps.length ? steps : [event]).map((step) => at(step)));
  }

  function up(event) {
    if (!fingers.delete(event.pointerId)) return;
    if (doing === "paint") strokes[event.type === "pointerup" ? "end" : "cancel"]();
    doing = fingers.size ? "move" : null; // the finger that is left does not begin to paint
    cursor();
  }

  function wheel(event) {
    if (!canvas.view || (event.deltaY > 0 && canvas.whole)) return; // the page scrolls
    event.preventDefault();
    const speed = 0.002 * (event.deltaMode ? 16 : 1) * (event.ctrlKey ? 5 : 1); // lines; a pinch on a touchpad
    canvas.look(zoomed(canvas.view, Math.exp(-event.deltaY * speed), at(event)));
  }

  function follow(event) {
    const [x, y] = at(event),
      { size } = strokes.tool;
    ring.hidden = event.pointerType === "touch" || ink.dataset.doing !== "paint";
    const box = { width: size, height: size, left: x - size / 2, top: y - size / 2 };
    for (const [name, px] of Object.entries(box)) ring.style[name] = `${px}px`;
  }

  function cursor() {
    ink.dataset.doing = doing === "move" ? "moving" : spaceHeld || strokes.tool.name === "move" ? "move" : "paint";
    ring.hidden ||= ink.dataset.doing !== "paint";
  }

  const handlers = { pointerdown: down, pointermove: move, pointerup: up, pointercancel: up, wheel };
  for (const [kind, handler] of Object.entries(handlers)) ink.addEventListener(kind, handler, { passive: false });
  ink.addEventListener("pointerleave", () => (ring.hidden = true));
  cursor();

  const space = (held) => {
    spaceHeld = held && ink.matches(":hover");
    cursor();
    return spaceHeld;
  };
  return {
    cursor,
    space,
    get busy() {
      return doing !== null;
    },
  };
}
