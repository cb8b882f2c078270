// Found damage: shown over the photo as it is at the chosen sensitivity, and single finds that are left as they are.
import { decodeMap, findComponents, KINDS, markedPixels, medianColumn } from "./found_map.js";

const NEAR_PX = 7; // on the stage: how far from a find a click may be
const CLICK_PX = 5; // on the stage: a pointer that moves less has clicked
const VIEW_SHARE = 4; // a find that is looked at fills a fourth of the stage at most
const MARGIN_PX = 40; // in pixels of the map

export function createFound(page, onToggle) {
  const { canvas } = page;
  const layer = canvas.stage.querySelector(".found");
  let map = null;
  let picture = null; // canvas of the map's size
  let found = { labels: new Int32Array(), finds: [] };
  let choice = { level: 0, kinds: KINDS };
  let leftOut = []; // points of the map, one in each find
  let current = 0; // the label of the find that is looked at

  function update() {
    if (!map) return;
    const { width, height } = map;
    found = findComponents(markedPixels(map, choice.level, choice.kinds), width, height);
    for (const [x, y] of leftOut) {
      const label = found.labels[y * width + x];
      if (label) found.finds[label - 1].out = true;
    }
    current = Math.min(current, found.finds.length);
    paint();
  }

  // Draw the map in the colours of the style sheet.
  function paint() {
    const { width, height } = map;
    picture ??= Object.assign(document.createElement("canvas"), { width, height });
    const context = picture.getContext("2d");
    const pixels = context.createImageData(width, height);
    const style = getComputedStyle(layer);
    const [marked, out, looked] = ["--found-color", "--left-out-color", "--looked-at-color"].map((name) =>
      rgbOf(style.getPropertyValue(name)),
    );
    const data = new Uint32Array(pixels.data.buffer);
    for (let index = 0; index < data.length; index++) {
      const label = found.labels[index];
      if (label) data[index] = label === current ? looked : found.finds[label - 1].out ? out : marked;
    }
    context.putImageData(pixels, 0, 0);
    redraw();
  }

  function redraw() {
    const { overlay, view, size } = canvas;
    const context = layer.getContext("2d");
    [layer.width, layer.height] = [overlay.width, overlay.height];
    if (!map || !view || layer.hidden) return;
    const scale = (view.scale * overlay.width) / canvas.stage.clientWidth;
    const density = overlay.width / canvas.stage.clientWidth;
    context.setTransform(scale, 0, 0, scale, view.x * density, view.y * density);
    context.imageSmoothingEnabled = scale * (size[0] / map.width) < 2;
    context.drawImage(picture, 0, 0, ...size);
  }

  const toMap = ([x, y]) => [(x * map.width) / canvas.size[0], (y * map.height) / canvas.size[1]];

  // The label of the find at a point of the photo, or of the nearest one a few pixels of the stage away; 0: none.
  function labelAt(point) {
    const [x, y] = toMap(point).map(Math.floor);
    const reach = Math.ceil((NEAR_PX / canvas.view.scale) * (map.width / canvas.size[0]));
    let [nearest, label] = [reach ** 2 + 1, 0];
    for (let row = Math.max(y - reach, 0); row <= Math.min(y + reach, map.height - 1); row++) {
      for (let column = Math.max(x - reach, 0); column <= Math.min(x + reach, map.width - 1); column++) {
        const at = found.labels[row * map.width + column];
        const distance = (row - y) ** 2 + (column - x) ** 2;
        if (at && distance < nearest) [nearest, label] = [distance, at];
      }
    }
    return label;
  }

  // Leave a find as it is, or no longer.
  function toggle(label) {
    const { x, y, out } = found.finds[label - 1];
    const at = ([column, row]) => found.labels[row * map.width + column];
    leftOut = out ? leftOut.filter((point) => at(point) !== label) : [...leftOut, [x, y]];
    update();
    onToggle();
  }

  // A click on a find that is shown toggles it; the stroke that has begun there is cancelled.
  let pressed = null;
  canvas.stage.addEventListener(
    "pointerdown",
    ({ target, button, clientX, clientY }) => {
      const isOn = target === canvas.overlay && button === 0 && map && !layer.hidden;
      pressed = isOn && { clientX, clientY };
    },
    true,
  );
  canvas.stage.addEventListener(
    "pointerup",
    (event) => {
      const { clientX, clientY, pointerId, pointerType } = event;
      const isClick = pressed && Math.hypot(clientX - pressed.clientX, clientY - pressed.clientY) < CLICK_PX;
      pressed = null;
      if (!isClick) return;
      const box = canvas.overlay.getBoundingClientRect();
      const label = labelAt(canvas.toPhoto([clientX - box.left, clientY - box.top]));
      if (!label) return;
      event.stopImmediatePropagation();
      canvas.overlay.dispatchEvent(new PointerEvent("pointercancel", { pointerId, pointerType }));
      current = label;
      toggle(label);
    },
    true,
  );

  return {
    redraw,
    // Take over what the server has found.
    async show(description) {
      const decoded = await decodeMap(description);
      [map, picture, leftOut, current] = [decoded, null, [], 0];
      update();
    },
    choose(level, kinds) {
      choice = { level, kinds };
      update();
    },
    reset() {
      [map, picture, leftOut, current] = [null, null, [], 0];
      found = { labels: new Int32Array(), finds: [] };
      redraw();
    },
    set shown(isShown) {
      layer.hidden = !isShown;
      redraw();
    },
    get shown() {
      return !layer.hidden;
    },
    get known() {
      return map !== null;
    },
    // How many finds there are that are to be filled.
    get count() {
      return found.finds.filter(({ out }) => !out).length;
    },
    get total() {
      return found.finds.length;
    },
    get current() {
      return current;
    },
    get isLeftOut() {
      return Boolean(found.finds[current - 1]?.out);
    },
    // What is left out, as points of the photo.
    get leftOut() {
      const [width, height] = canvas.size;
      return leftOut.map(([x, y]) => [((x + 0.5) * width) / map.width, ((y + 0.5) * height) / map.height]);
    },
    set leftOut(points) {
      leftOut = points.map((point) => toMap(point).map(Math.floor));
      update();
    },
    toggle: () => current && toggle(current),
    // Look at the next find, or with -1 at the one before it.
    step(by) {
      const count = found.finds.length;
      if (!count) return;
      current = ((current - 1 + by + (current ? count : by < 0 ? count + 1 : count)) % count) + 1;
      const [left, top, right, bottom] = found.finds[current - 1].box;
      const factor = canvas.size[0] / map.width;
      const { clientWidth: width, clientHeight: height } = canvas.stage;
      const side = Math.max(right - left, bottom - top) + 2 * MARGIN_PX;
      const scale = Math.min(Math.max(Math.min(width, height) / (side * factor), 0), VIEW_SHARE);
      const [x, y] = [((left + right) / 2) * factor, ((top + bottom) / 2) * factor];
      canvas.setView({ scale, x: width / 2 - x * scale, y: height / 2 - y * scale });
      paint();
    },
    // Where a vertical line has half of what was found on each side, in percent of the photo's width.
    get middle() {
      return map ? 100 * medianColumn(found, map.width) : 50;
    },
  };
}

// A colour of a style sheet as a pixel of a canvas, in the byte order of this machine.
function rgbOf(color) {
  const context = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d");
  context.fillStyle = color.trim();
  context.fillRect(0, 0, 1, 1);
  return new Uint32Array(context.getImageData(0, 0, 1, 1).data.buffer)[0];
}
