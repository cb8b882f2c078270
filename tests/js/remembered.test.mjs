import assert from "node:assert/strict";
import { test } from "node:test";

import { isStroke, readVersions, readVisit } from "../../page/static/editor/remembered.js";

const line = { points: [[1, 2.5]], brush: 20, erase: false, grow_px: 2 };
const mask = { shape: "mask", left: 0, top: 4, png: "iVBORw0KGgo=", erase: false };
const visit = { visit: "abc", name: "a.png", held: [line, mask], toned: true };
const version = { version: 1, picture: "data:image/jpeg;base64,AA", tone: false, jobs: [{ stroke: line }] };

test("what the page has remembered is read as it was", () => {
  const changes = { applied: [{ stroke: line }, { name: "fill_found", level: 3 }], undone: [] };
  assert.deepEqual(readVisit({ ...visit, changes }), { ...visit, changes, unanswered: undefined, example: undefined });
  const versions = { visit: "abc", current: 0, kept: [version] };
  assert.deepEqual(readVersions(versions), versions);
});

test("strokes that the server would refuse are left out", () => {
  const broken = [null, {}, { ...line, points: [] }, { ...line, points: [[1, null]] }, { ...line, brush: "2" }];
  broken.push({ ...line, erase: 1 }, { ...line, shape: "star" }, { ...mask, png: 5 }, { ...mask, left: 0.5 });
  assert.deepEqual(broken.filter(isStroke), []);
  assert.deepEqual(readVisit({ ...visit, held: [...broken, mask] }).held, [mask]);
  assert.deepEqual(readVisit({ ...visit, held: "all" }).held, []);
});

test("changes are repeated whole or not at all", () => {
  for (const applied of [5, [null], [{}], [{ stroke: { points: 1 } }], undefined]) {
    assert.equal(readVisit({ ...visit, changes: { applied, undone: [] } }).changes, undefined);
  }
  assert.equal(readVisit({ ...visit, changes: { applied: [] } }).changes, undefined);
});

test("what is no photo or no list of versions is not known", () => {
  for (const stored of [null, 5, "abc", [], {}, { visit: 5 }, { held: [line] }]) {
    assert.equal(readVisit(stored), null);
    assert.equal(readVersions(stored), null);
  }
  assert.equal(readVersions({ visit: "abc", kept: [{ ...version, picture: "https://elsewhere" }] }), null);
  assert.equal(readVersions({ visit: "abc", kept: [{ ...version, version: 1e300 }] }), null);
  assert.equal(readVersions({ visit: "abc", current: "x", kept: [version] }).current, -1);
});
