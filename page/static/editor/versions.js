// Versions: small pictures of how it looked at times, to come back to.
const REST_MS = 1200; // a version is kept when nothing has changed for so long

export function createVersions(page, strip) {
  let rest = null;
  function keep() {
    if (rest) page.transport.push({ name: "keep_version", quiet: true });
    rest = clearTimeout(rest);
  }

  function card(label, job) {
    const button = Object.assign(document.createElement("button"), { type: "button", title: label });
    button.append(Object.assign(new Image(), { src: page.canvas.thumbnail(), alt: label }));
    button.dataset.testid = "version";
    button.addEventListener("click", () => {
      keep();
      page.transport.push(job);
      mark(button);
    });
    strip.append(button);
    mark(button);
  }

  function mark(current) {
    for (const each of strip.children) each.toggleAttribute("aria-current", each === current);
  }

  return {
    changed() {
      clearTimeout(rest);
      rest = setTimeout(keep, REST_MS);
      mark(null);
    },
    reset() {
      rest = clearTimeout(rest);
      strip.replaceChildren();
      card(page.text("original"), { name: "clear_strokes" });
    },
    // The server has kept the present state under this number; the strokes of it, should it be forgotten there.
    add(version, jobs) {
      card(page.text("version", { version }), { name: "restore_version", version, jobs });
      strip.scrollLeft = strip.scrollWidth;
    },
  };
}
