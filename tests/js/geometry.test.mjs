import assert from "node:assert/strict";
import { test } from "node:test";

import {
  clampView,
  dragView,
  expandBox,
  fitView,
  intersectBoxes,
  rectangleOf,
  subsample,
  toPhoto,
  zoomView,
} from "../../page/static/editor/geometry.js";

const photo = { width: 4000, height: 3000 };
const stage = { width: 832, height: 532 };
const fit = fitView(photo, stage);
const assertClose = (a, b) => assert.ok(Math.abs(a - b) < 1e-6, `${a} is not ${b}`);

test("the fit view shows the whole photo, centred, with a margin", () => {
  assertClose(fit.scale, 500 / 3000);
  assertClose(fit.y, 16);
  assertClose(fit.x * 2 + photo.width * fit.scale, stage.width);
});

test("the fit view enlarges a small photo by 1.5 at most", () => {
  assert.equal(fitView({ width: 40, height: 30 }, stage).scale, 1.5);
});

test("zooming keeps the photo point under the pointer", () => {
  const point = [300, 200];
  for (const factor of [1.3, 4, 0.7]) {
    const before = toPhoto(fit, point);
    const after = toPhoto(zoomView(fit, factor, point), point);
    assertClose(before[0], after[0]);
    assertClose(before[1], after[1]);
  }
});

test("zooming in stops at the largest scale", () => {
  assert.equal(zoomView({ scale: 10, x: 0, y: 0 }, 5, [0, 0]).scale, 12);
});

test("zooming out stops at the fit view", () => {
  assert.equal(clampView(zoomView(fit, 0.5, [0, 0]), fit, photo, stage), fit);
});

test("the photo cannot be panned off the stage", () => {
  const far = clampView({ scale: 1, x: 5000, y: -9000 }, fit, photo, stage);
  assert.equal(far.x, 16);
  assert.equal(far.y, stage.height - photo.height - 16);
});

test("a side that fits the stage is centred while the other one can be panned", () => {
  const wide = { width: 4000, height: 100 };
  const view = clampView({ scale: 1, x: -100, y: 400 }, fitView(wide, stage), wide, stage);
  assertClose(view.y, (stage.height - 100) / 2);
});

test("one pointer pans by its own movement", () => {
  assert.deepEqual(dragView({ scale: 1, x: 5, y: 6 }, [[100, 100]], [[130, 90]]), { scale: 1, x: 35, y: -4 });
});

test("two pointers zoom and keep the photo points under them", () => {
  const before = [
    [100, 100],
    [200, 100],
  ];
  const after = [
    [80, 120],
    [280, 120],
  ];
  const view = { scale: 0.5, x: 10, y: 20 };
  const dragged = dragView(view, before, after);
  assertClose(dragged.scale, 1);
  for (const pointer of [0, 1]) {
    const [from, to] = [toPhoto(view, before[pointer]), toPhoto(dragged, after[pointer])];
    assertClose(from[0], to[0]);
    assertClose(from[1], to[1]);
  }
});

test("two pointers at the same point give a finite view", () => {
  const points = [
    [50, 50],
    [50, 50],
  ];
  assert.ok(Object.values(dragView({ scale: 1, x: 0, y: 0 }, points, points)).every(Number.isFinite));
});

test("boxes are intersected, and expanded to whole pixels", () => {
  assert.deepEqual(intersectBoxes([0, 0, 10, 10], [5, -5, 20, 7]), [5, 0, 10, 7]);
  assert.deepEqual(expandBox([1.5, 2, 3.2, 4], 1), [0, 1, 5, 5]);
});

test("subsampling a stroke keeps both ends and the given number of points", () => {
  const points = Array.from({ length: 1000 }, (_, index) => [index, 2 * index]);
  const few = subsample(points, 50);
  assert.equal(few.length, 50);
  assert.deepEqual([few[0], few.at(-1)], [points[0], points.at(-1)]);
  assert.equal(subsample(points, 1000), points);
});

test("a small photo that is enlarged to fit can be shown at 100 %, and not smaller", () => {
  const [photo, stage] = [
    { width: 300, height: 200 },
    { width: 900, height: 700 },
  ];
  const fit = fitView(photo, stage);
  assert.ok(fit.scale > 1);
  assert.deepEqual(clampView({ scale: 0.5, x: 7, y: 9 }, fit, photo, stage, 1), { scale: 1, x: 300, y: 250 });
  assert.equal(clampView({ scale: 0 }, fit, photo, stage, 1), fit);
  assert.equal(clampView({ scale: 1.2, x: 0, y: 0 }, fit, photo, stage), fit);
});

test("a rectangle has the same corners from whichever one it is drawn", () => {
  const sorted = (points) => points.map(String).sort();
  assert.deepEqual(sorted(rectangleOf([1, 2], [5, 9])), sorted(rectangleOf([5, 2], [1, 9])));
  assert.deepEqual(rectangleOf([1, 2], [5, 9])[2], [5, 9]);
});
