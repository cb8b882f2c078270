// The canvas: keeps the photo and the finished picture off screen, and shows them through a view that can be moved.

import { common, fitted, kept, toPhoto } from "./geometry.js";

const MOST_PIXELS = 64e6; // of a sheet; a larger photo is shown, not kept, at a smaller size

export function createCanvas(stage, onMoved) {
  const layer = (name) => stage.querySelector(`.${name}`);
  const [after, before, ink, paper] = ["view", "was", "ink", "paper"].map(layer);
  let original = null, picture = null, photo = null, home = null, view = null, later = null, comparing = false;

  function sheet(bitmap) {
    const shrink = Math.min(1, Math.sqrt(MOST_PIXELS / (photo.width * photo.height)));
    const [width, height] = [photo.width, photo.height].map((side) => Math.max(1, Math.round(side * shrink)));
    const made = Object.assign(document.createElement("canvas"), { width, height });
    made.getContext("2d", { willReadFrequently: false }).drawImage(bitmap, 0, 0, width, height);
    return made;
  }

  // size: { width, height } of the photo; the bitmap may be smaller.
  function open(bitmap, size) {
    photo = size;
    original = sheet(bitmap);
    picture = sheet(bitmap);
    view = null;
    resize();
  }

  function room() {
    return { width: stage.clientWidth, height: stage.clientHeight };
  }

  function resize() {
    if (!photo || !stage.clientWidth) return;
    const density = Math.min(window.devicePixelRatio || 1, 2);
    for (const canvas of [after, before, ink]) {
      canvas.width = Math.round(stage.clientWidth * density);
      canvas.height = Math.round(stage.clientHeight * density);
    }
    const whole = !view || view.scale === home.scale;
    home = fitted(photo, room());
    look(whole ? home : view, true);
  }

  // While the view moves it is drawn fast; once it rests, with care.
  function look(next, resting = false) {
    view = kept(next.scale < home.scale ? home : next, photo, room());
    const [left, top] = [Math.max(view.x, 0), Math.max(view.y, 0)];
    Object.assign(paper.style, { left: `${view.x}px`, top: `${view.y}px` });
    Object.assign(paper.style, { width: `${photo.width * view.scale}px`, height: `${photo.height * view.scale}px` });
    clearTimeout(later);
    if (!resting) later = setTimeout(draw, 120);
    draw(resting ? "high" : "low");
    onMoved({ left, top, right: Math.min(view.x + photo.width * view.scale, stage.clientWidth) });
  }

  function draw(quality = "high", box = [0, 0, photo.width, photo.height]) {
    render(after, picture, quality, box);
    if (comparing) render(before, original, quality, box);
  }

  // Draw a box of the photo, in photo pixels; a few pixels more, since scaling mixes neighbours.
  function render(canvas, source, quality, box) {
    const context = canvas.getContext("2d"), zoom = (view.scale * canvas.width) / stage.clientWidth;
    const [x, y] = [(view.x * canvas.width) / stage.clientWidth, (view.y * canvas.width) / stage.clientWidth];
    const pad = Math.ceil(3 / Math.min(zoom, 1)) + 1;
    const shown = common([box[0] - pad, box[1] - pad, box[2] + pad, box[3] + pad],
      [-x / zoom, -y / zoom, (canvas.width - x) / zoom, (canvas.height - y) / zoom]);
    const onScreen = [shown[0] * zoom + x, shown[1] * zoom + y, shown[2] * zoom + x, shown[3] * zoom + y];
    const [left, top, right, bottom] = onScreen.map((edge, index) => (index < 2 ? Math.floor(edge) : Math.ceil(edge)));
    if (left >= right || top >= bottom) return;
    const part = common(shown.map((edge, index) => (index < 2 ? Math.floor(edge) - pad : Math.ceil(edge) + pad)),
      [0, 0, photo.width, photo.height]);
    const size = [part[2] - part[0], part[3] - part[1]], [rx, ry] = ratio(source);
    context.save();
    context.beginPath();
    context.rect(left, top, right - left, bottom - top);
    context.clip();
    context.clearRect(left, top, right - left, bottom - top);
    context.imageSmoothingQuality = quality;
    context.setTransform(zoom, 0, 0, zoom, x, y);
    context.drawImage(source, part[0] * rx, part[1] * ry, size[0] * rx, size[1] * ry, part[0], part[1], ...size);
    context.restore();
  }

  function ratio(source) {
    return [source.width / photo.width, source.height / photo.height];
  }

  // Patches replace what is there: our own reading of the photo, then the fill, which is transparent outside the holes.
  async function apply(patches) {
    const fills = await Promise.all(patches.map((patch) => createImageBitmap(blobOf(patch.png, "image/png"))));
    const context = picture.getContext("2d"), [rx, ry] = ratio(picture);
    patches.forEach(({ left, top }, index) => {
      const fill = fills[index], box = [left * rx, top * ry, fill.width * rx, fill.height * ry];
      context.clearRect(...box);
      context.drawImage(original, ...box, ...box);
      context.drawImage(fill, ...box);
      draw("high", [left, top, left + fill.width, top + fill.height]);
      fill.close();
    });
  }

  function compare(on) {
    comparing = on;
    before.hidden = !on;
    if (on && photo) render(before, original, "high", [0, 0, photo.width, photo.height]);
  }

  // A small picture of how it looks now.
  function thumbnail(side) {
    const shrink = side / Math.max(photo.width, photo.height);
    const size = { width: Math.ceil(photo.width * shrink), height: Math.ceil(photo.height * shrink) };
    const small = Object.assign(document.createElement("canvas"), size);
    small.getContext("2d").drawImage(picture, 0, 0, small.width, small.height);
    return small.toDataURL("image/jpeg", 0.8);
  }

  return {
    open, resize, look, apply, compare, thumbnail, ink, stage,
    toPhoto: (place) => toPhoto(view, place),
    pixels: () => picture.getContext("2d").getImageData(0, 0, picture.width, picture.height), // for tests
    get view() { return view; },
    get home() { return home; },
    get scale() { return view.scale; },
    get size() { return photo ? [photo.width, photo.height] : [0, 0]; },
  };
}

export function blobOf(base64, type) {
  return new Blob([Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))], { type });
}
