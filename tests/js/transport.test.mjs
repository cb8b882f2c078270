import assert from "node:assert/strict";
import { test } from "node:test";

import { createTransport, together } from "../../page/static/editor/transport.js";

const stroke = (length = 2, name = "") => ({ stroke: { name, points: Array.from({ length }, () => [1, 1]) } });
const changed = (call) => ({ patches: [], changed: (call.strokes ?? [1]).map(() => true) });

// A server that notes what it is asked, and a page that notes what it is told.
function set(functions = {}, lost = async () => false) {
  const calls = [],
    told = [];
  let idle = null;
  const answer = (name) => async (call) => {
    calls.push([name, call]);
    return (functions[name] ?? changed)(call);
  };
  const server = new Proxy({}, { get: (_, name) => answer(name) });
  const transport = createTransport(server, {
    filling() {},
    waiting: (reply) => told.push(reply),
    answered: async () => {},
    failed: async (reply) => {
      told.push(reply);
    },
    upload: async () => ({ path: "uploaded" }),
    idle: () => idle?.(),
    lost,
  });
  transport.start();
  transport.visit = "first";
  const rest = () =>
    new Promise((resolve) => {
      idle = resolve;
    });
  return { calls, told, transport, rest };
}

test("strokes go together, but not with what is no stroke, and not too many at once", () => {
  assert.equal(together([stroke(), stroke(), { name: "undo_stroke" }, stroke()]), 2);
  assert.equal(together([{ name: "undo_stroke" }, stroke()]), 1);
  assert.equal(together(Array.from({ length: 40 }, () => stroke())), 16);
  assert.equal(together([stroke(9000), stroke(6000), stroke(6000)]), 2);
  assert.equal(together([stroke(50000)]), 1);
});

test("strokes that come while the server works are one request", async () => {
  const { calls, transport, rest } = set();
  for (let index = 0; index < 5; index++) transport.push(stroke());
  await rest();
  assert.deepEqual(
    calls.map(([name, call]) => [name, call.strokes.length]),
    [
      ["paint", 1],
      ["paint", 4],
    ],
  );
});

test("in a line the place is kept with the ticket, and told", async () => {
  let asked = 0;
  const paint = (call) => (++asked < 3 ? { code: "busy", place: 3 - asked, ticket: "t" } : changed(call));
  const { calls, told, transport, rest } = set({ paint });
  transport.push(stroke());
  await rest();
  assert.deepEqual(
    told.map((reply) => reply.place),
    [2, 1],
  );
  assert.deepEqual(
    calls.map(([, call]) => call.ticket),
    [undefined, "t", "t"],
  );
});

test("a photo that the server has let go of is opened again and gets its strokes, without those undone", async () => {
  let gone = false;
  const paint = (call) => (gone && call.visit === "first" ? { code: "gone" } : changed(call));
  const context = set({ paint }, async () => {
    context.transport.visit = "second";
    return true;
  });
  const { calls, transport, rest } = context;
  for (const job of [
    stroke(2, "a"),
    stroke(2, "b"),
    { name: "undo_stroke" },
    stroke(2, "c"),
    { name: "undo_stroke" },
    { name: "redo_stroke" },
  ]) {
    transport.push(job);
    await rest();
  }
  gone = true;
  calls.length = 0;
  transport.push(stroke(2, "d"));
  await rest();
  const again = calls.filter(([, call]) => call.visit === "second").flatMap(([, call]) => call.strokes);
  assert.deepEqual(
    again.map((each) => each.name),
    ["a", "c", "d"],
  );
});

test("strokes that changed nothing are not painted again", async () => {
  const { transport, rest } = set({ paint: () => ({ patches: [], changed: [false] }) });
  transport.push(stroke());
  await rest();
  assert.equal(transport.done.length, 0);
});

test("a server that lets go of everything at once is not asked for ever", async () => {
  const { calls, told, transport, rest } = set({ paint: () => ({ code: "gone" }) }, async () => true);
  transport.push(stroke());
  await rest();
  assert.ok(calls.length < 5);
  assert.equal(told.at(-1).code, "gone");
});

test("another picture is not painted with the strokes of the one before", async () => {
  const { calls, transport, rest } = set();
  transport.push(stroke());
  transport.push(stroke());
  transport.start();
  transport.visit = "other";
  transport.push({ name: "clear_strokes" });
  await rest();
  assert.deepEqual(
    calls.map(([name]) => name),
    ["paint", "leave_visit", "clear_strokes"],
  );
});
