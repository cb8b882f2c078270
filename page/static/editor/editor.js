// The editor: connects the canvas, the strokes, the controls and the server.
import { connectApiLink } from "../api_view.js";
import { loadModelChoice } from "../model_choice.js";
import { createTexts, fillTexts } from "../texts.js";
import { createCanvas } from "./canvas.js";
import { createClipboard } from "./clipboard.js";
import { createComparison } from "./comparison.js";
import { addControls } from "./controls.js";
import { createHolding } from "./holding.js";
import { createHoles } from "./holes.js";
import { createModels } from "./models.js";
import { createOpener } from "./opening.js";
import { keepVisit } from "./presence.js";
import { createProgress } from "./progress.js";
import { createRemembering } from "./remembering.js";
import { createRestoration } from "./restore.js";
import { createStatus } from "./status.js";
import { createStrokes } from "./strokes.js";
import { createTransport } from "./transport.js";
import { createUnsaved } from "./unsaved.js";
import { uploadFile } from "./uploading.js";
import { uploadFailure } from "./uploads.js";
import { createVersions } from "./versions.js";
import { createZoom } from "./zoom.js";

const HELD_COUNTS_FOR = ["undo", "painted", "result"];

// Start the editor in a Gradio component: its element, props, server functions, and notifyInput(), which sends
// props.value to the server.
export function start({ element, props, server, notifyInput }) {
  const root = element.querySelector(".page");
  const text = createTexts(props.texts);
  const page = { root, text, server, limits: props.limits, photo: null, modelName: "" };

  // The photo's visit, for requests and for the server, which ends it when the tab is closed.
  page.setVisit = (visit) => {
    page.visit = visit;
    page.transport.visit = visit;
    props.value = visit;
    notifyInput();
  };
  page.showPhoto = (photo) => showPhoto(page, photo);
  page.status = createStatus(page);
  page.progress = createProgress(page);
  page.canvas = createCanvas(root.querySelector(".stage"), {
    onView() {
      page.strokes.redraw();
      page.holes.redraw();
      page.zoom.showPercentage();
      page.restoration?.redraw();
    },
    onFill: (...fill) => page.holes.note(...fill),
  });
  page.holes = createHoles(page);
  page.zoom = createZoom(page.canvas, root.querySelector("[data-testid=actual_size]"));
  page.strokes = createStrokes(page.canvas, (stroke) => {
    if (page.restoration.onlyDamage) stroke.only_damage = true;
    page.holding.add(stroke);
  });
  page.updateButtons = () => updateButtons(page);
  page.holding = createHolding(page);
  page.unsaved = createUnsaved(page);
  page.clipboard = createClipboard(page);
  page.remembering = createRemembering(page);
  page.transport = createTransport(server, transportHandlers(page));
  keepVisit(server, page.transport);
  page.opener = createOpener(page);
  page.versions = createVersions(page, root.querySelector("[data-testid=versions]"));
  page.comparison = createComparison(page);
  page.models = createModels(page);
  // Show an example without its fill. As another photo: what is under way for the filled one is dropped.
  page.showUnfilled = () => {
    page.photo = { ...page.photo, unfilled: true };
    page.transport.reset();
    page.visit = null;
    page.canvas.clear();
    page.holes.open(page.photo);
  };
  page.restoration = createRestoration(page, props.damage);
  addControls(page);
  connectApiLink(root.querySelector("[data-testid=api]"));

  fillTexts(root, text);
  page.models.describe(props.model, "");
  root.editor = page.canvas; // for tests
  const choice = loadModelChoice().model;
  page.remembering.restore().then(async (isResumed) => {
    if (!isResumed) await page.opener.open({ example: props.example });
    if (choice) page.models.load(choice, { refill: !page.visit }); // a photo that is open again is filled with it
  });
}

function transportHandlers(page) {
  const { text, status, limits, progress } = page;
  const onProgress = (share) => progress.report("upload", share);
  return {
    upload: (file) => uploadFile(file, { onProgress }).catch((error) => uploadFailure(error, file, limits)),
    started([{ quiet, name }]) {
      const { cancel, progress: poll } = page.transport;
      if (!progress.running && !quiet) progress.begin({ cancel, poll }); // its row would move what a finger is about to tap
      status.setRefining(name === "finish_fill");
      if (name === "finish_fill") status.set("refining");
      else if (!quiet) status.set(name === "finish" ? "saving" : "filling", "filling");
    },
    sent: () => page.remembering.save(),
    waiting({ code, place, loading }) {
      if (loading) status.set("loading");
      else if (status.state !== "ready") status.set(place ? "queue_place" : code, undefined, { place });
    },
    isPainting: () => page.strokes.isPainting,
    idle() {
      progress.end();
      status.setRefining(false);
      if (status.state === "filling") status.set(null, "ready");
    },
    reopen: (visit) => page.opener.reopen(visit),
    answered(answer, jobs) {
      progress.end();
      return showAnswer(page, answer, jobs);
    },
    dropped: (jobs) => page.strokes.remove(jobs),
    failed(answer, jobs) {
      progress.end();
      page.strokes.remove(jobs);
      if (answer.code === "cancelled") status.set("cancelled", "ready");
      else if (answer.code === "no_version" && jobs[0].jobs) {
        page.transport.push({ name: "clear_strokes" }, ...jobs[0].jobs);
      } else if (!jobs[0].quiet) status.showError(answer.error || text(answer.code, { ...limits, ...answer }));
    },
  };
}

// Show another photo: { bitmap, width, height, visit, and file; or example and answer, which holds its fill }. A photo
// that was open before the page was reloaded is `resumed`, with the changes that have made its mask if they are known,
// with the strokes that were held back, what the server had not answered, and the versions.
async function showPhoto(page, { bitmap, visit, answer, resumed, held, unanswered, versions, ...photo }) {
  const { root, canvas, transport, comparison } = page;
  page.photo = photo;
  transport.reset();
  page.visit = null;
  if (visit) page.setVisit(visit);
  if (resumed?.applied) transport.changes = resumed;
  page.unsaved.saved();
  root.toggleAttribute("data-has-file", Boolean(photo.file));
  page.holes.open(photo);
  canvas.open(bitmap, photo);
  page.strokes.reset();
  page.holding.reset();
  page.versions.reset();
  comparison.show(Boolean(answer && !resumed), 50);
  root.removeAttribute("data-changed");
  page.restoration.open(answer?.tone ?? null, resumed);
  page.status.setRefining(false); // of the previous photo
  await showAnswer(page, answer ?? { patches: [] }, [resumed ? {} : photo]);
  if (resumed) {
    showDone(page, answer, page.restoration.resume(answer.painted));
    const isChanged = Boolean(answer.painted || page.restoration.evensTones);
    page.unsaved.changed(isChanged);
    root.toggleAttribute("data-changed", isChanged);
    page.versions.resume(versions, { isChanged, isFinal: !answer.draft });
  }
  page.remembering.save();
  page.status.set(null, "ready");
  if (answer && page.modelName && !resumed) transport.push({ name: "use_model", model: page.modelName });
  else if (answer?.draft) transport.push({ name: "finish_fill" });
  await page.holding.resume(held);
  if (!unanswered) return;
  const jobs = transport.resume(unanswered, resumed ? answer.revision : undefined);
  page.strokes.expect(jobs);
  const fill = jobs.findLast(({ name }) => name === "fill_found");
  if (fill) page.restoration.sync(fill);
}

// Show what the server answered to these jobs: patches, a saved version, or a file to download.
async function showAnswer(page, answer, jobs) {
  const { root, photo, canvas, status, versions } = page;
  const wasEven = page.restoration.evensTones;
  status.showNotes(answer.notes);
  if (jobs[0].name === "finish") page.unsaved.saved();
  if (answer.version) versions.add(answer.version, page.transport.applied);
  if (answer.file) {
    const link = root.querySelector("[data-testid=link]");
    Object.assign(link, { href: answer.file.url, download: answer.name }).click();
    status.set("saved", undefined, answer);
  }
  if (jobs[0].name === "find_object") page.holding.foundObject(answer, jobs[0]);
  if (!jobs[0].example) await page.restoration.answered(answer, jobs[0]);
  if (jobs[0].name === "set_tone") {
    page.remembering.save();
    page.unsaved.changed(Boolean(page.state?.painted) || page.restoration.evensTones);
    if (page.restoration.evensTones !== wasEven && !jobs[0].ofVersion) versions.changed();
    if (!page.state?.draft) versions.settled();
    showDone(page, page.state ?? {}, jobs[0]);
  }
  if (!answer.patches) return;
  const drawPatches = await canvas.decodePatches(answer.patches);
  if (photo !== page.photo) return; // another one was opened meanwhile
  drawPatches();
  page.strokes.remove(jobs);
  page.holes.redraw();
  page.state = answer;
  updateButtons(page);
  if (jobs[0].stroke || jobs[0].name) root.setAttribute("data-changed", "");
  if (answer.changed?.some(Boolean) && !jobs[0].ofVersion) versions.changed();
  if (!answer.draft) versions.settled();
  if (answer.changed?.some(Boolean)) page.unsaved.changed(answer.painted && page.transport.applied.length > 0);
  page.unsaved.mark();
  if (answer.changed) page.remembering.save();
  showDone(page, answer, jobs[0]);
}

// Say what is done, and what can be done next.
function showDone({ status, text, holding, restoration }, { draft, painted }, job) {
  const hint = `try_${job.example}`;
  const restored = restoration.summaryAfter(job);
  if (holding.isHolding) status.set("held");
  else if (text(hint) !== hint) status.set(hint);
  else if (restored) status.set(restored.key, undefined, restored);
  else status.set(draft ? "draft" : painted ? "filled" : "hint");
}

// Enable the buttons that the last answer of the server allows. What is held back can be taken back too.
function updateButtons({ root, state = {}, holding, restoration }) {
  const allowed = { ...state, result: state.painted || restoration?.evensTones };
  for (const button of root.querySelectorAll("[data-enabled-by]")) {
    const { enabledBy } = button.dataset;
    button.disabled = !(allowed[enabledBy] || (holding.isHolding && HELD_COUNTS_FOR.includes(enabledBy)));
  }
}
