// Controls: buttons, sliders, file inputs, keyboard shortcuts, drag and drop, and paste.
import { addKeyboardPainting } from "./keyboard.js";
import { shortcutOf } from "./keys.js";
import { createPointer } from "./pointer.js";

const TOOLS = ["brush", "lasso", "rectangle", "eraser", "pan"];
const BRUSH_STEP = 1.15;
const PAN_PX = 60;

export function addControls(page) {
  const { root, canvas, strokes, comparison, status } = page;
  function onPaint() {
    comparison.show(false);
    status.showError("");
  }
  const pointer = createPointer(canvas, strokes, root.querySelector(".brush-cursor"), onPaint);
  addKeyboardPainting(page, pointer.showBrush, onPaint);
  const tools = createTools(page, pointer);
  listenToElements(page, tools, createActions(page, tools));
  listenToDocument(page, pointer, createShortcuts(page, tools, pointer));
  new ResizeObserver(canvas.resize).observe(canvas.stage);
}

const byTestId = (root, id) => root.querySelector(`[data-testid=${id}]`);

// Change the tool, the brush and the view.
function createTools({ root, canvas, strokes }, pointer) {
  const slider = byTestId(root, "size");
  return {
    pick(name) {
      strokes.tool.name = name;
      for (const button of root.querySelectorAll(".choice button")) {
        button.ariaPressed = button.dataset.action === name;
      }
      pointer.updateCursor();
    },
    setBrushSize(px) {
      slider.value = strokes.tool.size = Math.min(Math.max(px, slider.min), slider.max);
    },
    scaleBrush(factor) {
      this.setBrushSize(strokes.tool.size * factor);
    },
    // Pan by CSS pixels; false if the whole photo is in view.
    pan(x, y) {
      if (canvas.fitted) return false;
      canvas.setView({ ...canvas.view, x: canvas.view.x + x, y: canvas.view.y + y });
    },
  };
}

// What the buttons do, by data-action.
function createActions(page, tools) {
  const { root, strokes, transport, models, comparison, progress, holding, holes, zoom } = page;
  return {
    ...Object.fromEntries(TOOLS.map((name) => [name, () => tools.pick(name)])),
    ...zoom.actions,
    fill: holding.fill,
    fit_object: holding.fitObject,
    include_shadow: holding.includeShadow,
    discard: holding.discard,
    copy: () => page.clipboard.copy(),
    show_fills: holes.toggle,
    open: () => byTestId(root, "file").click(),
    take_photo: () => byTestId(root, "camera-file").click(),
    upload_mask: () => byTestId(root, "mask-file").click(),
    compare: comparison.toggle,
    cancel: () => progress.cancel(),
    apply_expansion: () => transport.push({ name: "grow_mask", grow_px: Math.max(1, strokes.tool.expandPx) }),
    load_model: () => models.load(byTestId(root, "model").value.trim()),
    default_model() {
      byTestId(root, "model").value = "";
      models.load("");
    },
  };
}

// Shortcuts that have no button of their own. Those that return false leave the key to the browser.
function createShortcuts({ root, progress, clipboard }, tools, pointer) {
  return {
    "ctrl+c": () => getSelection().isCollapsed && !byTestId(root, "copy").disabled && void clipboard.copy(),
    "[": () => tools.scaleBrush(1 / BRUSH_STEP),
    "]": () => tools.scaleBrush(BRUSH_STEP),
    ArrowLeft: () => tools.pan(PAN_PX, 0),
    ArrowRight: () => tools.pan(-PAN_PX, 0),
    ArrowUp: () => tools.pan(0, PAN_PX),
    ArrowDown: () => tools.pan(0, -PAN_PX),
    " ": () => pointer.holdSpace(true),
    Escape() {
      const options = root.querySelector("details");
      if (options.open) options.open = false;
      else return progress.cancel();
    },
  };
}

function listenToElements({ root, strokes, transport, opener, status, holding, models }, tools, actions) {
  root.addEventListener("click", ({ target }) => {
    const { action, example, serverAction } = target.closest("button")?.dataset ?? {};
    if (action || example || serverAction) status.showError("");
    if (example) opener.open({ example });
    else if (serverAction && !holding.before(serverAction)) transport.push({ name: serverAction });
    else if (action) actions[action]();
  });
  root.addEventListener("change", ({ target }) => {
    if (target.dataset.testid === "fill_mode") holding.mode = target.value;
    if (target.dataset.testid === "model_choice") models.load(target.value);
    const [file] = target.files ?? [];
    if (!file) return;
    status.showError("");
    if (target.name === "mask") transport.push({ name: "add_mask", file });
    else opener.open({ file });
    target.value = ""; // so that choosing the same file again is a change
  });
  root.addEventListener("input", ({ target }) => {
    if (target.dataset.testid === "size") tools.setBrushSize(Number(target.value));
    if (target.dataset.testid !== "expand") return;
    strokes.tool.expandPx = Number(target.value);
    byTestId(root, "expand-px").value = target.value;
  });
}

function listenToDocument({ root, opener }, pointer, shortcuts) {
  // When Gradio renders the component anew, it starts another editor: the one whose element is gone stops listening.
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
    const options = root.querySelector("details");
    options.open &&= options.contains(target);
  });
}
