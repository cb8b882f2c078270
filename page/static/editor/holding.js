// Strokes that are held back until the visitor wants them filled, all as one change. Meanwhile they can be taken back
// one by one, fitted to the object that they cover, and joined by its shadow.
import { blobOf } from "./canvas.js";
import { isHeldBack } from "./fill_mode.js";

const MAX_STROKES = 60; // per request of the server, with room for an object and its shadow
const MAX_POINTS = 16000;
const LOOK_MS = 250; // after the last stroke the server looks for the object

export function createHolding(page) {
  const { root, strokes } = page;
  const bar = root.querySelector("[data-testid=held]");
  let mode = "automatic";
  let steps = [[]]; // what was held, before each change; the last entry is what is held now
  let last = null; // the last stroke and its time
  let found = {}; // the object below what is held, and its shadow
  let timer = null;

  const held = () => steps.at(-1);

  function show() {
    bar.hidden = !held().length;
    root.toggleAttribute("data-holding", held().length > 0);
    bar.querySelector("[data-action=fit_object]").disabled = !found.object;
    bar.querySelector("[data-action=include_shadow]").hidden = !found.shadow;
    page.updateButtons();
    page.remembering.save();
    if (held().length) page.status.set("held");
  }

  // Hold other strokes from now on; undo returns to those before.
  function change(next, stillFound = {}) {
    strokes.replace(held(), next);
    steps.push(next);
    found = stillFound;
    show();
  }

  function forget() {
    clearTimeout(timer);
    [steps, found] = [[[]], {}];
    show();
  }

  // Have the server look for the object below the strokes; it is shown only when the visitor wants that.
  function look() {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (strokes.isPainting) look();
      else if (held().length) page.transport.push({ name: "find_object", strokes: held(), quiet: true });
    }, LOOK_MS);
  }

  async function maskOf({ left, top, png }) {
    const mask = { shape: "mask", left, top, png, erase: false, grow_px: strokes.tool.expandPx };
    await tint(mask);
    return mask;
  }

  async function tint(mask) {
    await strokes.addMask(mask, await createImageBitmap(blobOf(mask.png, "image/png")));
  }

  const canTint = (mask) =>
    tint(mask).then(
      () => true,
      () => false,
    );

  // Fill what is held, as one change.
  function fill() {
    const all = held();
    forget();
    if (all.length) page.transport.push({ name: "paint", strokes: all, together: true });
  }

  return {
    fill,
    set mode(name) {
      mode = name;
      if (mode === "each_stroke") fill();
    },
    get isHolding() {
      return held().length > 0;
    },
    // What is held, to go on after a reload of the page.
    get strokes() {
      return held();
    },
    async resume(kept = []) {
      const shown = await Promise.all(kept.map((stroke) => stroke.shape !== "mask" || canTint(stroke)));
      const strokes = kept.filter((_, index) => shown[index]);
      if (!strokes.length) return;
      change(strokes);
      look();
    },
    // A stroke has been painted: hold it back, or have it filled at once.
    add(stroke) {
      const time = performance.now();
      const state = { photo: page.photo, scale: page.canvas.view.scale, isHolding: held().length > 0, last, time };
      last = { stroke, time };
      if (!isHeldBack(mode, stroke, state)) return page.transport.push({ stroke });
      steps.push([...held(), stroke]);
      found = {};
      show();
      const points = held().reduce((sum, each) => sum + (each.points?.length ?? 0), 0);
      if (held().length >= MAX_STROKES || points > MAX_POINTS) fill();
      else look();
    },
    // Take back the last change of what is held; whether there was one.
    undo() {
      if (steps.length < 2) return false;
      const undone = steps.pop();
      strokes.replace(undone, held());
      found = {};
      show();
      if (held().length) look();
      else page.status.set("hint");
      return true;
    },
    discard() {
      strokes.replace(held(), []);
      forget();
      page.status.set("hint");
    },
    // The server's answer to the strokes of a job: an object, its shadow, both or neither.
    foundObject({ object, shadow }, job) {
      if (job.strokes !== held()) return;
      found = { object, shadow };
      show();
    },
    async fitObject() {
      const [before, { object, shadow }] = [held(), found];
      const mask = object && (await maskOf(object));
      if (mask && before === held()) change([mask], { shadow });
    },
    async includeShadow() {
      const [before, { shadow }] = [held(), found];
      const mask = shadow && (await maskOf(shadow));
      if (mask && before === held()) change([...before, mask], { object: null });
    },
    // Before another action of the server: fill what is held, so that it counts. Whether the action is done already.
    before(name) {
      if (name === "undo_stroke") return this.undo();
      if (name === "clear_strokes") this.discard();
      else fill();
      return false;
    },
    reset() {
      last = null;
      forget();
    },
  };
}
