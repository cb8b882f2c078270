import assert from "node:assert/strict";
import { test } from "node:test";

import { keyOf } from "../../page/static/editor/keys.js";

const field = (type) => ({ closest: () => ({ type }) });
const nowhere = { closest: () => null };

test("a letter is itself, small or large", () => {
  assert.equal(keyOf({ key: "b", target: nowhere }), "b");
  assert.equal(keyOf({ key: "B", shiftKey: true, target: nowhere }), "b");
});

test("control and command are one", () => {
  assert.equal(keyOf({ key: "z", ctrlKey: true, target: nowhere }), "ctrl+z");
  assert.equal(keyOf({ key: "Z", metaKey: true, shiftKey: true, target: nowhere }), "ctrl+shift+z");
});

test("who writes is left alone, and so is who moves a slider with the arrows", () => {
  assert.equal(keyOf({ key: "b", target: field("text") }), "");
  assert.equal(keyOf({ key: "ArrowLeft", target: field("range") }), "");
  assert.equal(keyOf({ key: "b", target: field("range") }), "b");
});

test("what the alt key adds belongs to the browser", () => {
  assert.equal(keyOf({ key: "e", altKey: true, target: nowhere }), "");
});
