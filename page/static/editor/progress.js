// Progress: for what takes longer than a moment, what is being done, how far it is, and a button that cancels it.
const SHOW_MS = 700; // from the start of a task
const POLL_MS = 400;

export function createProgress(page) {
  const { root, text, status } = page;
  const row = root.querySelector("[data-testid=progress]");
  const bar = row.querySelector("progress");
  const percent = row.querySelector("output");
  let task = null; // { cancel(), poll() }: poll is optional and returns { stage, share }
  let timer = null;

  function show({ stage, share } = {}) {
    if (stage) status.set(`stage_${stage}`);
    row.hidden = false;
    if (share === undefined) bar.removeAttribute("value");
    else bar.value = share;
    percent.textContent = share === undefined ? "" : text("percent", { share: Math.floor(100 * share) });
  }

  async function poll(polled) {
    const answer = await polled.poll?.();
    if (polled !== task) return;
    if (polled.poll || row.hidden) show(answer?.stage ? answer : undefined);
    if (polled.poll) timer = setTimeout(poll, POLL_MS, polled);
  }

  return {
    begin(begun) {
      this.end();
      task = begun;
      timer = setTimeout(poll, SHOW_MS, begun);
    },
    // How far a task is that is not polled.
    report(stage, share) {
      if (task && !row.hidden) show({ stage, share });
    },
    end() {
      clearTimeout(timer);
      task = null;
      row.hidden = true;
    },
    get running() {
      return task !== null;
    },
    cancel() {
      const cancelled = task;
      this.end();
      cancelled?.cancel();
      return Boolean(cancelled);
    },
  };
}
