import assert from "node:assert/strict";
import { test } from "node:test";

import { batchSize, createTransport } from "../../page/static/editor/transport.js";

const stroke = (length = 2, name = "") => ({ stroke: { name, points: Array.from({ length }, () => [1, 1]) } });
const changed = (call) => ({ patches: [], changed: (call.strokes ?? [1]).map(() => true) });

// A transport with a server that records its calls, and a page that records the answers that say "wait" or "failed".
function setUp(functions = {}, reopen = async () => false) {
  const calls = [];
  const problems = [];
  let whenIdle = null;
  const answer = (name) => async (call) => {
    calls.push([name, call]);
    return (functions[name] ?? changed)(call);
  };
  const server = new Proxy({}, { get: (_, name) => answer(name) });
  const transport = createTransport(server, {
    started() {},
    waiting: (reply) => problems.push(reply),
    answered: async () => {},
    failed: async (reply) => {
      problems.push(reply);
    },
    upload: async () => ({ path: "uploaded" }),
    idle: () => whenIdle?.(),
    reopen,
  });
  transport.reset();
  transport.visit = "first";
  const idle = () =>
    new Promise((resolve) => {
      whenIdle = resolve;
    });
  return { calls, problems, transport, idle };
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
  assert.deepEqual(
    calls.map(([name]) => name),
    ["paint", "leave_visit", "clear_strokes"],
  );
});
