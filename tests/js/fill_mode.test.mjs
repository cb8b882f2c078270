import assert from "node:assert/strict";
import { test } from "node:test";

import { isHeldBack, isWide, overlaps } from "../../page/static/editor/fill_mode.js";

const photo = { width: 6000, height: 4000 };
const line = (points, brush = 130, more = {}) => ({ points, brush, erase: false, ...more });
const state = { photo, scale: 0.2, isHolding: false, last: null, time: 1000 };

test("a brush is wide in the photo and on the screen", () => {
  assert.ok(isWide(line([], 300), photo, 0.2));
  assert.ok(!isWide(line([], 300), photo, 0.1)); // 30 px on the screen
  assert.ok(!isWide(line([], 60), photo, 1)); // fine in the photo, seen closely
  assert.ok(!isWide(line([], 38), { width: 300, height: 200 }, 2)); // of a small photo
});

test("strokes overlap where a good part of one lies over the other by more than the rims", () => {
  const across = line([
    [0, 0],
    [1000, 0],
  ]);
  assert.ok(overlaps(line([[500, 50]]), across));
  assert.ok(overlaps(line([[500, 85]]), across));
  assert.ok(!overlaps(line([[500, 128]]), across)); // the rims touch
  assert.ok(!overlaps(line([[1400, 0]]), across));
  assert.ok(overlaps(line([[0, 0]]), line([[10, 10]]))); // dots
  const goesOn = line([
    [1000, 0],
    [1000, 900],
  ]);
  assert.ok(!overlaps(goesOn, across) && !overlaps(line([...goesOn.points].reverse()), across));
});

test("strokes are filled at once or held back as the visitor has chosen", () => {
  assert.ok(!isHeldBack("each_stroke", line([[0, 0]], 900), state));
  assert.ok(isHeldBack("on_request", line([[0, 0]], 5), state));
});

test("in the automatic mode wide strokes and outlines are held back, and what follows them", () => {
  assert.ok(isHeldBack("automatic", line([[0, 0]], 300), state));
  assert.ok(
    isHeldBack(
      "automatic",
      line(
        [
          [0, 0],
          [9, 9],
        ],
        5,
        { shape: "area" },
      ),
      state,
    ),
  );
  assert.ok(isHeldBack("automatic", line([[0, 0]], 5), { ...state, isHolding: true }));
  assert.ok(isHeldBack("automatic", line([[0, 0]], 5, { erase: true }), { ...state, isHolding: true }));
  assert.ok(!isHeldBack("automatic", line([[0, 0]], 60), state));
  assert.ok(!isHeldBack("automatic", line([[0, 0]], 300, { erase: true }), state));
});

test("a stroke over the one before it is held back if it follows soon and is no repair of a scratch", () => {
  const last = {
    stroke: line([
      [0, 0],
      [1000, 0],
    ]),
    time: 0,
  };
  assert.ok(isHeldBack("automatic", line([[500, 20]]), { ...state, last }));
  assert.ok(!isHeldBack("automatic", line([[500, 20]]), { ...state, last, time: 60000 }));
  assert.ok(!isHeldBack("automatic", line([[500, 2000]]), { ...state, last }));
  const scratch = {
    stroke: line(
      [
        [0, 0],
        [1000, 0],
      ],
      20,
    ),
    time: 0,
  };
  assert.ok(!isHeldBack("automatic", line([[500, 0]], 20), { ...state, last: scratch }));
  const erased = { stroke: { ...last.stroke, erase: true }, time: 0 };
  assert.ok(!isHeldBack("automatic", line([[500, 20]]), { ...state, last: erased }));
});
