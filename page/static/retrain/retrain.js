// The page for retraining: who is there, which run is shown, and what the buttons do.

import { createForm } from "./form.js";
import { keep, recall } from "../stored.js";
import { createRun } from "./run.js";

// Start the page in a Gradio component: its element, props and server functions.
export function start({ element, props, server }) {
  const root = element.querySelector(".page");
  const find = (selector) => root.querySelector(selector);
  const language = (navigator.language || "en").toLowerCase().startsWith("zh") ? "zh" : "en";

  function text(key, values = {}) {
    return Object.entries(values).reduce(
      (line, [name, value]) => line.replace(`{${name}}`, value),
      props.texts[language][key] ?? key,
    );
  }

  function trouble(line) {
    find(".trouble").hidden = !line;
    find(".trouble").textContent = line || "";
  }

  function sleep(ms) {
    return new Promise((resolve) => setTimeout(resolve, ms));
  }

  function duration(seconds) {
    const minutes = Math.max(1, Math.round(seconds / 60));
    return minutes < 120
      ? text("retrain_minutes", { count: minutes })
      : text("retrain_hours", { count: (minutes / 60).toFixed(1) });
  }

  // Gradio's client swallows failed requests: no answer is {code: "offline"}.
  async function insist(name, call) {
    return (await server[name](call)) ?? { code: "offline" };
  }

  const page = { find, text, trouble, sleep, duration, insist, props, account: null, starting: false, start };
  for (const part of root.querySelectorAll("[data-text]")) part.textContent = text(part.dataset.text);
  for (const part of root.querySelectorAll("[data-label]")) part.setAttribute("aria-label", text(part.dataset.label));
  const form = createForm(page),
    run = createRun(page);

  async function start(call) {
    trouble("");
    const answer = await insist("start", call);
    if (answer.error || answer.code) return trouble(answer.error || text(answer.code));
    await open(answer.job);
  }

  // Show a run; its name in the address brings it back when the page is loaded again.
  async function open(job) {
    history.replaceState(null, "", `#${encodeURIComponent(job)}`);
    find("form").hidden = true;
    await Promise.race([run.follow(job), sleep(200)]);
    root.scrollIntoView?.({ block: "start" });
  }

  const actions = {
    async cancel() {
      const answer = await insist("cancel", { job: run.job });
      if (answer.error || answer.code) trouble(answer.error || text(answer.code));
    },
    async use() {
      const answer = await insist("use", { job: run.job });
      if (answer.error || answer.code) return trouble(answer.error || text(answer.code));
      keep(answer.model, run.job);
      if (!recall().model) return trouble(text("retrain_no_storage"));
      return run.chosen();
    },
    own() {
      keep("");
      run.chosen();
    },
    new() {
      history.replaceState(null, "", " ");
      run.leave();
      find("form").hidden = !page.welcome;
      arrive(false);
    },
  };
  root.addEventListener("click", async ({ target }) => {
    const button = target.closest("[data-action]"),
      job = target.closest("[data-job]")?.dataset.job;
    if (job) return open(job);
    if (!button) return;
    button.disabled = true;
    await actions[button.dataset.action]();
    button.disabled = false;
  });

  async function arrive(look = true) {
    const answer = await insist("arrive", {});
    root.dataset.state = "ready";
    if (answer.error || answer.code) {
      trouble(answer.error || text(answer.code));
      return;
    }
    const { account, sign_in: way, hardware, runs } = answer;
    page.welcome = hardware.length > 0;
    find("[data-testid=who]").textContent = account ? text("retrain_who", { account }) : "";
    if (account && way === "oauth")
      find("[data-testid=who]").append(
        " ",
        Object.assign(document.createElement("a"), {
          href: "logout?_target_url=/retrain",
          textContent: text("retrain_sign_out"),
        }),
      );
    find(".sign").hidden = Boolean(account);
    find("[data-part=sign-text]").textContent = text(`retrain_how_${way}${page.welcome ? "_here" : ""}`);
    find("[data-testid=sign-in]").hidden = way !== "oauth";
    if (look || !page.ready) form.welcome({ account, hardware });
    page.ready = true;
    recent(runs);
    const named = decodeURIComponent(location.hash.slice(1)),
      running = runs.find(({ stage }) => stage === "RUNNING" || stage === "SCHEDULING");
    const wanted = named || running?.job;
    if (look && wanted) return open(wanted);
    find("form").hidden = !page.welcome;
  }

  function recent(runs) {
    find(".recent").hidden = !runs.length;
    find(".recent ul").replaceChildren(
      ...runs.map(({ job, repo, stage, created }) => {
        const item = document.createElement("li"),
          button = Object.assign(document.createElement("button"), { type: "button" });
        button.dataset.job = job;
        const when = created
          ? new Date(created).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" })
          : "";
        button.append(
          repo,
          Object.assign(document.createElement("span"), {
            className: "quiet",
            textContent: `${text(`retrain_stage_${stage.toLowerCase()}`)} · ${when}`,
          }),
        );
        item.append(button);
        return item;
      }),
    );
  }

  arrive();
}
