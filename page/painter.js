// The page: opens photos, wires the tools to the canvas, the strokes and the server, and says what is going on.

const root = element.querySelector(".page");
const find = (selector) => root.querySelector(selector);
const button = (action) => find(`[data-action=${action}]`);
const language = (navigator.language || "en").toLowerCase().startsWith("zh") ? "zh" : "en";
const text = (key, values = {}) => Object.entries(values).reduce((line, [name, value]) => line.replace(`{${name}}`, value), props.texts[language][key]);
const canvas = createCanvas(find(".frame"));
const strokes = createStrokes(canvas, find(".ring"), (stroke) => transport.push({ stroke }));
let photo = null; // { file, name, example } of the open one
let stopPulse = null, saved = false;

const transport = createTransport(server, {
  filling(jobs) { state("filling", jobs[0].name === "finish" ? "saving" : "filling"); },
  waiting(code) { say(code); },
  async answered(answer, jobs) {
    if (answer.file) return save(answer);
    await canvas.apply(answer.patches);
    settle(jobs);
    button("undo").disabled = !answer.undo;
    button("clear").disabled = button("download").disabled = !answer.painted;
  },
  failed(answer, jobs) { settle(jobs); trouble(answer.error || text(answer.code)); },
  idle() { state("ready", saved ? null : button("download").disabled ? "hint" : "filled"); saved = false; },
  lost: reopen,
});

function settle(jobs) {
  strokes.settle(jobs.map((job) => job.stroke).filter(Boolean));
  if (jobs.some((job) => job.name === "paint_example")) strokes.showDamage(null);
}

function state(name, line) {
  root.dataset.state = name;
  find(".start").hidden = name !== "empty";
  find(".work").hidden = name === "empty" || !canvas.size[0];
  if (line) say(line);
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches, moving = name === "filling" || name === "opening";
  if (!moving && stopPulse) { stopPulse.cancel(); stopPulse = null; }
  if (moving && !stopPulse && !calm) stopPulse = find(".dot").animate([{ opacity: 0.25 }, { opacity: 1 }], { duration: 600, iterations: Infinity, direction: "alternate" });
}

function say(key, values) {
  find(".status span").textContent = text(key, values);
}

function trouble(line) {
  find(".trouble").hidden = !line;
  find(".trouble").textContent = line || "";
}

// Open a file; of an example, what the server has opened already.
async function openFile(file, example = null, opened = null) {
  trouble("");
  state("opening", "opening");
  try {
    const bitmap = await createImageBitmap(file).catch(() => { throw new Error(text("unreadable")); });
    if (bitmap.width * bitmap.height > props.limits.megapixels * 1e6) throw new Error(text("too_many_pixels", { limit: props.limits.megapixels }));
    const next = { file, example, size: [bitmap.width, bitmap.height] };
    const visit = opened || (await openVisit(next));
    transport.leave();
    transport.start(visit);
    photo = next;
    props.value = visit; // so that the server knows which tab the visit belongs to
    trigger("input");
    show(bitmap);
  } catch (error) {
    state(photo ? "ready" : "empty", "hint");
    trouble(error.message);
  }
}

// Upload a photo (or name an example) and open it on the server; the id of the visit comes back.
async function openVisit({ file, example, size }) {
  for (let attempt = 1; ; attempt++) {
    let answer;
    if (example) answer = await transport.insist("open_example", { name: example }, 3);
    else {
      const stored = await upload(file).catch(() => { throw new Error(text("upload_failed", { limit: props.limits.megabytes })); });
      answer = await transport.insist("open_photo", { path: stored.path }, 3);
    }
    if (answer.code === "upload_missing" && attempt === 1) continue; // the same file was sent twice and removed once
    if (answer.code) throw new Error(answer.error || text(answer.code));
    if (answer.width !== size[0] || answer.height !== size[1]) throw new Error(text("different_size"));
    return answer.visit;
  }
}

async function reopen() {
  say("reopening");
  try {
    transport.renew(await openVisit(photo));
    return true;
  } catch {
    return false;
  }
}

function show(bitmap) {
  for (const action of ["undo", "clear", "download"]) button(action).disabled = true;
  canvas.open(bitmap);
  state("ready", "hint");
  compare(false);
  canvas.fit();
  strokes.reset();
  bitmap.close();
}

async function openExample(name) {
  trouble("");
  state("opening", "opening");
  const answer = await transport.insist("open_example", { name }, 3);
  if (answer.code) { state(photo ? "ready" : "empty", "hint"); return trouble(answer.error || text(answer.code)); }
  const file = new File([bytesOf(answer.picture)], name + ".jpg", { type: "image/jpeg" });
  await openFile(file, name, answer.visit);
  if (transport.visit !== answer.visit) return;
  strokes.showDamage(await damageOf(new Blob([bytesOf(answer.damage)])));
  transport.push({ name: "paint_example", more: { name } });
}

// A black and white mask as paint: coloured where it is white.
async function damageOf(mask) {
  const bitmap = await createImageBitmap(mask), sheet = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = sheet.getContext("2d");
  context.drawImage(bitmap, 0, 0);
  const image = context.getImageData(0, 0, sheet.width, sheet.height);
  for (let i = 0; i < image.data.length; i += 4) image.data[i + 3] = image.data[i];
  context.putImageData(image, 0, 0);
  context.globalCompositeOperation = "source-in";
  context.fillStyle = getComputedStyle(canvas.ink).getPropertyValue("--painting").trim();
  context.fillRect(0, 0, sheet.width, sheet.height);
  return sheet;
}

function save({ file, name }) {
  const link = Object.assign(document.createElement("a"), { href: file.url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  say("saved", { name });
  saved = true;
}

function undo() {
  const unsent = transport.withdraw();
  if (unsent) strokes.settle([unsent.stroke]);
  else transport.push({ name: "undo_stroke" });
}

function compare(before) {
  canvas.compare(before);
  find(".tag").hidden = !before;
}

function pick(chosen, others) {
  button(chosen).setAttribute("aria-pressed", "true");
  for (const other of others) button(other).setAttribute("aria-pressed", "false");
}

const actions = {
  choose() { find("input[type=file]").click(); },
  brush() { strokes.tool.erase = false; pick("brush", ["eraser"]); },
  eraser() { strokes.tool.erase = true; pick("eraser", ["brush"]); },
  undo,
  clear() { transport.push({ name: "clear_strokes" }); },
  before() { compare(true); pick("before", ["after"]); },
  after() { compare(false); pick("after", ["before"]); },
  new() { transport.leave(); photo = null; trouble(""); state("empty"); },
  download() { transport.push({ name: "finish" }); },
};

root.addEventListener("click", (event) => {
  const target = event.target.closest("[data-action], [data-example]");
  if (target?.dataset.action) { trouble(""); actions[target.dataset.action](); }
  else if (target) openExample(target.dataset.example);
});
find("input[type=file]").addEventListener("change", (event) => {
  if (event.target.files[0]) openFile(event.target.files[0]);
  event.target.value = "";
});
find("input[type=range]").addEventListener("input", (event) => (strokes.tool.size = Number(event.target.value)));

const hold = find("[data-testid=hold]"), pressed = () => button("before").ariaPressed === "true";
for (const [down, up] of [["pointerdown", "pointerup"], ["keydown", "keyup"]]) {
  hold.addEventListener(down, (event) => { if (event.type !== "keydown" || event.key === " " || event.key === "Enter") compare(true); });
  hold.addEventListener(up, () => compare(pressed()));
}
for (const away of ["pointerleave", "pointercancel", "blur"]) hold.addEventListener(away, () => compare(pressed()));
hold.addEventListener("contextmenu", (event) => event.preventDefault());

for (const kind of ["dragover", "dragleave", "drop"]) {
  root.addEventListener(kind, (event) => {
    event.preventDefault();
    root.classList.toggle("dragging", kind === "dragover");
    if (kind === "drop" && event.dataTransfer.files[0]) openFile(event.dataTransfer.files[0]);
  });
}
document.addEventListener("paste", (event) => {
  const file = [...(event.clipboardData?.files ?? [])].find((each) => each.type.startsWith("image/"));
  if (file) openFile(file);
});
document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && !event.shiftKey && event.key === "z" && !button("undo").disabled) { event.preventDefault(); undo(); }
});
window.addEventListener("resize", () => { canvas.fit(); strokes.redraw(); });

for (const part of root.querySelectorAll("[data-text]")) part.textContent = text(part.dataset.text);
find(".view").setAttribute("aria-label", text("canvas"));
find(".tools").setAttribute("aria-label", text("tools"));
find("[data-testid=weights]").textContent = props.weights;
find(".examples").append(...props.examples.map(({ name, thumbnail }) => {
  const card = Object.assign(document.createElement("button"), { type: "button" });
  card.dataset.example = card.dataset.testid = name;
  card.append(Object.assign(new Image(), { src: thumbnail, alt: "" }), Object.assign(document.createElement("span"), { textContent: text(name) }));
  return card;
}));
if (props.about) {
  find("[data-testid=about]").hidden = false;
  find("[data-testid=about]").textContent = text(props.about);
}
if (props.notice) {
  find(".banner").hidden = false;
  find(".banner strong").textContent = text("fallback");
  find(".banner span").textContent = props.notice;
}
root.painter = canvas; // for tests: pixels(), size, scale
