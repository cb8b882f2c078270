// Transport: sends one request at a time to the server. Strokes that come meanwhile are sent together in the next one.
// The fills of thick holes come as drafts first. When nothing else is to be sent, "finish_fill" asks for the final ones.
const MAX_TRIES = 10; // without an answer
const MAX_POLLS = 200; // while in the server's queue
const POLL_MS = 100;
const RETRY_MS = 500;
const MAX_RETRY_MS = 3000;
const MAX_REOPENS = 2;
const MAX_STROKES = 16; // per request
const MAX_POINTS = 16000; // per request
const PAUSE_MS = 900; // without a new stroke, where an object may be half covered
const READING = ["finish", "save_mask", "keep_version"]; // change nothing, and wait for the final fills
const CHANGING = ["paint", "fill_found"];
const OVERTAKEN = { code: "overtaken" };

// Jobs are { stroke } or { name, file, ...arguments } of a server function. Handlers: upload(file), started(jobs), sent(),
// waiting(answer), answered(answer, jobs), failed(answer, jobs), dropped(jobs), idle(), isPainting(), and reopen(visit),
// which opens a photo again that the server no longer has.
export function createTransport(server, on) {
  let visit = null;
  let queue = [];
  let running = false;
  let photoNumber = 0;
  let reopens = 0;
  let applied = []; // jobs that made the present mask, to repeat them after a reopen
  let undone = [];
  let sent = null; // the present request: { job, overtake() }
  let revision; // of the last answer: with it the server knows what the browser shows
  let finishTimer = null;
  let finishDelay = null; // until the final fills are asked for, in ms; null: there are no drafts

  // Call a server function until it answers. In the server's queue the place is kept by polling with the ticket.
  async function request(name, call, isWanted = () => true) {
    for (let tries = 0, polls = 0, ticket = {}; tries < MAX_TRIES && polls < MAX_POLLS && isWanted(); ) {
      const answer = (await server[name]({ ...call, ...ticket })) || { code: "offline" };
      if ((answer.code !== "busy" && answer.code !== "offline") || !isWanted()) return answer;
      on.waiting(answer);
      if (answer.ticket) ticket = { ticket: answer.ticket };
      answer.place ? polls++ : tries++;
      await sleep(answer.place ? POLL_MS : Math.min(RETRY_MS * tries, MAX_RETRY_MS));
    }
    return { code: "gave_up" };
  }

  function push(...jobs) {
    clearTimeout(finishTimer);
    queue.push(...jobs);
    if (sent && overtakes(queue[0], sent.job)) sent.overtake();
    on.started(jobs);
    if (running) on.sent();
    else run(photoNumber);
  }

  function finishLater() {
    clearTimeout(finishTimer);
    if (finishDelay === null) return;
    finishTimer = setTimeout(() => (on.isPainting() ? finishLater() : push({ name: "finish_fill" })), finishDelay);
  }

  async function run(number) {
    running = true;
    while (queue.length) {
      const jobs = queue.splice(0, batchSize(queue));
      if (jobs[0].name === "finish_fill" && queue.length) continue; // it follows again
      on.started(jobs);
      const answer = await answerTo(jobs);
      if (answer === OVERTAKEN && number === photoNumber) continue;
      const reopen = answer.code === "gone" && number === photoNumber && reopens++ < MAX_REOPENS;
      const reopened = reopen && (await on.reopen(visit));
      if (number !== photoNumber) return;
      expectFinish(answer, jobs[0].name);
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
    finishLater();
  }

  // The answer to jobs; OVERTAKEN as soon as another job overtakes them: then the server drops them, or the next answer
  // includes what they have changed.
  function answerTo(jobs) {
    return new Promise((resolve, reject) => {
      const request = { job: jobs[0], jobs, overtake: () => done(OVERTAKEN) };
      const done = (answer) => {
        if (sent === request) sent = null;
        resolve(answer);
      };
      sent = request;
      on.sent();
      send(jobs, () => sent === request).then(done, reject);
    });
  }

  // Note whether drafts are left. Final fills that have failed or changed nothing are not asked for again.
  function expectFinish({ code, draft, pause, ...answer }, name) {
    if (name === "finish_fill" && (code || answer.revision === revision)) finishDelay = null;
    else if (answer.revision !== undefined) finishDelay = !draft ? null : pause ? PAUSE_MS : 0;
    revision = answer.revision ?? revision;
  }

  async function send(jobs, isWanted) {
    const { stroke, name, file, quiet, restoring, ofVersion, jobs: repeated, ...more } = jobs[0]; // more: for the server
    if (!visit) return { code: "gone" }; // an example that has not been opened on the server yet
    if (stroke) return request("paint", { visit, revision, strokes: jobs.map((job) => job.stroke) }, isWanted);
    const uploaded = file && (await on.upload(file));
    if (uploaded?.code) return uploaded;
    return request(name, { visit, revision, ...more, path: uploaded?.path }, isWanted);
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

  // Cancel the request that runs and the jobs that wait. The server ends it between crops, and answers it then.
  function cancel() {
    const dropped = queue;
    queue = [];
    clearTimeout(finishTimer);
    finishDelay = null;
    on.dropped(dropped);
    if (visit && running) server.cancel({ visit });
  }

  // Close the visit of the previous photo, and drop its jobs.
  function reset() {
    if (visit) server.leave_visit({ visit });
    [visit, queue, applied, undone, running, reopens] = [null, [], [], [], false, 0];
    [sent, revision, finishDelay] = [null, undefined, null];
    clearTimeout(finishTimer);
    photoNumber++;
  }

  return {
    request,
    push,
    cancel,
    reset,
    progress: () => server.progress({ visit }),
    get applied() {
      return [...applied];
    },
    get isRunning() {
      return running;
    },
    // What has made the present mask, and what was undone, to go on after a reload of the page.
    get changes() {
      return { applied, undone };
    },
    set changes(changes) {
      ({ applied, undone } = changes);
    },
    // What has not been answered yet, to send it again after a reload: the jobs of the present request, those that wait,
    // and the revision before them.
    get unanswered() {
      return { sent: (sent?.jobs ?? []).filter(canSendAgain), queue: queue.filter(canSendAgain), revision };
    },
    // Go on with what was unanswered before the reload. The server has done what was sent if its revision is another one.
    resume({ sent, queue, revision: before }, now) {
      const isDone = before !== undefined && now !== undefined && now !== before;
      if (isDone) applied = [...applied, ...sent.filter(({ stroke, name }) => stroke || CHANGING.includes(name))];
      const jobs = isDone ? queue : [...sent, ...queue];
      if (jobs.length) push(...jobs);
      return jobs;
    },
    get visit() {
      return visit;
    },
    set visit(id) {
      [visit, revision] = [id, undefined];
    },
  };
}

// Whether a job means the same after a reload; a quiet one is the page's own.
const canSendAgain = ({ name, file, quiet, ofVersion }) =>
  !file && !quiet && !ofVersion && name !== "finish_fill" && !READING.includes(name);

// How many jobs from the front of the queue go into one request.
export function batchSize(queue) {
  let points = 0;
  const fits = ({ stroke }, index) => stroke && index < MAX_STROKES && (points += stroke.points.length) <= MAX_POINTS;
  const end = queue.findIndex((job, index) => !fits(job, index));
  return Math.max(1, end < 0 ? queue.length : end);
}

// Whether a job makes the answer to the one that was sent worthless.
function overtakes({ stroke, name }, sent) {
  const paints = Boolean(stroke) || name === "paint";
  return sent.name === "finish_fill" ? !READING.includes(name) : sent.name === "another_fill" && paints;
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
