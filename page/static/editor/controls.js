// Controls: buttons, sliders, file inputs, keyboard shortcuts, drag and drop, and paste.
import { zoomView } from "./geometry.js";
import { shortcutOf } from "./keys.js";
import { createPointer } from "./pointer.js";

const ZOOM_STEP = 1.25;
const BRUSH_STEP = 1.15;
const PAN_PX = 60;

export function addControls(page) {
  const { root, canvas, strokes, transport, opener, models, comparison, status } = page;
  const find = (id) => root.querySelector(`[data-testid=${id}]`);
  const sizeSlider = find("size");
  const options = root.querySelector("details");
  const pointer = createPointer(canvas, strokes, root.querySelector(".brush-cursor"), () => {
    comparison.show(false);
    status.showError("");
  });

  function pickTool(name) {
    strokes.tool.name = name;
    for (const button of root.querySelectorAll(".choice button")) button.ariaPressed = button.dataset.action === name;
    pointer.updateCursor();
  }

  function setBrushSize(px) {
    sizeSlider.value = strokes.tool.size = Math.min(Math.max(px, sizeSlider.min), sizeSlider.max);
  }

  function zoom(factor) {
    const { clientWidth, clientHeight } = canvas.stage;
    if (canvas.view) canvas.setView(zoomView(canvas.view, factor, [clientWidth / 2, clientHeight / 2]));
  }

  // Pan by CSS pixels; false if the whole photo is in view.
  function pan(x, y) {
    if (canvas.fitted) return false;
    canvas.setView({ ...canvas.view, x: canvas.view.x + x, y: canvas.view.y + y });
  }

  const actions = {
    open: () => find("file").click(),
    take_photo: () => find("camera-file").click(),
    upload_mask: () => find("mask-file").click(),
    brush: () => pickTool("brush"),
    eraser: () => pickTool("eraser"),
    pan: () => pickTool("pan"),
    zoom_in: () => zoom(ZOOM_STEP),
    zoom_out: () => zoom(1 / ZOOM_STEP),
    fit: () => canvas.view && canvas.setView({ scale: 0 }),
    compare: comparison.toggle,
    default_model() {
      find("model").value = "";
      models.load("");
    },
    load_model: () => models.load(find("model").value.trim()),
    apply_expansion: () => transport.push({ name: "grow_mask", grow_px: Math.max(1, strokes.tool.expandPx) }),
  };

  const shortcuts = {
    "[": () => setBrushSize(strokes.tool.size / BRUSH_STEP),
    "]": () => setBrushSize(strokes.tool.size * BRUSH_STEP),
    ArrowLeft: () => pan(PAN_PX, 0),
    ArrowRight: () => pan(-PAN_PX, 0),
    ArrowUp: () => pan(0, PAN_PX),
    ArrowDown: () => pan(0, -PAN_PX),
    " ": () => pointer.holdSpace(true),
    Escape() {
      options.open = false;
    },
  };

  root.addEventListener("click", ({ target }) => {
    const { action, example, serverAction } = target.closest("button")?.dataset ?? {};
    if (action || example || serverAction) status.showError("");
    if (example) opener.open({ example });
    else if (serverAction) transport.push({ name: serverAction });
    else actions[action]?.();
  });
  root.addEventListener("change", ({ target }) => {
    const [file] = target.files ?? [];
    if (!file) return;
    if (target.name === "mask") transport.push({ name: "add_mask", file });
    else opener.open({ file });
    target.value = ""; // so that choosing the same file again is a change
  });
  root.addEventListener("input", ({ target }) => {
    if (target === sizeSlider) setBrushSize(Number(sizeSlider.value));
    if (target === find("expand")) strokes.tool.expandPx = find("expand-px").value = Number(target.value);
  });

  // Gradio may render the component anew, which starts the editor again: then the old one stops to listen.
  function onDocument(kind, handler) {
    document.addEventListener(kind, function listener(event) {
      if (root.isConnected) handler(event);
      else document.removeEventListener(kind, listener);
    });
  }

  for (const kind of ["dragover", "dragleave", "drop", "paste"]) {
    onDocument(kind, (event) => {
      if (kind !== "paste") event.preventDefault();
      root.classList.toggle("dragging", kind === "dragover");
      const [file] = (kind === "drop" ? event.dataTransfer : event.clipboardData)?.files ?? [];
      if (file) opener.open({ file });
    });
  }
  onDocument("keydown", (event) => {
    const shortcut = shortcutOf(event);
    const button = root.querySelector(`[data-shortcut~="${CSS.escape(shortcut)}"]`);
    const act = button ? () => button.click() : shortcuts[shortcut];
    if (act && !pointer.busy && act() !== false) event.preventDefault();
  });
  onDocument("keyup", ({ key }) => {
    if (key === " ") pointer.holdSpace(false);
  });
  onDocument("pointerdown", ({ target }) => {
    options.open &&= options.contains(target);
  });
  new ResizeObserver(canvas.resize).observe(canvas.stage);
}
