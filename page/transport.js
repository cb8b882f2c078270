// Transport: one request to the server at a time. Strokes that come meanwhile go together in the next one.

const MOST_STROKES = 16, MOST_POINTS = 16000; // in one request; the server refuses more than 64 and 20000
const PAUSE_MS = 500, MOST_TRIES = 10, MOST_WAITS = 200;

export function createTransport(server, on) {
  let visit = null, queue = [], running = false, generation = 0, losses = 0;
  let done = [], undone = []; // what the picture consists of, to paint it again should the server let go of it

  // Ask until there is an answer. In a line the place is kept by asking again at once; silence gets a growing pause.
  async function insist(name, call) {
    for (let tries = 1, waits = 1, ticket = {}; tries < MOST_TRIES && waits < MOST_WAITS; ) {
      const answer = (await server[name]({ ...call, ...ticket })) || { code: "offline" };
      if (answer.code !== "busy" && answer.code !== "offline") return answer;
      on.waiting(answer);
      if (answer.ticket) ticket = { ticket: answer.ticket };
      if (answer.place) waits += 1;
      else tries += 1;
      await new Promise((resolve) => setTimeout(resolve, answer.place ? PAUSE_MS / 5 : Math.min(PAUSE_MS * tries, 3000)));
    }
    return { code: "gave_up" };
  }

  function push(...jobs) {
    queue.push(...jobs);
    on.filling(jobs);
    if (!running) run();
  }

  async function run() {
    running = true;
    const mine = generation;
    while (queue.length && mine === generation) {
      const jobs = queue.splice(0, together(queue));
      on.filling(jobs);
      const answer = await perform(jobs);
      if (mine !== generation) return;
      if (answer.code === "gone" && losses < 2 && (await on.lost(visit))) {
        losses += 1;
        queue = [...done.splice(0), ...jobs, ...queue];
        undone = [];
        continue;
      }
      if (mine !== generation) return;
      if (!answer.code) {
        losses = 0;
        remember(jobs, answer.changed);
        await on.answered(answer, jobs);
      } else await on.failed(answer, jobs);
    }
    if (mine === generation) {
      running = false;
      on.idle();
    }
  }

  async function perform(jobs) {
    const { stroke, name, file, ...more } = jobs[0];
    if (!visit) return { code: "gone" }; // nobody has painted on this picture yet
    if (stroke) return insist("paint", { visit, strokes: jobs.map((job) => job.stroke) });
    if (!file) return insist(name, { visit, ...more });
    const stored = await on.upload(file);
    return stored ? insist(name, { visit, path: stored.path, ...more }) : { code: "upload_failed" };
  }

  function remember(jobs, changed) {
    if (!changed) return;
    const steps = jobs.filter((_, index) => changed[index]), name = jobs[0].name;
    if (!steps.length) return;
    if (name === "undo_stroke" && done.length) undone.push(done.pop());
    else if (name === "redo_stroke") undone.length ? done.push(undone.pop()) : done.pop();
    else {
      done.push(...steps);
      if (name !== "undo_stroke") undone = [];
    }
  }

  return {
    insist, push,
    get visit() { return visit; },
    get done() { return [...done]; },
    renew(id) { visit = id; },
    start(id) { visit = id; queue = []; done = []; undone = []; running = false; losses = 0; generation++; },
    leave() { if (visit) server.leave_visit({ visit }); this.start(null); },
  };
}

// How many jobs from the front of the queue go in one request.
export function together(queue) {
  let count = 0;
  for (let points = 0; count < MOST_STROKES && queue[count]?.stroke; count++) {
    points += queue[count].stroke.points.length;
    if (points > MOST_POINTS && count) break;
  }
  return Math.max(count, 1);
}
