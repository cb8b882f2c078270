// Opening: a file or an example becomes the open photo; the server is told when there is something to fill.

import { blobOf } from "./canvas.js";

export function createOpening(page, server, upload) {
  const { text, trouble, state, transport, props } = page;
  let turn = 0; // of several that are opened at once the last one wins

  // Upload a photo (or name an example) and open it on the server.
  async function openVisit({ file, example }) {
    const model = page.model;
    for (let attempt = 1; ; attempt++) {
      let answer;
      if (example) answer = await transport.insist("open_example", { name: example, model });
      else {
        const stored = await upload(file).catch(() => null);
        if (!stored) throw new Error(text("upload_failed", { limit: props.limits.megabytes }));
        answer = await transport.insist("open_photo", { path: stored.path, model });
      }
      if (answer.code === "upload_missing" && attempt === 1) continue; // the same file was sent twice and removed once
      if (answer.code) throw new Error(answer.error || text(answer.code));
      return answer;
    }
  }

  function enter(photo, bitmap, visit) {
    transport.leave();
    transport.start(visit);
    page.photo = photo;
    belong(visit);
    page.show(bitmap, photo);
    bitmap.close();
  }

  // So that the server knows which tab the visit belongs to.
  function belong(visit) {
    if (visit) page.belongs(visit);
  }

  async function attempt(open) {
    const mine = ++turn;
    trouble("");
    state("opening", "opening");
    try {
      await open(() => mine === turn);
    } catch (error) {
      if (mine !== turn) return;
      state("ready", page.photo ? "hint" : "empty");
      trouble(error.message);
    }
  }

  // What this browser cannot show, or reads in another way than the server, comes back from there as a picture.
  async function openFile(file) {
    await attempt(async (wanted) => {
      const own = await createImageBitmap(file).catch(() => null);
      if (own && own.width * own.height > props.limits.megapixels * 1e6) {
        throw new Error(text("too_many_pixels", { limit: props.limits.megapixels }));
      }
      const { visit, width, height } = await openVisit({ file });
      if (!wanted()) return server.leave_visit({ visit });
      const same = own && own.width === width && own.height === height;
      return enter({ file, width, height }, same ? own : await preview(visit), visit);
    });
  }

  async function preview(visit) {
    const answer = await transport.insist("preview", { visit });
    if (answer.code) throw new Error(answer.error || text(answer.code));
    return createImageBitmap(await (await fetch(answer.file.url)).blob());
  }

  async function openExample(name) {
    await attempt(async (wanted) => {
      const answer = await transport.insist("show_example", { name });
      if (answer.code) throw new Error(answer.error || text(answer.code));
      const bitmap = await createImageBitmap(blobOf(answer.picture, "image/jpeg"));
      if (!wanted()) return;
      enter({ example: name, width: answer.width, height: answer.height }, bitmap, null);
      await page.answered(answer, [{ name: "show_example", example: name }]);
      if (page.model) transport.push({ name: "use_model", model: page.model });
    });
  }

  // The server has let go of the photo (or has not been told of it yet): open it there.
  async function reopen(before) {
    if (before) page.say("reopening");
    const mine = turn;
    try {
      const { visit } = await openVisit(page.photo);
      if (mine !== turn) return false;
      transport.renew(visit);
      belong(visit);
      return true;
    } catch (error) {
      trouble(error.message);
      return false;
    }
  }

  return { openFile, openExample, reopen };
}
