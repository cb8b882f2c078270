// Versions: small pictures of how it looked at times, to come back to.

const REST_MS = 1200; // a version is kept when nothing has changed for so long

export function createVersions(page) {
  const strip = page.find(".strip"), { transport } = page;
  let rest = null;

  function keep() {
    clearTimeout(rest);
    if (rest !== null) transport.push({ name: "keep_version", quiet: true });
    rest = null;
  }

  function card(label, thumbnail, restore) {
    const button = Object.assign(document.createElement("button"), { type: "button", title: label });
    button.append(Object.assign(new Image(), { src: thumbnail, alt: label }));
    button.addEventListener("click", () => { keep(); restore(); mark(button); });
    button.dataset.testid = "version";
    strip.append(button);
    return button;
  }

  function mark(current) {
    for (const each of strip.children) each.toggleAttribute("aria-current", each === current);
  }

  return {
    reset() {
      clearTimeout(rest);
      rest = null;
      strip.replaceChildren();
      card(page.text("original"), page.canvas.thumbnail(160), () => transport.push({ name: "clear_strokes" }));
    },
    changed() {
      clearTimeout(rest);
      rest = setTimeout(keep, REST_MS);
      mark(null);
    },
    // The server has kept the present state under this number.
    add(version) {
      const label = page.text("version", { number: strip.children.length }), jobs = transport.done;
      mark(card(label, page.canvas.thumbnail(160), () => transport.push({ name: "restore_version", version, jobs })));
      if (strip.children.length > 13) strip.children[1].remove();
      strip.scrollLeft = strip.scrollWidth;
      page.find(".versions").hidden = false;
    },
  };
}
