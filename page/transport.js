// Transport: one request to the server at a time. Strokes that come meanwhile go together in the next one.

const MOST_TOGETHER = 16;

function createTransport(server, on) {
  let visit = null, queue = [], done = [], running = false, generation = 0;

  async function ask(name, call) {
    const answer = await server[name](call);
    if (!answer) return { code: "offline" }; // Gradio's client swallows failed requests
    return answer;
  }

  // Ask until there is an answer: a busy or silent server is asked again, with a growing pause.
  async function insist(name, call, tries = 8) {
    for (let attempt = 1; ; attempt++) {
      const answer = await ask(name, call);
      if (answer.code !== "busy" && answer.code !== "offline") return answer;
      if (attempt === tries) return { code: "gave_up" };
      on.waiting(answer.code);
      await new Promise((resolve) => setTimeout(resolve, Math.min(500 * attempt, 3000)));
    }
  }

  function push(job) {
    queue.push(job);
    if (!running) run();
  }

  async function run() {
    running = true;
    const mine = generation;
    while (queue.length && mine === generation) {
      const count = queue[0].stroke ? Math.max(1, run_of_strokes(queue)) : 1;
      const jobs = queue.splice(0, count);
      on.filling(jobs);
      const answer = await perform(jobs);
      if (mine !== generation) return;
      if (answer.code === "gone" && (await on.lost())) {
        queue = [...done.splice(0), ...jobs.filter((job) => job.name !== "undo_stroke"), ...queue];
        continue;
      }
      if (answer.code) on.failed(answer, jobs);
      else await on.answered(answer, jobs);
      if (!answer.code) remember(jobs, answer);
    }
    if (mine === generation) {
      running = false;
      on.idle();
    }
  }

  function perform(jobs) {
    const { stroke, name, more } = jobs[0];
    if (stroke) return insist("paint", { visit, strokes: jobs.map((job) => job.stroke) });
    return insist(name, { visit, ...more });
  }

  // What the picture consists of, to paint it again should the server let go of it.
  function remember(jobs, answer) {
    if (jobs[0].name === "undo_stroke") done.pop();
    else if (jobs[0].name !== "finish") done.push(...jobs.filter((_, index) => !answer.changed || answer.changed[index]));
  }

  function withdraw() {
    const last = queue.at(-1);
    return last?.stroke ? queue.pop() : null;
  }

  return {
    insist, push, withdraw,
    get visit() { return visit; },
    renew(id) { visit = id; },
    start(id) { visit = id; queue = []; done = []; running = false; generation++; },
    leave() { if (visit) ask("leave_visit", { visit }); this.start(null); },
  };
}

function run_of_strokes(queue) {
  const end = queue.findIndex((job) => !job.stroke);
  return Math.min(end < 0 ? queue.length : end, MOST_TOGETHER);
}
