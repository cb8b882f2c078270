import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateSync } from "node:zlib";

import { decodeMap, findComponents, markedPixels, medianColumn } from "../../page/static/editor/found_map.js";

const ALL = ["lines", "specks", "areas"];
// Two bits for each level: at level 0 nothing is marked, at level 1 a speck, at level 2 a line joins both ends.
const [SPECK, LINE] = [(2 << 2) | (1 << 4), 1 << 4];
const MAP = { width: 4, height: 3, values: Uint32Array.from([SPECK, LINE, LINE, 0, 0, 0, 0, SPECK, 0, 0, 0, 0]) };

test("a map is decoded as the server has packed it", async () => {
  const map = deflateSync(new Uint8Array(MAP.values.buffer)).toString("base64");
  assert.deepEqual(await decodeMap({ width: 4, height: 3, levels: 9, level: 3, map }), MAP);
});

test("each level marks what it finds, of the kinds that are wanted", () => {
  const marks = (level, kinds) => [...markedPixels(MAP, level, kinds)].join("");
  assert.equal(marks(0, ALL), "000000000000");
  assert.equal(marks(1, ALL), "100000010000");
  assert.equal(marks(1, ["lines", "areas"]), "000000000000");
  assert.equal(marks(2, ["lines"]), "111000010000");
});

test("finds are joined across corners, and known by a pixel, a box and a size", () => {
  const apart = findComponents(markedPixels(MAP, 1, ALL), 4, 3);
  assert.deepEqual(apart.finds, [
    { x: 0, y: 0, box: [0, 0, 1, 1], pixels: 1 },
    { x: 3, y: 1, box: [3, 1, 4, 2], pixels: 1 },
  ]);
  const joined = findComponents(markedPixels(MAP, 2, ALL), 4, 3);
  assert.deepEqual(joined.finds, [{ x: 0, y: 0, box: [0, 0, 4, 2], pixels: 4 }]);
  assert.deepEqual([...joined.labels], [1, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
});

test("a wide picture does not join the end of a row with the start of the next", () => {
  const marked = Uint8Array.from([0, 0, 1, 1, 0, 0, 0, 0, 0]);
  assert.equal(findComponents(marked, 3, 3).finds.length, 2);
});

test("the divider has half of what is filled on each side, without what is left out", () => {
  const found = findComponents(Uint8Array.from([1, 1, 0, 0, 0, 0, 1, 0, 1, 1]), 10, 1);
  assert.equal(medianColumn(found, 10), 0.7);
  found.finds[0].out = true;
  assert.equal(medianColumn(found, 10), 0.9);
  assert.equal(medianColumn(findComponents(new Uint8Array(10), 10, 1), 10), 0.5);
});
