// The canvas: keeps the photo and the finished picture off screen, and shows them through a view that can be moved.
import { common, fitted, kept, outward, toPhoto } from "./geometry.js";
const MOST_PIXELS = 64e6; // of a sheet; a larger photo is shown, not filled, at a smaller size

export function createCanvas(stage, onLook) {
  const [after, before, ink] = [".view", ".was", ".ink"].map((name) => stage.querySelector(name));
  const room = () => ({ width: stage.clientWidth, height: stage.clientHeight });
  const ratio = () => [picture.width / photo.width, picture.height / photo.height];
  let original = null,
    picture = null,
    photo = null,
    home = null,
    view = null,
    rest = null;
  function sheet(bitmap, most) {
    const shrink = Math.min(1, most / (photo.width * photo.height)) ** 0.5;
    const [width, height] = [photo.width, photo.height].map((side) => Math.max(1, Math.round(side * shrink)));
    const made = Object.assign(document.createElement("canvas"), { width, height });
    made.getContext("2d").drawImage(bitmap, 0, 0, width, height);
    return made;
  }
  // size: { width, height } of the photo; the bitmap may be smaller.
  function open(bitmap, size) {
    [photo, view] = [size, null];
    [original, picture] = [sheet(bitmap, MOST_PIXELS), sheet(bitmap, MOST_PIXELS)];
    resize();
  }

  function resize() {
    const { width, height } = room(),
      density = Math.min(window.devicePixelRatio, 2),
      whole = view === home;
    if (!photo || !width) return;
    for (const layer of [after, before, ink]) [layer.width, layer.height] = [width * density, height * density];
    home = fitted(photo, room());
    look(!view || whole ? home : view, "high");
  }
  // While the view moves it is drawn fast; once it rests, with care.
  function look(next, quality = "low") {
    view = kept(next, home, photo, room());
    const box = { x: view.x, y: view.y, w: photo.width * view.scale, h: photo.height * view.scale };
    for (const [name, value] of Object.entries(box)) stage.style.setProperty(`--${name}`, `${value}px`);
    clearTimeout(rest);
    if (quality === "low") rest = setTimeout(() => look(view, "high"), 120);
    draw(before, original, quality);
    draw(after, picture, quality);
    onLook();
  }
  // Draw a box of the photo, in photo pixels; a few pixels more, since scaling mixes neighbours.
  function draw(layer, source, quality, box = [0, 0, photo.width, photo.height]) {
    const context = layer.getContext("2d"),
      { width, height } = layer,
      density = width / stage.clientWidth;
    const [zoom, x, y] = [view.scale, view.x, view.y].map((value) => value * density),
      pad = 3 / Math.min(zoom, 1) + 1;
    const rect = ([left, top, right, bottom]) => [left, top, right - left, bottom - top],
      [rx, ry] = ratio();
    const shown = outward([-x / zoom, -y / zoom, (width - x) / zoom, (height - y) / zoom], pad);
    const part = common(common(outward(box, 2 * pad), shown), [0, 0, photo.width, photo.height]);
    if (part[0] >= part[2] || part[1] >= part[3]) return;
    const clip = outward(
      outward(box, pad).map((edge, index) => edge * zoom + (index % 2 ? y : x)),
      0,
    );
    context.save();
    context.beginPath();
    context.rect(...rect(clip));
    context.clip();
    context.clearRect(...rect(clip));
    context.imageSmoothingQuality = quality;
    context.setTransform(zoom, 0, 0, zoom, x, y);
    context.drawImage(source, ...rect(part.map((edge, index) => edge * (index % 2 ? ry : rx))), ...rect(part));
    context.restore();
  }
  // What draws patches: our own reading of the photo, then the fill, which is transparent outside the holes.
  async function prepared(patches) {
    const fills = await Promise.all(patches.map((patch) => createImageBitmap(blobOf(patch.png, "image/png"))));
    const context = picture.getContext("2d"),
      [rx, ry] = ratio();
    return () =>
      patches.forEach(({ left, top }, index) => {
        const { width, height } = fills[index],
          box = [left * rx, top * ry, width * rx, height * ry];
        context.clearRect(...box);
        context.drawImage(original, ...box, ...box);
        context.drawImage(fills[index], ...box);
        draw(after, picture, "high", [left, top, left + width, top + height]);
      });
  }

  return {
    open,
    resize,
    look,
    prepared,
    ink,
    stage,
    toPhoto: (place) => toPhoto(view, place),
    thumbnail: () => sheet(picture, 20000).toDataURL("image/jpeg", 0.8),
    pixels: () => picture.getContext("2d").getImageData(0, 0, picture.width, picture.height), // for tests
    get view() {
      return view;
    },
    get whole() {
      return view === home;
    },
    get size() {
      return photo ? [photo.width, photo.height] : [0, 0];
    },
  };
}

export function blobOf(base64, type) {
  return new Blob([Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))], { type });
}
