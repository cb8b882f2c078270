// Transport: sends one request at a time to the server. Strokes that come meanwhile are sent together in the next one.
const MAX_TRIES = 10; // without an answer
const MAX_POLLS = 200; // while in the server's queue
const POLL_MS = 100;
const RETRY_MS = 500;
const MAX_RETRY_MS = 3000;
const MAX_REOPENS = 2;
const MAX_STROKES = 16; // per request
const MAX_POINTS = 16000; // per request

// Jobs are { stroke } or { name, file, ...arguments } of a server function. Handlers: upload(file), started(jobs),
// waiting(answer), answered(answer, jobs), failed(answer, jobs), idle(), and reopen(visit), which opens a photo again
// that the server no longer has.
export function createTransport(server, on) {
  let visit = null;
  let queue = [];
  let running = false;
  let photoNumber = 0;
  let reopens = 0;
  let applied = []; // jobs that made the present mask, to repeat them after a reopen
  let undone = [];

  // Call a server function until it answers. In the server's queue the place is kept by polling with the ticket.
  async function request(name, call) {
    for (let tries = 0, polls = 0, ticket = {}; tries < MAX_TRIES && polls < MAX_POLLS; ) {
      const answer = (await server[name]({ ...call, ...ticket })) || { code: "offline" };
      if (answer.code !== "busy" && answer.code !== "offline") return answer;
      on.waiting(answer);
      if (answer.ticket) ticket = { ticket: answer.ticket };
      answer.place ? polls++ : tries++;
      await sleep(answer.place ? POLL_MS : Math.min(RETRY_MS * tries, MAX_RETRY_MS));
    }
    return { code: "gave_up" };
  }

  function push(...jobs) {
    queue.push(...jobs);
    on.started(jobs);
    if (!running) run(photoNumber);
  }

  async function run(number) {
    running = true;
    while (queue.length) {
      const jobs = queue.splice(0, batchSize(queue));
      on.started(jobs);
      const answer = await send(jobs);
      const reopen = answer.code === "gone" && number === photoNumber && reopens++ < MAX_REOPENS;
      const reopened = reopen && (await on.reopen(visit));
      if (number !== photoNumber) return;
      if (reopened) [queue, applied, undone] = [[...applied, ...jobs, ...queue], [], []];
      else if (answer.code) await on.failed(answer, jobs);
      else {
        record(
          jobs[0].name,
          jobs.filter((_, index) => answer.changed?.[index]),
        );
        await on.answered(answer, jobs);
      }
    }
    running = false;
    on.idle();
  }

  async function send(jobs) {
    const { stroke, name, file, quiet, ...more } = jobs[0];
    if (!visit) return { code: "gone" }; // an example that has not been opened on the server yet
    if (stroke) return request("paint", { visit, strokes: jobs.map((job) => job.stroke) });
    const uploaded = file && (await on.upload(file));
    if (file && !uploaded) return { code: "upload_failed" };
    return request(name, { visit, ...more, path: uploaded?.path });
  }

  function record(name, changes) {
    reopens = 0;
    if (!changes.length) return;
    if (name === "undo_stroke" && applied.length) undone.push(applied.pop());
    else if (name === "redo_stroke" && !undone.length)
      applied.pop(); // the redo of an example's own fill: drop its undo
    else if (name === "redo_stroke") applied.push(undone.pop());
    else [applied, undone] = [[...applied, ...changes], name === "undo_stroke" ? undone : []];
  }

  // Close the visit of the previous photo, and drop its jobs.
  function reset() {
    if (visit) server.leave_visit({ visit });
    [visit, queue, applied, undone, running, reopens] = [null, [], [], [], false, 0];
    photoNumber++;
  }

  return {
    request,
    push,
    reset,
    get applied() {
      return [...applied];
    },
    set visit(id) {
      visit = id;
    },
  };
}

// How many jobs from the front of the queue go into one request.
export function batchSize(queue) {
  let points = 0;
  const fits = ({ stroke }, index) => stroke && index < MAX_STROKES && (points += stroke.points.length) <= MAX_POINTS;
  const end = queue.findIndex((job, index) => !fits(job, index));
  return Math.max(1, end < 0 ? queue.length : end);
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
