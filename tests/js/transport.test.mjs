import assert from "node:assert/strict";
import { test } from "node:test";

import { batchSize, createTransport } from "../../page/static/editor/transport.js";

const stroke = (length = 2, name = "") => ({ stroke: { name, points: Array.from({ length }, () => [1, 1]) } });
const names = (calls) => calls.map(([name]) => name);
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const changed = (call) => ({ patches: [], changed: (call.strokes ?? [1]).map(() => true) });

// A transport with a server that records its calls, and a page that records the answers that say "wait" or "failed".
function setUp(functions = {}, reopen = async () => false) {
  const calls = [];
  const problems = [];
  const dropped = [];
  const page = { isPainting: false };
  let whenIdle = null;
  const answer = (name) => async (call) => {
    calls.push([name, call]);
    return (functions[name] ?? changed)(call);
  };
  const server = new Proxy({}, { get: (_, name) => answer(name) });
  const transport = createTransport(server, {
    started() {},
    sent() {},
    waiting: (reply) => problems.push(reply),
    answered: async () => {},
    failed: async (reply) => {
      problems.push(reply);
    },
    dropped: (jobs) => dropped.push(...jobs),
    upload: async () => ({ path: "uploaded" }),
    idle: () => whenIdle?.(),
    isPainting: () => page.isPainting,
    reopen,
  });
  transport.reset();
  transport.visit = "first";
  const idle = () =>
    new Promise((resolve) => {
      whenIdle = resolve;
    });
  return { calls, problems, dropped, transport, idle, page };
}

test("a batch holds strokes only, and at most 16 with 16000 points", () => {
  assert.equal(batchSize([stroke(), stroke(), { name: "undo_stroke" }, stroke()]), 2);
  assert.equal(batchSize([{ name: "undo_stroke" }, stroke()]), 1);
  assert.equal(batchSize(Array.from({ length: 40 }, () => stroke())), 16);
  assert.equal(batchSize([stroke(9000), stroke(6000), stroke(6000)]), 2);
  assert.equal(batchSize([stroke(50000)]), 1);
});

test("strokes painted during a request are sent together in the next one", async () => {
  const { calls, transport, idle } = setUp();
  for (let index = 0; index < 5; index++) transport.push(stroke());
  await idle();
  assert.deepEqual(
    calls.map(([name, call]) => [name, call.strokes.length]),
    [
      ["paint", 1],
      ["paint", 4],
    ],
  );
});

test("a busy server is polled with the ticket, and the places in the queue are reported", async () => {
  let requests = 0;
  const paint = (call) => (++requests < 3 ? { code: "busy", place: 3 - requests, ticket: "t" } : changed(call));
  const { calls, problems, transport, idle } = setUp({ paint });
  transport.push(stroke());
  await idle();
  assert.deepEqual(
    problems.map((reply) => reply.place),
    [2, 1],
  );
  assert.deepEqual(
    calls.map(([, call]) => call.ticket),
    [undefined, "t", "t"],
  );
});

test("an expired photo is reopened and gets its strokes again, without undone ones", async () => {
  let gone = false;
  const paint = (call) => (gone && call.visit === "first" ? { code: "gone" } : changed(call));
  const context = setUp({ paint }, async () => {
    context.transport.visit = "second";
    return true;
  });
  const { calls, transport, idle } = context;
  const [undo, redo] = [{ name: "undo_stroke" }, { name: "redo_stroke" }];
  for (const job of [stroke(2, "a"), stroke(2, "b"), undo, stroke(2, "c"), undo, redo]) {
    transport.push(job);
    await idle();
  }
  gone = true;
  calls.length = 0;
  transport.push(stroke(2, "d"));
  await idle();
  const repeated = calls.filter(([, call]) => call.visit === "second").flatMap(([, call]) => call.strokes);
  assert.deepEqual(
    repeated.map((each) => each.name),
    ["a", "c", "d"],
  );
});

test("strokes that changed nothing are not repeated after a reopen", async () => {
  const { transport, idle } = setUp({ paint: () => ({ patches: [], changed: [false] }) });
  transport.push(stroke());
  await idle();
  assert.equal(transport.applied.length, 0);
});

test("a photo that expires at once each time is not reopened forever", async () => {
  const { calls, problems, transport, idle } = setUp({ paint: () => ({ code: "gone" }) }, async () => true);
  transport.push(stroke());
  await idle();
  assert.ok(calls.length < 5);
  assert.equal(problems.at(-1).code, "gone");
});

test("another photo does not get the strokes of the previous one", async () => {
  const { calls, transport, idle } = setUp();
  transport.push(stroke());
  transport.push(stroke());
  transport.reset();
  transport.visit = "other";
  transport.push({ name: "clear_strokes" });
  await idle();
  assert.deepEqual(names(calls), ["paint", "leave_visit", "clear_strokes"]);
});

// A server whose strokes have drafts. A final fill answers when `finish` is called, or at once if `isSlow` is false.
function draftingServer({ pause = false, isSlow = true } = {}) {
  const server = { revision: 0, finish: null };
  const drafted = (call) => ({ ...changed(call), draft: true, pause, revision: ++server.revision });
  const finished = () => ({ patches: [], draft: false, pause: false, revision: ++server.revision });
  const slow = (answer) => new Promise((resolve) => (server.finish = () => resolve(answer())));
  const finish = () => (isSlow ? slow(finished) : finished());
  return { server, functions: { paint: drafted, finish_fill: finish } };
}

test("final fills are asked for after a draft, once, with the revision that is shown", async () => {
  const { functions } = draftingServer({ isSlow: false });
  const { calls, transport, idle } = setUp(functions);
  transport.push(stroke());
  await idle();
  await idle();
  await sleep(50);
  assert.deepEqual(names(calls), ["paint", "finish_fill"]);
  assert.deepEqual(
    calls.map(([, call]) => call.revision),
    [undefined, 1],
  );
  assert.equal(transport.applied.length, 1);
  transport.push({ name: "save_mask" });
  await idle();
  assert.equal(calls.at(-1)[1].revision, 2);
});

test("without drafts no final fills are asked for", async () => {
  const paint = (call) => ({ ...changed(call), draft: false, pause: false, revision: 1 });
  const { calls, transport, idle } = setUp({ paint });
  transport.push(stroke());
  await idle();
  await sleep(50);
  assert.deepEqual(names(calls), ["paint"]);
});

test("a stroke overtakes the final fills, whose answer is ignored, and they are asked for again", async () => {
  const { server, functions } = draftingServer();
  const { calls, transport, idle } = setUp(functions);
  transport.push(stroke());
  await idle();
  await sleep(20);
  assert.deepEqual(names(calls), ["paint", "finish_fill"]);
  const late = server.finish;
  transport.push(stroke());
  await idle();
  assert.deepEqual(names(calls), ["paint", "finish_fill", "paint"]);
  assert.equal(calls[2][1].revision, 1); // the server includes what the ignored answer would have shown
  late();
  await sleep(20);
  assert.deepEqual(names(calls).slice(3), ["finish_fill"]);
  assert.equal(calls[3][1].revision, 2);
});

test("undo overtakes the final fills, and a download waits for them", async () => {
  const { server, functions } = draftingServer();
  const { calls, transport, idle } = setUp(functions);
  transport.push(stroke());
  await idle();
  await sleep(20);
  transport.push({ name: "finish" });
  await sleep(20);
  assert.deepEqual(names(calls), ["paint", "finish_fill"]);
  server.finish();
  await idle();
  assert.deepEqual(names(calls).slice(2), ["finish"]);
  transport.push(stroke());
  await idle();
  await sleep(20);
  transport.push({ name: "undo_stroke" });
  await idle();
  assert.deepEqual(names(calls).slice(3), ["paint", "finish_fill", "undo_stroke"]);
});

test("where an object may be half covered, a pause without strokes comes first", async () => {
  const { functions } = draftingServer({ pause: true, isSlow: false });
  const { calls, transport, idle, page } = setUp(functions);
  transport.push(stroke());
  await sleep(500);
  transport.push(stroke());
  await sleep(500);
  assert.deepEqual(names(calls), ["paint", "paint"]);
  page.isPainting = true;
  await sleep(600);
  assert.deepEqual(names(calls), ["paint", "paint"]);
  page.isPainting = false;
  await idle();
  assert.deepEqual(names(calls), ["paint", "paint", "finish_fill"]);
});

test("a stroke overtakes another fill, but undo waits for it", async () => {
  let answer = null;
  const another_fill = () => new Promise((resolve) => (answer = () => resolve({ patches: [], changed: [true] })));
  const { calls, transport, idle } = setUp({ another_fill });
  transport.push({ name: "another_fill" });
  await sleep(20);
  transport.push({ name: "undo_stroke" });
  await sleep(20);
  assert.deepEqual(names(calls), ["another_fill"]);
  answer();
  await idle();
  assert.deepEqual(names(calls), ["another_fill", "undo_stroke"]);
  transport.push({ name: "another_fill" });
  await sleep(20);
  transport.push(stroke());
  await idle();
  assert.deepEqual(names(calls).slice(2), ["another_fill", "paint"]);
});

test("a stroke that takes long is followed by a pause too", async () => {
  const { functions } = draftingServer({ pause: true, isSlow: false });
  let delay = 0;
  const paint = async (call) => {
    await sleep(delay);
    return functions.paint(call);
  };
  const { calls, transport, idle } = setUp({ ...functions, paint });
  transport.push(stroke());
  await idle();
  delay = 1000;
  transport.push(stroke());
  await idle();
  await sleep(100);
  assert.deepEqual(names(calls), ["paint", "paint"]);
  transport.reset();
});

test("strokes painted while an expired photo is reopened come before the final fills", async () => {
  const { functions } = draftingServer({ isSlow: false });
  const finish_fill = (call) => (call.visit === "first" ? { code: "gone" } : functions.finish_fill(call));
  const context = setUp({ ...functions, finish_fill }, async () => {
    await sleep(20);
    context.transport.push(stroke(2, "new"));
    context.transport.visit = "second";
    return true;
  });
  const { calls, transport, idle } = context;
  transport.push(stroke(2, "old"));
  await idle();
  await idle();
  await idle();
  assert.deepEqual(names(calls), ["paint", "finish_fill", "paint", "paint", "finish_fill"]);
  assert.deepEqual(
    calls.map(([, call]) => call.revision),
    [undefined, 1, undefined, 2, 3],
  );
});

test("final fills that change nothing, or fail, are not asked for again", async () => {
  for (const answer of [{ patches: [], draft: true, revision: 1 }, { code: "unexpected" }]) {
    const { functions } = draftingServer();
    const { calls, transport, idle } = setUp({ ...functions, finish_fill: () => answer });
    transport.push(stroke());
    await idle();
    await sleep(50);
    assert.deepEqual(names(calls), ["paint", "finish_fill"]);
  }
});

test("an overtaken request that waits in the server's queue is not polled any longer", async () => {
  const { functions } = draftingServer();
  const finish_fill = () => ({ code: "busy", place: 3, ticket: "t" });
  const clear_strokes = (call) => ({ ...changed(call), draft: false, revision: 9 });
  const { calls, transport, idle } = setUp({ ...functions, finish_fill, clear_strokes });
  transport.push(stroke());
  await idle();
  await sleep(20);
  transport.push({ name: "clear_strokes" });
  await idle();
  const count = calls.length;
  await sleep(250);
  assert.equal(calls.length, count);
});

test("final fills of the previous photo are neither asked for nor shown", async () => {
  const { server, functions } = draftingServer();
  const { calls, transport, idle } = setUp(functions);
  transport.push(stroke());
  await idle();
  await sleep(20);
  transport.reset();
  transport.visit = "other";
  server.finish();
  transport.push({ name: "clear_strokes" });
  await idle();
  await sleep(20);
  assert.deepEqual(names(calls), ["paint", "finish_fill", "leave_visit", "clear_strokes"]);
  assert.equal(calls.at(-1)[1].revision, undefined);
});

test("a late answer for the previous photo does not keep strokes from overtaking", async () => {
  const { server, functions } = draftingServer();
  const { calls, transport, idle } = setUp(functions);
  transport.push(stroke());
  await idle();
  await sleep(20);
  const answerFirst = server.finish;
  transport.reset();
  transport.visit = "other";
  transport.push(stroke());
  await idle();
  await sleep(20);
  answerFirst();
  await sleep(20);
  transport.push(stroke());
  await idle();
  assert.deepEqual(names(calls).slice(3), ["paint", "finish_fill", "paint"]);
});

test("cancelling drops what waits, and the request that runs is answered by the server", async () => {
  let answerPaint;
  const paint = () =>
    new Promise((resolve) => {
      answerPaint = resolve;
    });
  const cancel = () => {
    answerPaint({ code: "cancelled" });
    return {};
  };
  const { calls, problems, dropped, transport, idle } = setUp({ paint, cancel });
  const waiting = [stroke(), { name: "undo_stroke" }];
  transport.push(stroke());
  transport.push(...waiting);
  transport.cancel();
  await idle();
  assert.deepEqual(names(calls), ["paint", "cancel"]);
  assert.equal(calls[1][1].visit, "first");
  assert.deepEqual(dropped, waiting);
  assert.deepEqual(problems, [{ code: "cancelled" }]);
});

test("a cancelled final fill is not asked for again until something changes", async () => {
  let drafts = 0;
  const paint = () => ({ patches: [], changed: [true], draft: true, revision: ++drafts });
  const finish_fill = () => ({ code: "cancelled" });
  const { calls, transport, idle } = setUp({ paint, finish_fill });
  transport.push(stroke());
  await idle();
  await sleep(50);
  assert.deepEqual(names(calls), ["paint", "finish_fill"]);
  transport.push(stroke());
  await sleep(50);
  assert.deepEqual(names(calls), ["paint", "finish_fill", "paint", "finish_fill"]);
});

test("what was not answered before a reload is sent again, unless the server has done it", async () => {
  const line = (x) => ({ stroke: { points: [[x, 0]], brush: 8, erase: false } });
  for (const [now, expected] of [
    [3, [1, 2]],
    [4, [2]],
  ]) {
    const sent = [];
    const server = {
      async paint({ strokes }) {
        sent.push(...strokes);
        return { changed: strokes.map(() => true), revision: 9 };
      },
    };
    const handlers = { started() {}, sent() {}, answered() {}, idle() {}, isPainting: () => false };
    const transport = createTransport(server, handlers);
    transport.visit = "a";
    transport.resume({ sent: [line(1)], queue: [line(2)], revision: 3 }, now);
    while (transport.isRunning) await new Promise((resolve) => setTimeout(resolve, 1));
    assert.deepEqual(
      sent.map(({ points }) => points[0][0]),
      expected,
    );
    assert.deepEqual(transport.applied, [line(1), line(2)]);
  }
});
