// The page: wires the tools to the canvas, the strokes and the server, and says what is going on.

import { createCanvas } from "./canvas.js";
import { zoomed } from "./geometry.js";
import { actionOf } from "./keys.js";
import { createOpening } from "./opening.js";
import { createPointer } from "./pointer.js";
import { createStrokes } from "./strokes.js";
import { createTransport } from "./transport.js";
import { createVersions } from "./versions.js";

const root = element.querySelector(".page");
const find = (selector) => root.querySelector(selector);
const button = (action) => find(`[data-action=${action}]`);
const language = (navigator.language || "en").toLowerCase().startsWith("zh") ? "zh" : "en";
const KNOB = 44; // its width; the line is in its middle
const stage = find(".stage"), divider = find(".divider"), size = find("[data-testid=size]"), options = find(".options");

function text(key, values = {}) {
  return Object.entries(values).reduce((line, [name, value]) => line.replace(`{${name}}`, value), props.texts[language][key]);
}

function say(key, values) {
  find(".status span").textContent = text(key, values);
}

function trouble(line) {
  find(".trouble").hidden = !line;
  find(".trouble").textContent = line || "";
}

function state(name, line) {
  root.dataset.state = name;
  if (line) say(line);
}

const canvas = createCanvas(stage, (shown) => { comparison.shown = shown; split(); strokes.redraw(); });
const strokes = createStrokes(canvas, (stroke) => transport.push({ stroke }));
const comparison = { on: false, held: false, shown: null };
const page = { find, text, say, trouble, state, canvas, props, photo: null, model: "", show, answered, belongs };

const transport = page.transport = createTransport(server, {
  upload: (file) => upload(file).catch(() => null),
  filling([{ quiet, name }]) { if (!quiet) state("filling", { finish: "saving", use_model: "loading" }[name] ?? "filling"); },
  waiting({ code, place }) { if (place) say("place", { place }); else say(code); },
  idle() { if (root.dataset.state === "filling") state("ready"); },
  lost: (visit) => opening.reopen(visit),
  answered,
  failed(answer, jobs) {
    settle(jobs);
    if (answer.code === "no_version") return transport.push({ name: "clear_strokes" }, ...jobs[0].jobs);
    say("hint");
    return jobs[0].quiet || trouble(answer.error || text(answer.code, { limit: props.limits.megabytes }));
  },
});
const opening = createOpening(page, server, upload), versions = createVersions(page);
const pointer = createPointer(canvas, strokes, find(".ring"), () => { compare(false); trouble(""); });

async function answered(answer, jobs) {
  if (answer.version) return versions.add(answer.version);
  if (answer.file) return save(answer);
  await canvas.apply(answer.patches);
  settle(jobs);
  for (const action of ["undo", "redo"]) button(action).disabled = !answer[action];
  for (const action of ["clear", "download", "save_mask", "grow_mask"]) button(action).disabled = !answer.painted;
  if (jobs[0].name === "show_example") return say(props.texts.en[`try_${jobs[0].example}`] ? `try_${jobs[0].example}` : "filled");
  if (answer.changed.some(Boolean) && jobs[0].name !== "restore_version") versions.changed();
  return say(answer.painted ? "filled" : "hint");
}

function settle(jobs) {
  strokes.settle(jobs.map((job) => job.stroke).filter(Boolean));
}

function show(bitmap, photo) {
  for (const action of ["undo", "redo", "clear", "download", "save_mask", "grow_mask"]) button(action).disabled = true;
  root.toggleAttribute("data-own", !photo.example);
  canvas.open(bitmap, photo);
  strokes.reset();
  versions.reset();
  find(".versions").hidden = true;
  divider.value = 50;
  compare(Boolean(photo.example));
  state("ready", "hint");
}

function belongs(visit) {
  props.value = visit;
  trigger("input");
}

function describe(model, name) {
  page.model = name;
  find("[data-testid=weights]").textContent = model.weights;
  find("[data-testid=runtime]").textContent = model.runtime;
  find("[data-testid=about]").hidden = !model.about;
  find("[data-testid=about]").textContent = model.about && text(model.about);
  const card = model.card_text && URL.createObjectURL(new Blob([model.card_text], { type: "text/plain;charset=utf-8" }));
  find("[data-testid=card]").hidden = !(model.card || card);
  find("[data-testid=card]").href = model.card || card;
}

async function useModel(name) {
  state("filling", "loading");
  const answer = await transport.insist("load_model", { model: name });
  state("ready", "hint");
  if (answer.code === "model_gone") remember("");
  if (answer.code) return trouble(answer.error || text(answer.code));
  describe(answer.model, answer.name);
  remember(answer.name);
  return page.photo && transport.push({ name: "use_model", model: page.model });
}

// The model of choice stays this browser's, also on the next visit; the page for retraining sets it too.
function remember(name) {
  try { name ? localStorage.setItem("inpaint-model", name) : localStorage.removeItem("inpaint-model"); } catch { /* not allowed */ }
}

function remembered() {
  try { return localStorage.getItem("inpaint-model") || ""; } catch { return ""; }
}

function save({ file, name }) {
  const link = Object.assign(document.createElement("a"), { href: file.url, download: name });
  root.append(link);
  link.click();
  link.remove();
  say("saved", { name });
}

// Before and after beside each other, with a line between them; or only before, while that is held.
function compare(on, held = false) {
  Object.assign(comparison, { on, held });
  canvas.compare(on || held);
  divider.hidden = !on || held;
  find(".tag.before").hidden = !(on || held);
  find(".tag.after").hidden = divider.hidden;
  button("compare").setAttribute("aria-pressed", on);
  split();
}

function split() {
  const { shown, held } = comparison;
  if (!shown) return;
  const width = shown.right - shown.left, place = held ? stage.clientWidth : shown.left + (width * divider.value) / 100;
  Object.assign(divider.style, { left: `${shown.left}px`, width: `${width + KNOB}px` });
  stage.style.setProperty("--split", `${place}px`);
  stage.style.setProperty("--left", `${shown.left}px`);
  stage.style.setProperty("--top", `${shown.top}px`);
  stage.style.setProperty("--right", `${stage.clientWidth - shown.right}px`);
}

function pick(name) {
  strokes.tool.name = name;
  for (const each of ["brush", "eraser", "move"]) button(each).setAttribute("aria-pressed", each === name);
  pointer.cursor();
}

function resizeBrush(factor) {
  size.value = strokes.tool.size = Math.round(Math.min(Math.max(strokes.tool.size * factor, size.min), size.max));
}

function zoom(factor) {
  const middle = [stage.clientWidth / 2, stage.clientHeight / 2];
  if (canvas.view) canvas.look(zoomed(canvas.view, factor, middle, canvas.home));
}

function pan(x, y) {
  if (!canvas.view || canvas.view.scale === canvas.home.scale) return false; // the page scrolls
  canvas.look({ ...canvas.view, x: canvas.view.x + x, y: canvas.view.y + y });
  return true;
}

const actions = {
  choose() { find("[data-testid=file]").click(); },
  camera() { find("[data-testid=camera-file]").click(); },
  brush() { pick("brush"); },
  eraser() { pick("eraser"); },
  move() { pick("move"); },
  smaller() { resizeBrush(1 / 1.15); },
  larger() { resizeBrush(1.15); },
  undo() { transport.push({ name: "undo_stroke" }); },
  redo() { transport.push({ name: "redo_stroke" }); },
  clear() { transport.push({ name: "clear_strokes" }); },
  compare() { compare(!comparison.on); },
  download() { transport.push({ name: "finish" }); },
  save_mask() { transport.push({ name: "save_mask" }); },
  choose_mask() { find("[data-testid=mask-file]").click(); },
  grow_mask() { transport.push({ name: "grow_mask", grow_px: Math.max(1, strokes.tool.growPx) }); },
  own_model() { find("[name=model]").value = ""; useModel(""); },
  zoom_in() { zoom(1.25); },
  zoom_out() { zoom(0.8); },
  whole() { if (canvas.view) canvas.look(canvas.home); },
  left: () => pan(60, 0),
  right: () => pan(-60, 0),
  up: () => pan(0, 60),
  down: () => pan(0, -60),
};

root.addEventListener("click", (event) => {
  const target = event.target.closest("[data-action], [data-example]");
  if (target) trouble("");
  if (target?.dataset.action) actions[target.dataset.action]();
  else if (target) opening.openExample(target.dataset.example);
});
for (const input of root.querySelectorAll("input[type=file]")) {
  input.addEventListener("change", () => {
    const [file] = input.files;
    input.value = "";
    if (file && input.name === "mask") transport.push({ name: "add_mask", file });
    else if (file) opening.openFile(file);
  });
}
size.addEventListener("input", () => (strokes.tool.size = Number(size.value)));
divider.addEventListener("input", split);
find("[data-testid=grow]").addEventListener("input", ({ target }) => {
  strokes.tool.growPx = Number(target.value);
  find("[data-testid=grow-px]").textContent = target.value;
});
find("form").addEventListener("submit", (event) => {
  event.preventDefault();
  trouble("");
  useModel(find("[name=model]").value.trim());
});

const hold = find("[data-testid=hold]");
for (const [down, up] of [["pointerdown", "pointerup"], ["keydown", "keyup"]]) {
  hold.addEventListener(down, ({ key }) => { if (!key || key === " " || key === "Enter") compare(comparison.on, true); });
  hold.addEventListener(up, () => compare(comparison.on));
}
for (const away of ["pointerleave", "pointercancel", "blur"]) hold.addEventListener(away, () => compare(comparison.on));
hold.addEventListener("contextmenu", (event) => event.preventDefault());

for (const kind of ["dragover", "dragleave", "drop"]) {
  root.addEventListener(kind, (event) => {
    event.preventDefault();
    root.classList.toggle("dragging", kind === "dragover");
    if (kind === "drop" && event.dataTransfer.files[0]) opening.openFile(event.dataTransfer.files[0]);
  });
}
document.addEventListener("paste", (event) => {
  const file = [...(event.clipboardData?.files ?? [])].find((each) => each.type.startsWith("image/"));
  if (file) opening.openFile(file);
});
document.addEventListener("keydown", (event) => {
  const action = actionOf(event);
  if (event.key === "Escape") options.open = false;
  if (event.key === " " && pointer.over) { event.preventDefault(); pointer.space = true; }
  else if (action && !button(action)?.disabled && !pointer.busy && actions[action]() !== false) event.preventDefault();
});
document.addEventListener("keyup", (event) => { if (event.key === " ") pointer.space = false; });
document.addEventListener("pointerdown", (event) => { if (!options.contains(event.target)) options.open = false; });
new ResizeObserver(() => canvas.resize()).observe(stage);

for (const part of root.querySelectorAll("[data-text]")) part.textContent = text(part.dataset.text);
for (const part of root.querySelectorAll("[data-label]")) {
  part.setAttribute("aria-label", text(part.dataset.label));
  part.title = part.dataset.key ? `${text(part.dataset.label)} (${part.dataset.key})` : "";
}
describe(props.model, "");
find(".banner").hidden = !props.notice;
find(".banner span").textContent = props.notice;
root.painter = canvas; // for tests: pixels(), size, scale
opening.openExample(props.example).then(() => remembered() && useModel(remembered()));
