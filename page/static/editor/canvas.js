// Canvas: keeps the photo and the filled picture off screen, and draws them through the view.
import { clampView, expandBox, fitView, intersectBoxes, toPhoto } from "./geometry.js";

const MAX_PIXELS = 64e6; // of the pictures kept in the browser; larger photos are shown at a smaller size
const THUMBNAIL_PIXELS = 20000;
const IDLE_MS = 120; // after this time without a change of the view it is drawn in high quality

// Handlers: onView(), and onFill(bitmap, left, top) for each patch that is drawn.
export function createCanvas(stage, { onView, onFill }) {
  const [resultLayer, originalLayer, overlay] = [".result", ".original", ".overlay"].map((name) =>
    stage.querySelector(name),
  );
  let photo = null; // { width, height }
  let original = null;
  let result = null;
  let fit = null;
  let view = null;
  let idleTimer = null;

  const stageSize = () => ({ width: stage.clientWidth, height: stage.clientHeight });
  const downscaling = () => [result.width / photo.width, result.height / photo.height];

  function copyOf(bitmap, maxPixels) {
    const factor = Math.min(1, maxPixels / (photo.width * photo.height)) ** 0.5;
    const [width, height] = [photo.width, photo.height].map((side) => Math.max(1, Math.round(side * factor)));
    const copy = Object.assign(document.createElement("canvas"), { width, height });
    copy.getContext("2d").drawImage(bitmap, 0, 0, width, height);
    return copy;
  }

  // Show a photo. `size` is its { width, height }; the bitmap may be smaller.
  function open(bitmap, size) {
    [photo, view] = [size, null];
    [original, result] = [copyOf(bitmap, MAX_PIXELS), copyOf(bitmap, MAX_PIXELS)];
    resize();
  }

  // Show the photo without any fill.
  function clear() {
    result.getContext("2d").clearRect(0, 0, result.width, result.height);
    result.getContext("2d").drawImage(original, 0, 0);
    setView(view, "high");
  }

  function resize() {
    const { width, height } = stageSize();
    const density = Math.min(window.devicePixelRatio, 2);
    const fitted = view === fit;
    if (!photo || !width) return;
    for (const layer of [resultLayer, originalLayer, overlay]) {
      [layer.width, layer.height] = [width * density, height * density];
    }
    fit = fitView(photo, stageSize());
    setView(!view || fitted ? fit : view, "high");
  }

  // Show another view, in low quality until it has stopped to change.
  function setView(next, quality = "low") {
    view = clampView(next, fit, photo, stageSize(), 1 / window.devicePixelRatio);
    const box = { x: view.x, y: view.y, w: photo.width * view.scale, h: photo.height * view.scale };
    for (const [name, value] of Object.entries(box)) stage.style.setProperty(`--${name}`, `${value}px`);
    clearTimeout(idleTimer);
    if (quality === "low") idleTimer = setTimeout(() => setView(view, "high"), IDLE_MS);
    for (const [layer, source] of [
      [originalLayer, original],
      [resultLayer, result],
    ]) {
      layer.getContext("2d").clearRect(0, 0, layer.width, layer.height); // the previous view may reach farther
      draw(layer, source, quality);
    }
    onView();
  }

  // Draw a box of the photo, in photo pixels, and a few pixels around it, since scaling mixes neighbours.
  function draw(layer, source, quality, box = [0, 0, photo.width, photo.height]) {
    const context = layer.getContext("2d");
    const { width, height } = layer;
    const density = width / stage.clientWidth;
    const [zoom, x, y] = [view.scale, view.x, view.y].map((value) => value * density);
    const pad = 3 / Math.min(zoom, 1) + 1;
    const rectOf = ([left, top, right, bottom]) => [left, top, right - left, bottom - top];
    const [factorX, factorY] = downscaling();
    const visible = expandBox([-x / zoom, -y / zoom, (width - x) / zoom, (height - y) / zoom], pad);
    const part = intersectBoxes(intersectBoxes(expandBox(box, 2 * pad), visible), [0, 0, photo.width, photo.height]);
    if (part[0] >= part[2] || part[1] >= part[3]) return;
    const clip = rectOf(
      expandBox(
        expandBox(box, pad).map((edge, index) => edge * zoom + (index % 2 ? y : x)),
        0,
      ),
    );
    context.save();
    context.beginPath();
    context.rect(...clip);
    context.clip();
    context.clearRect(...clip);
    context.imageSmoothingQuality = quality;
    context.setTransform(zoom, 0, 0, zoom, x, y);
    const sourcePart = part.map((edge, index) => edge * (index % 2 ? factorY : factorX));
    context.drawImage(source, ...rectOf(sourcePart), ...rectOf(part));
    context.restore();
  }

  // Decode patches; returns a function that draws them: the original photo, and over it the fill with its alpha.
  async function decodePatches(patches) {
    const fills = await Promise.all(patches.map((patch) => createImageBitmap(blobOf(patch.png, "image/png"))));
    const context = result.getContext("2d");
    const [factorX, factorY] = downscaling();
    return () => {
      for (const [index, { left, top }] of patches.entries()) {
        const { width, height } = fills[index];
        const box = [left * factorX, top * factorY, width * factorX, height * factorY];
        context.clearRect(...box);
        context.drawImage(original, ...box, ...box);
        context.drawImage(fills[index], ...box);
        draw(resultLayer, result, "high", [left, top, left + width, top + height]);
        onFill(fills[index], left, top);
      }
    };
  }

  return {
    open,
    clear,
    resize,
    setView,
    decodePatches,
    overlay,
    stage,
    toPhoto: (point) => toPhoto(view, point),
    // The result as a small JPEG, a data URL, with these levels as in `resultBlob`.
    thumbnail(levels) {
      const copy = copyOf(result, THUMBNAIL_PIXELS);
      return (levels ? withLevels(copy, levels) : copy).toDataURL("image/jpeg", 0.8);
    },
    // The result as a PNG, with these levels instead of 0 to 255, one row for each channel; null: as it is.
    resultBlob(levels) {
      const copy = levels ? withLevels(copyOf(result, MAX_PIXELS), levels) : result;
      return new Promise((resolve) => copy.toBlob(resolve, "image/png"));
    },
    pixels: () => result.getContext("2d").getImageData(0, 0, result.width, result.height), // for tests
    get view() {
      return view;
    },
    get fitted() {
      return view === fit;
    },
    get size() {
      return photo ? [photo.width, photo.height] : [0, 0];
    },
  };
}

function withLevels(picture, levels) {
  const context = picture.getContext("2d");
  const pixels = context.getImageData(0, 0, picture.width, picture.height);
  const { data } = pixels;
  for (let index = 0; index < data.length; index++) {
    if (index % 4 < 3) data[index] = levels[index % 4][data[index]];
  }
  context.putImageData(pixels, 0, 0);
  return picture;
}

export function blobOf(base64, type) {
  return new Blob([Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))], { type });
}
