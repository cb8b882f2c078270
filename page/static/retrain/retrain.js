// The page for retraining: the sign-in, the list of runs, the form for a new one, and the view of one.
import { loadModelChoice, saveModelChoice } from "../model_choice.js";
import { createTexts, fillTexts } from "../texts.js";
import { setFragment } from "./address.js";
import { createForm } from "./form.js";
import { loadOwnerKey, saveOwnerKey, takeKeyFromAddress } from "./owner_key.js";
import { createRunView } from "./run.js";

const SCROLL_DELAY_MS = 200; // leaves the first answer time to arrive before the page scrolls to the run

// Start the page in a Gradio component: its element, props and server functions.
export function start({ element, props, server, upload }) {
  const root = element.querySelector(".page");
  takeKeyFromAddress();
  const page = createPage(root, props, server, upload);
  page.startRun = (call) => startRun(page, call);
  fillTexts(root, page.text);
  page.form = createForm(page);
  page.runView = createRunView(page);
  const actions = createActions(page);
  root.addEventListener("click", async ({ target }) => {
    const job = target.closest("[data-job]")?.dataset.job;
    const button = target.closest("[data-action]");
    if (job) return openRun(page, job);
    if (!button) return;
    button.disabled = true;
    await actions[button.dataset.action]();
    button.disabled = false;
  });
  page.find("[data-testid=owner-key]").addEventListener("keydown", ({ key }) => key === "Enter" && actions.unlock());
  load(page, { openRunning: true });
}

// What the parts of the page share.
function createPage(root, props, server, upload) {
  const text = createTexts(props.texts);
  const find = (selector) => root.querySelector(selector);
  return {
    root,
    props,
    text,
    find,
    upload,
    account: null,
    canTrain: false,
    // Gradio's client returns nothing when a request fails.
    request: async (name, call) => (await server[name]({ ...call, owner_key: loadOwnerKey() })) ?? { code: "offline" },
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    showError(message) {
      find(".error").hidden = !message;
      find(".error").textContent = message || "";
    },
    // The error message of an answer, or undefined.
    errorOf: ({ error, code }) => error || (code && text(code)) || undefined,
    duration(seconds) {
      const minutes = Math.max(1, Math.round(seconds / 60));
      return minutes < 120
        ? text("retrain_minutes", { count: minutes })
        : text("retrain_hours", { count: (minutes / 60).toFixed(1) });
    },
  };
}

// Load the account, the hardware and the runs.
async function load(page, { openRunning }) {
  const { root, find, form } = page;
  const answer = await page.request("load_page", { model: loadModelChoice().model });
  root.dataset.state = "ready";
  if (answer.code === "retrain_key_wrong") {
    saveOwnerKey("");
    await load(page, { openRunning });
  }
  if (page.errorOf(answer)) return page.showError(page.errorOf(answer));
  const { account, sign_in: signIn, hardware, runs, start } = answer;
  page.canTrain = hardware.length > 0;
  showAccount(page, account, signIn);
  if (openRunning || !page.loaded) form.setHardware({ account, hardware, start });
  page.loaded = true;
  showRecent(page, runs);
  const named = decodeURIComponent(location.hash.slice(1));
  const running = runs.find(({ stage }) => stage === "RUNNING" || stage === "SCHEDULING");
  const job = named || running?.job;
  if (openRunning && job) return openRun(page, job);
  find("form").hidden = !page.canTrain;
}

function showAccount({ find, text, canTrain }, account, signIn) {
  const line = find("[data-testid=account]");
  line.textContent = account ? text("retrain_signed_in", { account }) : "";
  if (account && signIn === "oauth") {
    const link = Object.assign(document.createElement("a"), { href: "logout?_target_url=/retrain" });
    link.textContent = text("retrain_sign_out");
    line.append(" ", link);
  }
  find(".sign-in").hidden = Boolean(account);
  find("[data-part=sign-in-text]").textContent = text(`retrain_sign_in_${signIn}${canTrain ? "_here" : ""}`);
  find("[data-testid=sign-in]").hidden = signIn !== "oauth";
  find("[data-part=owner-key]").hidden = signIn !== "key";
}

function showRecent({ find, text }, runs) {
  find(".recent").hidden = !runs.length;
  const items = runs.map(({ job, repo, stage, created }) => {
    const time = created
      ? new Date(created).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" })
      : "";
    const details = Object.assign(document.createElement("span"), { className: "muted" });
    details.textContent = `${text(`retrain_stage_${stage.toLowerCase()}`)} · ${time}`;
    const button = Object.assign(document.createElement("button"), { type: "button" });
    button.dataset.job = job;
    button.append(repo, details);
    const item = document.createElement("li");
    item.append(button);
    return item;
  });
  find(".recent ul").replaceChildren(...items);
}

async function startRun(page, call) {
  page.showError("");
  const answer = await page.request("start_run", call);
  if (page.errorOf(answer)) return page.showError(page.errorOf(answer));
  await openRun(page, answer.job);
}

// Show a run. Its id in the address brings it back when the page is reloaded.
async function openRun(page, job) {
  setFragment(encodeURIComponent(job));
  page.find("form").hidden = true;
  await Promise.race([page.runView.follow(job), page.sleep(SCROLL_DELAY_MS)]);
  page.root.scrollIntoView?.({ block: "start" });
}

// Start a trained run again, which then only publishes: with `anyway` also weights that are not better.
async function publish(page, { anyway }) {
  const answer = await page.request("publish_again", { job: page.runView.job, anyway });
  if (page.errorOf(answer)) return page.showError(page.errorOf(answer));
  page.showError("");
  openRun(page, answer.job);
}

// What the buttons of the view of a run do, by data-action.
function createActions(page) {
  const { runView, text } = page;
  return {
    async unlock() {
      page.showError("");
      saveOwnerKey(page.find("[data-testid=owner-key]").value);
      await load(page, { openRunning: true });
    },
    async cancel() {
      const { job } = runView;
      runView.setCancelling(job);
      const answer = await page.request("cancel_run", { job });
      if (!page.errorOf(answer)) return;
      runView.setCancelling(null);
      page.showError(page.errorOf(answer));
    },
    publishAgain: () => publish(page, { anyway: false }),
    publishAnyway: () => publish(page, { anyway: true }),
    async use() {
      const answer = await page.request("use_weights", { job: runView.job });
      if (page.errorOf(answer)) return page.showError(page.errorOf(answer));
      saveModelChoice(answer.model, runView.job);
      if (!loadModelChoice().model) return page.showError(text("retrain_no_storage"));
      runView.updateChoice();
    },
    useDefault() {
      saveModelChoice("");
      runView.updateChoice();
    },
    newRun() {
      setFragment("");
      runView.close();
      page.find("form").hidden = !page.canTrain;
      load(page, { openRunning: false });
    },
  };
}
