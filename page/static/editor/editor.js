// The page: wires the tools to the canvas, the strokes and the server, and says what is going on.
import { createCanvas } from "./canvas.js";
import { zoomed } from "./geometry.js";
import { keyOf } from "./keys.js";
import { createOpening } from "./opening.js";
import { createPointer } from "./pointer.js";
import { keep, recall } from "../stored.js";
import { createStrokes } from "./strokes.js";
import { createTransport } from "./transport.js";
import { createVersions } from "./versions.js";

// Start the editor in a Gradio component: its element, props, server functions, upload(file), and notifyInput() for its input event.
export function start({ element, props, server, upload, notifyInput }) {
  const root = element.querySelector(".page"),
    find = (id) => root.querySelector(`[data-testid=${id}]`);
  const each = (selector) => root.querySelectorAll(selector);
  const texts = props.texts[(navigator.language || "en").toLowerCase().startsWith("zh") ? "zh" : "en"];
  const text = (key, values = {}) => texts[key].replace(/{(\w+)}/g, (_, name) => values[name]);
  const stage = find("stage"),
    size = find("size"),
    divider = find("divider"),
    options = root.querySelector("details");
  const page = { photo: null, model: "", limits: props.limits, text, say, trouble, enter, belongs };

  // A line of text, and what the page is doing: "opening", "filling" or "ready".
  function say(key, state = root.dataset.state, values = {}) {
    root.dataset.state = state;
    if (key) root.querySelector(".status span").textContent = text(key, values);
  }

  function trouble(line) {
    if (line) say(page.photo ? "hint" : "empty", "ready");
    find("trouble").textContent = line ?? "";
  }

  const canvas = (page.canvas = createCanvas(stage, () => strokes.redraw()));
  const strokes = createStrokes(canvas, (stroke) => transport.push({ stroke }));
  const transport = (page.transport = createTransport(server, {
    upload: (file) => upload(file).catch(() => null),
    filling([{ quiet, name }]) {
      if (!quiet) say(name === "finish" ? "saving" : "filling", "filling");
    },
    waiting({ code, place }) {
      if (root.dataset.state !== "ready") say(place ? "place" : code, undefined, { place });
    },
    idle() {
      if (root.dataset.state === "filling") say(null, "ready");
    },
    lost: (visit) => opening.reopen(visit),
    answered,
    failed(answer, jobs) {
      strokes.settle(jobs);
      if (answer.code === "no_version") transport.push({ name: "clear_strokes" }, ...jobs[0].jobs);
      else if (!jobs[0].quiet) trouble(answer.error || text(answer.code, props.limits));
    },
  }));
  const opening = createOpening(page, server, upload),
    versions = createVersions(page, find("versions"));
  const pointer = createPointer(canvas, strokes, root.querySelector(".ring"), () => {
    compare(false);
    trouble();
  });

  async function answered(answer, jobs) {
    if (answer.version) versions.add(answer.version, transport.done);
    if (answer.file) Object.assign(find("link"), { href: answer.file.url, download: answer.name }).click();
    if (answer.file) say("saved", undefined, answer);
    if (!answer.patches) return;
    const { photo } = page,
      draw = await canvas.prepared(answer.patches);
    if (photo !== page.photo) return; // another one was opened meanwhile
    draw();
    strokes.settle(jobs);
    for (const button of each("[data-needs]")) button.disabled = !answer[button.dataset.needs];
    if (answer.changed?.some(Boolean) && jobs[0].name !== "restore_version") versions.changed();
    const trial = `try_${jobs[0].example}`;
    say(trial in texts ? trial : answer.painted ? "filled" : "hint");
  }

  // Another photo: { bitmap, width, height, visit, and file or example with the answer that its fill is }.
  async function enter({ bitmap, visit, answer, ...photo }) {
    page.photo = photo;
    transport.start();
    if (visit) belongs(visit);
    root.toggleAttribute("data-own", Boolean(photo.file));
    canvas.open(bitmap, photo);
    for (const part of [strokes, versions]) part.reset();
    compare(Boolean(answer), 50);
    await answered(answer ?? { patches: [] }, [photo]);
    say(null, "ready");
    if (answer && page.model) transport.push({ name: "use_model", model: page.model });
  }

  // The visit of this tab, for the transport and for the server, which ends it when the tab is closed.
  function belongs(visit) {
    transport.visit = visit;
    props.value = visit;
    notifyInput();
  }

  function describe(model, name) {
    page.model = name;
    for (const part of each("[data-model]")) part.textContent = model[part.dataset.model];
    find("about").textContent = model.about && text(model.about);
    const card = new Blob([model.card_text], { type: "text/plain;charset=utf-8" });
    find("card").href = model.card || URL.createObjectURL(card);
  }

  async function useModel(name) {
    say("loading", page.photo ? "filling" : "ready");
    const answer = await opening.ask("load_model", { model: name }).catch(({ message }) => trouble(message));
    if (answer) describe(answer.model, keep(answer.name));
    if (answer && page.photo) transport.push({ name: "use_model", model: page.model });
  }

  // Before and after beside each other, with a line between them.
  function compare(on, share = divider.value) {
    divider.value = share;
    stage.style.setProperty("--share", share / 100);
    stage.toggleAttribute("data-compare", on);
    find("compare").ariaPressed = on;
  }

  function pick(name) {
    strokes.tool.name = name;
    for (const button of each(".choice button")) button.ariaPressed = button.dataset.action === name;
    pointer.cursor();
  }
  const brush = (px) => {
    size.value = strokes.tool.size = Math.min(Math.max(px, size.min), size.max);
  };
  const middle = () => [stage.clientWidth / 2, stage.clientHeight / 2];
  const zoom = (factor) => canvas.view && canvas.look(zoomed(canvas.view, factor, middle()));
  const pan = (x, y) => !canvas.whole && canvas.look({ ...canvas.view, x: canvas.view.x + x, y: canvas.view.y + y });
  const actions = {
    choose: () => find("file").click(),
    camera: () => find("camera-file").click(),
    choose_mask: () => find("mask-file").click(),
    brush: () => pick("brush"),
    eraser: () => pick("eraser"),
    move: () => pick("move"),
    zoom_in: () => zoom(1.25),
    zoom_out: () => zoom(0.8),
    whole: () => canvas.view && canvas.look({ scale: 0 }),
    compare: () => compare(!("compare" in stage.dataset)),
    own_model: () => {
      find("model").value = "";
      useModel("");
    },
    use_model: () => useModel(find("model").value.trim()),
    grow_mask: () => transport.push({ name: "grow_mask", grow_px: Math.max(1, strokes.tool.growPx) }),
  };
  const keys = {
    "[": () => brush(strokes.tool.size / 1.15),
    "]": () => brush(strokes.tool.size * 1.15),
    ArrowLeft: () => pan(60, 0),
    ArrowRight: () => pan(-60, 0),
    ArrowUp: () => pan(0, 60),
    ArrowDown: () => pan(0, -60),
    Escape: () => {
      options.open = false;
    },
    " ": () => pointer.space(true),
  };
  root.addEventListener("click", ({ target }) => {
    const { action, example, job } = target.closest("button")?.dataset ?? {};
    if (action || example || job) trouble();
    if (example) opening.open({ example });
    else if (job) transport.push({ name: job });
    else actions[action]?.();
  });
  root.addEventListener("change", ({ target }) => {
    const [file] = target.files ?? [];
    if (file) target.name === "mask" ? transport.push({ name: "add_mask", file }) : opening.open({ file });
    if (file) target.value = ""; // so that the same one can be chosen again
  });
  root.addEventListener("input", ({ target }) => {
    if (target === size) brush(Number(size.value));
    if (target === divider) compare(true);
    if (target === find("grow")) strokes.tool.growPx = find("grow-px").value = Number(target.value);
  });
  for (const kind of ["dragover", "dragleave", "drop", "paste"]) {
    document.addEventListener(kind, (event) => {
      if (kind !== "paste") event.preventDefault();
      root.classList.toggle("dragging", kind === "dragover");
      const [file] = (kind === "drop" ? event.dataTransfer : event.clipboardData)?.files ?? [];
      if (file) opening.open({ file });
    });
  }
  document.addEventListener("keydown", (event) => {
    const name = keyOf(event),
      button = root.querySelector(`[data-key~="${CSS.escape(name)}"]`);
    const act = button ? () => button.click() : keys[name];
    if (act && !pointer.busy && act() !== false) event.preventDefault();
  });
  document.addEventListener("keyup", ({ key }) => {
    if (key === " ") pointer.space(false);
  });
  document.addEventListener("pointerdown", ({ target }) => {
    options.open &&= options.contains(target);
  });
  new ResizeObserver(canvas.resize).observe(stage);
  for (const part of each("[data-text]")) part.textContent = text(part.dataset.text);
  for (const part of each("[data-label]")) {
    const label = text(part.dataset.label),
      [key] = part.dataset.key?.toUpperCase().split(" ") ?? [];
    Object.assign(part, { ariaLabel: label, title: key ? `${label} (${key})` : "" });
  }
  describe(props.model, "");
  root.painter = canvas; // for tests: pixels(), size, view
  opening.open({ example: props.example }).then(() => recall().model && useModel(recall().model));
}
