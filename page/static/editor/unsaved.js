// Work that would be lost: what was changed since the photo was opened or downloaded, and strokes that are not filled.
export function createUnsaved(page) {
  const { root } = page;
  const dialog = root.querySelector("[data-testid=ask]");
  let isSaved = true;

  const any = () => !isSaved || page.strokes.areWaiting;
  const mark = () => root.toggleAttribute("data-unsaved", any());

  // The browser's own question, which has its own words.
  window.addEventListener("beforeunload", (event) => {
    if (root.isConnected && any()) event.preventDefault();
  });

  return {
    mark,
    // The photo has changed. Without a fill of the visitor's own, nothing can be lost.
    changed(hasFills) {
      isSaved = !hasFills;
      mark();
    },
    saved() {
      isSaved = true;
      mark();
    },
    // Ask before work is thrown away; whether to go on.
    async mayDiscard() {
      if (!any()) return true;
      dialog.returnValue = "";
      dialog.showModal();
      await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
      if (dialog.returnValue === "download") root.querySelector("[data-testid=download]").click();
      return dialog.returnValue === "discard";
    },
  };
}
