// The clipboard: the result as a PNG, as it is shown once its final fills are there.
const POLL_MS = 100;

export function createClipboard(page) {
  const { canvas, status } = page;

  async function picture() {
    while (page.state?.draft || page.transport.isRunning) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    return canvas.resultBlob(page.restoration.levels);
  }

  return {
    // Copy the result. The promise of it is handed over at once, as browsers ask for a click just before.
    async copy() {
      try {
        await navigator.clipboard.write([new ClipboardItem({ "image/png": picture() })]);
        page.unsaved.saved();
        status.set("copied");
      } catch {
        status.showError(page.text("copy_failed"));
      }
    },
  };
}
