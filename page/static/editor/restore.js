// Restoration with one click: finds the damage, fills it and evens out the tones. Each step can be taken back.
import { createFound } from "./found.js";
import { KINDS } from "./found_map.js";
import { createTone } from "./tone.js";

const SUMMED_UP = ["fill_found", "set_tone", "finish_fill", "redo_stroke", "resume_visit"];

export function createRestoration(page, { levels, level: usualLevel }) {
  const { root, text, transport, status, comparison } = page;
  const find = (id) => root.querySelector(`[data-testid=${id}]`);
  const panel = find("restoration");
  const slider = Object.assign(find("sensitivity"), { max: levels - 1 });
  const steps = Object.fromEntries(["find", "fill", "tone"].map((name) => [name, find(`step-${name}`)]));
  const kindBoxes = KINDS.map((kind) => find(`kind-${kind}`));
  const tone = createTone(root);
  const found = createFound(page, () => {
    describe();
    fill();
  });
  let tonedByRestoring = false;

  const kinds = () => KINDS.filter((_, index) => kindBoxes[index].checked);
  const wanted = () => (steps.find.checked && steps.fill.checked ? kinds() : []);
  const fillJob = () => ({ name: "fill_found", level: Number(slider.value), kinds: wanted(), left_out: found.leftOut });

  // Restore the photo: an example that is only shown is opened as it was before.
  function restore() {
    if (page.photo.example && !transport.applied.length) page.showUnfilled();
    tone.show(null);
    found.reset();
    reset();
    transport.push({ name: "find" }, fillJob(), { name: "set_tone", on: null, restoring: true });
  }

  function reset() {
    slider.value = usualLevel;
    for (const box of [...kindBoxes, steps.find, steps.fill]) box.checked = true;
    found.shown = false;
    describe();
  }

  // Bring the fills up to what is chosen.
  function fill() {
    transport.push(fillJob());
  }

  function describe() {
    const isOn = steps.find.checked;
    find("found-count").value = found.known && isOn ? text("found_count", { count: found.count }) : "";
    find("finds").hidden = !isOn || !found.known;
    steps.fill.disabled = !isOn;
    find("marks").ariaPressed = found.shown;
    const toggle = find("toggle-find");
    toggle.disabled = !found.current;
    const key = !found.current ? "no_find" : found.isLeftOut ? "fill_find" : "leave_find";
    toggle.textContent = text(key, { number: found.current, total: found.total });
    for (const id of ["previous-find", "next-find"]) find(id).disabled = !found.total;
  }

  function showMarks(isShown) {
    found.shown = isShown;
    if (isShown) comparison.show(false);
    describe();
  }

  // The divider opens where the change is: half of what was filled is left of it.
  function openDivider() {
    if (found.count || tone.shown) comparison.show(true, found.count ? Math.min(Math.max(found.middle, 15), 85) : 50);
  }

  function finish({ tone: levels }) {
    tonedByRestoring = Boolean(levels);
    openDivider();
  }

  // What restoring has done: the key of a text, with its count; null: nothing, unless it has just been tried.
  function summary(isNew) {
    const { count } = found;
    const one = count === 1 ? "_one" : "";
    if (count && wanted().length) return { key: (tone.shown ? "restored_both" : "restored_fill") + one, count };
    if (found.total) return tone.shown ? { key: "restored_only_tone" } : null;
    if (tone.shown) return { key: "restored_tone" };
    return isNew ? { key: "restored_none" } : null;
  }

  const moves = {
    restore,
    marks: () => showMarks(!found.shown),
    toggle: () => found.toggle(),
    previous: () => look(-1),
    next: () => look(1),
  };

  function look(by) {
    showMarks(true);
    found.step(by);
    describe();
  }

  root.addEventListener("click", ({ target }) => {
    const move = target.closest("button")?.dataset.restore;
    if (move) status.showError("");
    if (move === "restore") page.holding.before("find");
    if (move && page.photo) moves[move]();
  });
  slider.addEventListener("input", () => {
    showMarks(true);
    found.choose(Number(slider.value), kinds());
    describe();
  });
  panel.addEventListener("change", ({ target }) => {
    status.showError("");
    if (target === steps.tone) {
      tonedByRestoring = false; // undo and redo leave what the visitor has chosen
      transport.push({ name: "set_tone", on: target.checked });
    } else if (target.dataset.testid === "only-damage") return;
    else {
      if (target === steps.find && !target.checked) found.shown = false;
      found.choose(Number(slider.value), kinds());
      describe();
      fill();
    }
  });
  return {
    redraw: () => found.redraw(),
    get onlyDamage() {
      return find("only-damage").checked;
    },
    // Whether restoring has corrected the fading: undo takes it back together with the fills.
    get hasToned() {
      return tonedByRestoring;
    },
    // Another photo is shown, with these tones; one that was open before the page was reloaded, with its changes if they
    // are known.
    open(levels, { applied, toned } = {}) {
      tonedByRestoring = Boolean(applied && toned);
      panel.hidden = true;
      find("only-damage").checked = steps.tone.checked = false;
      found.reset();
      tone.show(levels);
      find("tone-note").value = "";
      reset();
    },
    // The server has answered with what it has found, or with tones.
    async answered(answer, job) {
      if (answer.found) {
        await found.show(answer.found);
        found.choose(Number(slider.value), kinds());
        panel.hidden = false;
        describe();
      }
      if (answer.tone !== undefined) {
        tone.show(answer.tone);
        steps.tone.checked = Boolean(answer.tone);
        find("tone-note").value = answer.faded ? "" : text("not_faded");
        panel.hidden &&= Boolean(job.ofVersion);
        page.updateButtons();
        if (tone.shown) root.setAttribute("data-changed", "");
        if (job.restoring) finish(answer);
      }
      if (job.name === "undo_stroke" || job.name === "redo_stroke") this.sync();
    },
    // After undo and redo the steps are those of the last change that filled what was found.
    sync(last = transport.applied.findLast(({ name }) => name === "fill_found")) {
      if (!found.known) return;
      steps.fill.checked = Boolean(last?.kinds.length);
      if (last?.kinds.length) {
        slider.value = last.level;
        for (const [index, kind] of KINDS.entries()) kindBoxes[index].checked = last.kinds.includes(kind);
        found.leftOut = last.left_out;
        found.choose(last.level, last.kinds);
      }
      describe();
      if (tonedByRestoring && steps.tone.checked !== Boolean(last)) {
        transport.push({ name: "set_tone", on: Boolean(last) });
      }
    },
    // The page was reloaded: the steps, and the divider if restoring was the last change of a photo.
    resume(painted) {
      this.sync();
      const job = { name: "resume_visit", restoring: !painted };
      if (this.summaryAfter(job)) openDivider();
      return job;
    },
    // What restoring has done, if that was the last change; null otherwise.
    summaryAfter({ name, restoring }) {
      const last = transport.applied.at(-1);
      const isLast = name === "set_tone" || (last ? last.name === "fill_found" : restoring);
      return found.known && isLast && SUMMED_UP.includes(name) ? summary(restoring) : null;
    },
    // Show a version with the tones that it had.
    setTone(on) {
      if (on !== tone.shown) transport.push({ name: "set_tone", on, ofVersion: true });
    },
    // The levels that are shown instead of 0 to 255, one row for each channel; null: the pixels as they are.
    get levels() {
      return tone.levels;
    },
    get evensTones() {
      return tone.shown;
    },
  };
}
