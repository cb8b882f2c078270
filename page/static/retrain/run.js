// The view of a run: progress, losses, the latest samples and the log, updated until the run has ended.
import { createComparison } from "./comparison.js";
import { loadModelChoice } from "../model_choice.js";
import { createCharts } from "./chart.js";

const POLL_MS = 1500;
const HIDDEN_POLL_MS = 15000; // while the browser tab is in the background
const ENDED = ["COMPLETED", "CANCELED", "ERROR", "DELETED"];

export function createRunView(page) {
  const { find, text } = page;
  const card = find(".run");
  const charts = createCharts(find(".curves"));
  const part = (name) => card.querySelector(`[data-testid=${name}]`);
  const comparison = createComparison(page, card);
  let job = null;
  let samplesId = "";
  let follows = 0;
  let canUse = false;
  let cancelling = null; // the run that was asked to end

  // Show a run, and update it until it ends or another one is shown.
  async function follow(id) {
    const number = ++follows;
    [job, samplesId] = [id, ""];
    find(".samples").hidden = true;
    comparison.clear();
    while (number === follows && job) {
      const answer = await page.request("watch_run", { job, sheet: samplesId, comparison: comparison.id });
      if (number !== follows) return;
      const error = page.errorOf(answer);
      page.showError(error ?? "");
      if (error && answer.code !== "offline" && answer.code !== "job") return;
      if (!error) {
        show(answer);
        if (ENDED.includes(answer.stage)) return;
      }
      await page.sleep(document.hidden ? HIDDEN_POLL_MS : POLL_MS);
    }
  }

  function show(run) {
    const ended = ENDED.includes(run.stage);
    card.hidden = false;
    card.dataset.stage = run.stage;
    card.querySelector("[data-part=run-name]").textContent = run.repo;
    if (run.cancelling) cancelling = job;
    showStage(run.stage);
    part("stage").dataset.kind = run.stage === "ERROR" ? "bad" : "";
    part("job-link").hidden = !run.url;
    part("job-link").href = run.url;
    part("cancel").hidden = ended || cancelling === job;
    part("publish-again").hidden = !run.can_publish;
    part("publish-anyway").hidden = !run.withheld;
    comparison.show(run.comparison);
    part("use").classList.toggle("primary", run.comparison?.better !== false && !run.can_publish);
    canUse = run.can_use;
    updateChoice();
    showProgress(run, ended);
    showOutcome(run);
    if (run.lines.length) charts.draw(run.lines, run.total, (count) => count.toLocaleString());
    else find(".curves").replaceChildren();
    showSamples(run.sheet);
    showLog(run);
  }

  function showStage(stage) {
    const name = cancelling === job && !ENDED.includes(stage) ? "CANCELLING" : stage;
    part("stage").textContent = text(`retrain_stage_${name.toLowerCase()}`);
  }

  // Show at once that a run is being cancelled, or with null that it is not.
  function setCancelling(id) {
    cancelling = id;
    part("cancel").hidden = id !== null;
    showStage(card.dataset.stage);
  }

  function showProgress(run, ended) {
    const bar = part("progress");
    const share = run.total ? Math.min(1, run.images_seen / run.total) : 0;
    bar.dataset.kind = !ended && !run.images_seen ? "waiting" : "";
    bar.setAttribute("aria-valuenow", Math.round(100 * share));
    bar.firstElementChild.style.width = bar.dataset.kind ? "" : `${100 * share}%`;
    part("progress-text").textContent = progressText(run, ended);
  }

  function progressText(run, ended) {
    if (!run.images_seen) return ended ? "" : text("retrain_starting");
    const [count, total] = [run.images_seen.toLocaleString(), run.total?.toLocaleString()];
    const parts = [total ? text("retrain_images_of", { count, total }) : text("retrain_images_seen", { count })];
    if (!ended && run.images_per_s) parts.push(text("retrain_speed", { speed: run.images_per_s.toPrecision(2) }));
    if (!ended && run.seconds_left) parts.push(text("retrain_time_left", { time: page.duration(run.seconds_left) }));
    if (!ended && run.seconds_left === 0) parts.push(text("retrain_publishing"));
    return parts.join(" · ");
  }

  // Where the weights of an ended run are, or that it can be resumed.
  function showOutcome(run) {
    const line = part("published");
    const [words, link] = line.children;
    const key = outcome(run);
    line.hidden = !key;
    words.textContent = key && text(key);
    link.textContent = run.published?.url ?? "";
    if (run.published) link.href = run.published.url;
  }

  // The key of the text about an ended run; "" while it runs, and where nothing is known of its weights.
  function outcome(run) {
    if (!ENDED.includes(run.stage)) return "";
    if (run.published) return "retrain_published";
    if (run.withheld) return "retrain_withheld";
    if (run.stage === "COMPLETED") return run.can_use ? "retrain_saved_here" : "";
    return run.can_publish ? "retrain_unpublished" : "retrain_resumable";
  }

  function showSamples({ id, picture }) {
    if (picture) {
      part("samples").src = picture;
      samplesId = id;
    }
    find(".samples").hidden = !samplesId;
  }

  function showLog(run) {
    const details = card.querySelector("details");
    part("log").textContent = run.log.join("\n");
    details.hidden = !run.log.length;
    if (run.stage === "ERROR") details.open = true;
  }

  // Show whether the editor in this browser uses the weights of this run.
  function updateChoice() {
    const inUse = canUse && job === loadModelChoice().job;
    part("use").hidden = !canUse || inUse;
    part("open-editor").hidden = part("default-model").hidden = part("in-use").hidden = !inUse;
  }

  function close() {
    follows++;
    job = null;
    card.hidden = true;
  }

  return {
    follow,
    close,
    updateChoice,
    setCancelling,
    get job() {
      return job;
    },
  };
}
