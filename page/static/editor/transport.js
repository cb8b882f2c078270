// Transport: one request to the server at a time. Strokes that come meanwhile go together in the next one.
const MOST_TRIES = 10,
  MOST_WAITS = 200,
  PAUSE_MS = 500,
  MOST_STROKES = 16,
  MOST_POINTS = 16000; // in one request

export function createTransport(server, on) {
  let visit = null,
    queue = [],
    running = false,
    generation = 0,
    losses = 0;
  let done = [],
    undone = []; // what the picture consists of, to paint it again should the server let go of it
  // Ask until there is an answer. In a line the place is kept by asking again at once; silence gets a growing pause.
  async function insist(name, call) {
    for (let tries = 0, waits = 0, ticket = {}; tries < MOST_TRIES && waits < MOST_WAITS; ) {
      const answer = (await server[name]({ ...call, ...ticket })) || { code: "offline" };
      if (answer.code !== "busy" && answer.code !== "offline") return answer;
      on.waiting(answer);
      if (answer.ticket) ticket = { ticket: answer.ticket };
      answer.place ? waits++ : tries++;
      await new Promise((resolve) => setTimeout(resolve, answer.place ? 100 : Math.min(PAUSE_MS * tries, 3000)));
    }
    return { code: "gave_up" };
  }
  function push(...jobs) {
    queue.push(...jobs);
    on.filling(jobs);
    if (!running) run(generation);
  }

  async function run(mine) {
    running = true;
    while (queue.length) {
      const jobs = queue.splice(0, together(queue));
      on.filling(jobs);
      const answer = await perform(jobs);
      const again = answer.code === "gone" && mine === generation && losses++ < 2 && (await on.lost(visit));
      if (mine !== generation) return;
      if (again) [queue, done, undone] = [[...done, ...jobs, ...queue], [], []];
      else if (answer.code) await on.failed(answer, jobs);
      else {
        remember(
          jobs[0].name,
          jobs.filter((_, index) => answer.changed?.[index]),
        );
        await on.answered(answer, jobs);
      }
    }
    running = false;
    on.idle();
  }

  async function perform(jobs) {
    const { stroke, name, file, quiet, ...more } = jobs[0];
    if (!visit) return { code: "gone" }; // nobody has painted on this picture yet
    if (stroke) return insist("paint", { visit, strokes: jobs.map((job) => job.stroke) });
    const stored = file && (await on.upload(file));
    if (file && !stored) return { code: "upload_failed" };
    return insist(name, { visit, ...more, path: stored?.path });
  }

  function remember(name, steps) {
    losses = 0;
    if (!steps.length) return;
    if (name === "undo_stroke" && done.length) undone.push(done.pop());
    else if (name === "redo_stroke" && !undone.length)
      done.pop(); // an undo of what the photo came with
    else if (name === "redo_stroke") done.push(undone.pop());
    else [done, undone] = [[...done, ...steps], name === "undo_stroke" ? undone : []];
  }
  // Begin with another picture, and leave the one before.
  function start() {
    if (visit) server.leave_visit({ visit });
    [visit, queue, done, undone, running, losses] = [null, [], [], [], false, 0];
    generation++;
  }

  return {
    insist,
    push,
    start,
    get done() {
      return [...done];
    },
    set visit(id) {
      visit = id;
    },
  };
}

// How many jobs from the front of the queue go in one request.
export function together(queue) {
  let points = 0;
  const fits = ({ stroke }, index) => stroke && index < MOST_STROKES && (points += stroke.points.length) <= MOST_POINTS;
  const end = queue.findIndex((job, index) => !fits(job, index));
  return Math.max(1, end < 0 ? queue.length : end);
}
