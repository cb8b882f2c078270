// Painting with the keyboard: with the photo focused, arrows move the brush, and Enter puts it down and lifts it.
const STEP_PX = 8; // on the stage; with Shift four times as far
const EDGE_PX = 24; // the view follows the brush this close to an edge

const DIRECTIONS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export function addKeyboardPainting(page, showBrush, onPaint) {
  const { canvas, strokes, status } = page;
  const { overlay, stage } = canvas;
  let place = null; // of the brush on the stage

  function move([x, y], px) {
    const limits = [stage.clientWidth, stage.clientHeight];
    place = [place[0] + x * px, place[1] + y * px].map((each, axis) => Math.min(Math.max(each, 0), limits[axis]));
    const isAtEdge = place.some((each, axis) => [x, y][axis] && (each < EDGE_PX || each > limits[axis] - EDGE_PX));
    if (isAtEdge && !canvas.fitted)
      canvas.setView({ ...canvas.view, x: canvas.view.x - x * px, y: canvas.view.y - y * px });
    if (strokes.isPainting) strokes.extend([place]);
    showBrush(place);
  }

  function press() {
    if (strokes.isPainting) return strokes.end();
    if (strokes.tool.name === "pan") return;
    onPaint();
    strokes.begin(place, strokes.tool.name === "eraser");
    status.set("painting_with_keys");
  }

  function cancel() {
    if (!strokes.isPainting) return false;
    strokes.cancel();
    status.set("hint");
  }

  overlay.addEventListener("keydown", (event) => {
    if (!canvas.view || event.ctrlKey || event.metaKey || event.altKey) return;
    place ??= [stage.clientWidth / 2, stage.clientHeight / 2];
    const direction = DIRECTIONS[event.key];
    if (direction) move(direction, event.shiftKey ? 4 * STEP_PX : STEP_PX);
    else if (event.key === "Enter") press();
    else if (event.key !== "Escape" || cancel() === false) return;
    event.preventDefault();
    event.stopPropagation();
  });
  overlay.addEventListener("focus", () => {
    if (!overlay.matches(":focus-visible") || !canvas.view) return;
    place ??= [stage.clientWidth / 2, stage.clientHeight / 2];
    showBrush(place);
    status.set("keys");
  });
  overlay.addEventListener("blur", () => {
    if (strokes.isPainting && document.hasFocus()) cancel();
    showBrush(null);
  });
}
