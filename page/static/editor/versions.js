// Versions: thumbnails of earlier states, which restore them.
const IDLE_MS = 1200; // a version is saved when nothing has changed for this long, and no fill is a draft

export function createVersions(page, strip) {
  let timer = null;
  let isSaved = true;

  // Save the present state now, if it has changed since the last version.
  function save() {
    if (!isSaved) page.transport.push({ name: "keep_version", quiet: true });
    isSaved = true;
    clearTimeout(timer);
  }

  function addThumbnail(label, job) {
    const button = Object.assign(document.createElement("button"), { type: "button", title: label });
    button.append(Object.assign(new Image(), { src: page.canvas.thumbnail(), alt: label }));
    button.dataset.testid = "version";
    button.addEventListener("click", () => {
      save();
      page.transport.push(job);
      markCurrent(button);
    });
    strip.append(button);
    markCurrent(button);
  }

  function markCurrent(current) {
    for (const each of strip.children) each.toggleAttribute("aria-current", each === current);
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
      isSaved = true;
      clearTimeout(timer);
      strip.replaceChildren();
      addThumbnail(page.text("original"), { name: "clear_strokes" });
    },
    // The server has saved a version. `jobs` made it: they are repeated if the server no longer has it.
    add(version, jobs) {
      const number = strip.children.length;
      addThumbnail(page.text("version", { number }), { name: "restore_version", version, jobs });
      strip.scrollLeft = strip.scrollWidth;
    },
  };
}
