import assert from "node:assert/strict";
import { test } from "node:test";

import { shortcutOf } from "../../page/static/editor/keys.js";

const field = (type) => ({ closest: () => ({ type }) });
const noField = { closest: () => null };

test("a letter is the same shortcut in either case", () => {
  assert.equal(shortcutOf({ key: "b", target: noField }), "b");
  assert.equal(shortcutOf({ key: "B", shiftKey: true, target: noField }), "b");
});

test("Ctrl and Command are the same modifier", () => {
  assert.equal(shortcutOf({ key: "z", ctrlKey: true, target: noField }), "ctrl+z");
  assert.equal(shortcutOf({ key: "Z", metaKey: true, shiftKey: true, target: noField }), "ctrl+shift+z");
});

test("keys in a text field and arrow keys on a slider are not shortcuts", () => {
  assert.equal(shortcutOf({ key: "b", target: field("text") }), "");
  assert.equal(shortcutOf({ key: "ArrowLeft", target: field("range") }), "");
  assert.equal(shortcutOf({ key: "b", target: field("range") }), "b");
});

test("keys with Alt are left to the browser", () => {
  assert.equal(shortcutOf({ key: "e", altKey: true, target: noField }), "");
});
