// A run: watched until it ends, with its progress, its losses, its newest sheet, and what can be done with it.

import { createCurves } from "./chart.js";
import { recall } from "../stored.js";

const PAUSE_MS = 1500,
  HIDDEN_PAUSE_MS = 15000;
const ENDED = ["COMPLETED", "CANCELED", "ERROR", "DELETED"];

export function createRun(page) {
  const { find, text, insist, trouble, sleep } = page;
  const card = find(".run"),
    curves = createCurves(find(".curves")),
    part = (name) => card.querySelector(`[data-testid=${name}]`);
  let job = null,
    sheet = "",
    turn = 0,
    usable = false;

  // Show a run, and follow it until it ends or another one is shown.
  async function follow(id) {
    const mine = ++turn;
    [job, sheet] = [id, ""];
    find(".sheet").hidden = true;
    while (mine === turn && job) {
      const answer = await insist("watch", { job, sheet });
      if (mine !== turn) return;
      if (answer.error || answer.code) {
        trouble(answer.error || text(answer.code));
        if (answer.code !== "offline" && answer.code !== "job") return;
      } else {
        trouble("");
        show(answer);
        if (ENDED.includes(answer.stage)) return;
      }
      await sleep(document.hidden ? HIDDEN_PAUSE_MS : PAUSE_MS);
    }
  }

  function show(run) {
    const ended = ENDED.includes(run.stage),
      share = run.total ? Math.min(1, run.images_seen / run.total) : 0;
    card.hidden = false;
    card.dataset.stage = run.stage;
    card.querySelector("[data-part=run-name]").textContent = run.repo;
    Object.assign(part("stage"), { textContent: text(`retrain_stage_${run.stage.toLowerCase()}`) }).dataset.kind =
      run.stage === "ERROR" ? "bad" : "";
    part("job-link").hidden = !run.url;
    part("job-link").href = run.url;
    part("progress").dataset.kind = !ended && !run.images_seen ? "waiting" : "";
    part("progress").setAttribute("aria-valuenow", Math.round(100 * share));
    part("progress").firstElementChild.style.width = part("progress").dataset.kind ? "" : `${100 * share}%`;
    part("pace").textContent = pace(run, ended);
    part("cancel").hidden = ended;
    usable = run.can_use;
    chosen();
    outcome(run);
    if (run.lines.length) curves.draw(run.lines, run.total, (count) => count.toLocaleString());
    else find(".curves").replaceChildren();
    if (run.sheet.picture) part("sheet").src = run.sheet.picture;
    if (run.sheet.picture) sheet = run.sheet.id;
    find(".sheet").hidden = !sheet;
    part("words").textContent = run.words.join("\n");
    card.querySelector("details").hidden = !run.words.length;
    if (run.stage === "ERROR") card.querySelector("details").open = true;
  }

  function pace(run, ended) {
    if (!run.images_seen) return ended ? "" : text("retrain_waiting");
    const count = run.images_seen.toLocaleString(),
      total = run.total?.toLocaleString();
    const words = [total ? text("retrain_images_of", { count, total }) : text("retrain_images_seen", { count })];
    if (!ended && run.images_per_s) words.push(text("retrain_speed", { speed: run.images_per_s.toPrecision(2) }));
    if (!ended && run.seconds_left !== null)
      words.push(
        run.seconds_left ? text("retrain_left", { time: page.duration(run.seconds_left) }) : text("retrain_publishing"),
      );
    return words.join(" · ");
  }

  function outcome(run) {
    const line = part("published"),
      [words, link] = line.children;
    line.hidden = !ENDED.includes(run.stage) || (run.stage === "COMPLETED" && !run.published && !run.can_use);
    if (run.published) {
      words.textContent = text("retrain_published");
      link.textContent = run.published.url;
      link.href = run.published.url;
      return;
    }
    [words.textContent, link.textContent] = [
      text(run.stage === "COMPLETED" ? "retrain_done_here" : "retrain_kept"),
      "",
    ];
  }

  // Whether this browser paints with the run's weights.
  function chosen() {
    const used = usable && job === recall().job;
    part("use").hidden = !usable || used;
    part("paint").hidden = part("own").hidden = part("used").hidden = !used;
  }

  function leave() {
    turn++;
    job = null;
    card.hidden = true;
  }

  return {
    follow,
    leave,
    chosen,
    get job() {
      return job;
    },
  };
}
