import assert from "node:assert/strict";
import { test } from "node:test";

import { common, dragged, fitted, kept, outward, thinned, toPhoto, zoomed } from "../../page/static/editor/geometry.js";

const photo = { width: 4000, height: 3000 };
const stage = { width: 832, height: 532 };
const home = fitted(photo, stage);
const near = (a, b) => assert.ok(Math.abs(a - b) < 1e-6, `${a} is not ${b}`);

test("a photo is shown whole and centred, with room around it", () => {
  near(home.scale, 500 / 3000);
  near(home.y, 16);
  near(home.x * 2 + photo.width * home.scale, stage.width);
});

test("a small photo is not blown up beyond half as large again", () => {
  assert.equal(fitted({ width: 40, height: 30 }, stage).scale, 1.5);
});

test("what is under the pointer stays there when it is enlarged and made smaller", () => {
  const place = [300, 200];
  for (const factor of [1.3, 4, 0.7]) {
    const before = toPhoto(home, place),
      after = toPhoto(zoomed(home, factor, place), place);
    near(before[0], after[0]);
    near(before[1], after[1]);
  }
});

test("enlarging ends somewhere", () => {
  assert.equal(zoomed({ scale: 10, x: 0, y: 0 }, 5, [0, 0]).scale, 12);
});

test("no view is smaller than the whole photo", () => {
  assert.equal(kept(zoomed(home, 0.5, [0, 0]), home, photo, stage), home);
});

test("the photo cannot be pushed off the stage", () => {
  const far = kept({ scale: 1, x: 5000, y: -9000 }, home, photo, stage);
  assert.equal(far.x, 16);
  assert.equal(far.y, stage.height - photo.height - 16);
});

test("a side that fits is centred while the other one can be moved", () => {
  const wide = { width: 4000, height: 100 },
    whole = fitted(wide, stage);
  near(kept({ scale: 1, x: -100, y: 400 }, whole, wide, stage).y, (stage.height - 100) / 2);
});

test("one finger moves the photo by as much as it moves", () => {
  assert.deepEqual(dragged({ scale: 1, x: 5, y: 6 }, [[100, 100]], [[130, 90]]), { scale: 1, x: 35, y: -4 });
});

test("two fingers keep what is under each of them", () => {
  const before = [
      [100, 100],
      [200, 100],
    ],
    after = [
      [80, 120],
      [280, 120],
    ];
  const view = { scale: 0.5, x: 10, y: 20 },
    moved = dragged(view, before, after);
  near(moved.scale, 1);
  for (const finger of [0, 1]) {
    const [from, to] = [toPhoto(view, before[finger]), toPhoto(moved, after[finger])];
    near(from[0], to[0]);
    near(from[1], to[1]);
  }
});

test("two fingers at one place break nothing", () => {
  const view = dragged(
    { scale: 1, x: 0, y: 0 },
    [
      [50, 50],
      [50, 50],
    ],
    [
      [50, 50],
      [50, 50],
    ],
  );
  assert.ok(Object.values(view).every(Number.isFinite));
});

test("boxes: what two have in common, and one made larger", () => {
  assert.deepEqual(common([0, 0, 10, 10], [5, -5, 20, 7]), [5, 0, 10, 7]);
  assert.deepEqual(outward([1.5, 2, 3.2, 4], 1), [0, 1, 5, 5]);
});

test("a long stroke keeps both ends and is no longer than allowed", () => {
  const points = Array.from({ length: 1000 }, (_, index) => [index, 2 * index]),
    few = thinned(points, 50);
  assert.equal(few.length, 50);
  assert.deepEqual([few[0], few.at(-1)], [points[0], points.at(-1)]);
  assert.equal(thinned(points, 1000), points);
});
