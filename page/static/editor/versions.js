// Versions: thumbnails of earlier states, which restore them with the tones that they were shown in.
const IDLE_MS = 1200; // a version is saved when nothing has changed for this long, and no fill is a draft

export function createVersions(page, strip) {
  let timer = null;
  let isSaved = true;
  let kept = []; // { version, jobs, tone, picture } of all thumbnails but the first one

  // Save the present state now, if it has changed since the last version.
  function save() {
    const after = Math.max(0, ...kept.map(({ version }) => version)); // they may be of a visit that has expired
    if (!isSaved) page.transport.push({ name: "keep_version", quiet: true, after });
    isSaved = true;
    clearTimeout(timer);
  }

  function addThumbnail(label, picture, tone, job) {
    const button = Object.assign(document.createElement("button"), { type: "button", title: label });
    button.append(Object.assign(new Image(), { src: picture, alt: label }));
    button.dataset.testid = "version";
    button.addEventListener("click", () => {
      save();
      page.transport.push(job);
      page.restoration.setTone(tone);
      markCurrent(button);
    });
    strip.append(button);
    markCurrent(button);
  }

  function addVersion({ version, jobs, tone, picture }) {
    const label = page.text("version", { number: strip.children.length });
    addThumbnail(label, picture, tone, { name: "restore_version", version, jobs, ofVersion: true });
  }

  function markCurrent(current) {
    for (const each of strip.children) each.toggleAttribute("aria-current", each === current);
    page.remembering.saveVersions({ kept, current: [...strip.children].indexOf(current) });
  }

  return {
    changed() {
      clearTimeout(timer);
      isSaved = false;
      markCurrent(null);
    },
    // No fill is a draft.
    settled() {
      clearTimeout(timer);
      timer = setTimeout(save, IDLE_MS);
    },
    reset() {
      [isSaved, kept] = [true, []];
      clearTimeout(timer);
      strip.replaceChildren();
      addThumbnail(page.text("original"), page.canvas.thumbnail(), false, { name: "clear_strokes", ofVersion: true });
    },
    // The server has saved a version. `jobs` made it: they are repeated if the server no longer has it. What undo or redo
    // has brought back has a thumbnail already.
    add(version, jobs) {
      const { levels, evensTones } = page.restoration;
      const same = kept.findIndex((each) => each.version === version && each.tone === evensTones);
      const isOriginal = !page.state?.painted && !evensTones;
      if (isOriginal || same >= 0) return markCurrent(strip.children[isOriginal ? 0 : same + 1]);
      const entry = { version, jobs, tone: evensTones, picture: page.canvas.thumbnail(levels) };
      kept.push(entry);
      addVersion(entry);
      strip.scrollLeft = strip.scrollWidth;
    },
    // The versions that there were before the page was reloaded; null: they are not known. A state that had not been
    // saved as a version is saved, once it is final.
    resume(before, { isChanged, isFinal }) {
      for (const entry of before?.kept ?? []) addVersion(entry);
      kept = before?.kept ?? [];
      const current = strip.children[before?.current ?? -1];
      isSaved = Boolean(current) || !isChanged;
      markCurrent(current ?? null);
      if (isFinal) this.settled();
    },
  };
}
