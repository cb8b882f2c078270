// Opening: a file or an example becomes the open photo; the server is told when there is something to fill.

import { blobOf } from "./canvas.js";

export function createOpening(page, server, upload) {
  const { transport, limits } = page;
  let turn = 0; // of several that are opened at once the last one wins

  // An answer, or the reason why there is none as an error.
  async function ask(name, call) {
    const answer = await transport.insist(name, call);
    if (answer.code) throw new Error(answer.error || page.text(answer.code, limits));
    return answer;
  }

  async function openVisit({ file, example }) {
    if (example) return ask("open_example", { name: example, model: page.model });
    const stored = await upload(file).catch(() => null);
    if (!stored) throw new Error(page.text("upload_failed", limits));
    return ask("open_photo", { path: stored.path, model: page.model });
  }

  // What this browser cannot show, or reads in another way than the server, comes back from there as a picture.
  async function sent(file) {
    const own = await createImageBitmap(file).catch(() => null);
    if (own && own.width * own.height > limits.megapixels * 1e6) throw new Error(page.text("too_many_pixels", limits));
    const { visit, width, height } = await openVisit({ file });
    const photo = { file, visit, width, height };
    if (own?.width === width && own.height === height) return { ...photo, bitmap: own };
    const preview = await fetch((await ask("preview", { visit })).file.url);
    return { ...photo, bitmap: await createImageBitmap(await preview.blob()) };
  }

  // An example comes with its fill; it gets a visit when somebody paints on it.
  async function shown(example) {
    const { picture, ...answer } = await ask("show_example", { name: example });
    const bitmap = await createImageBitmap(blobOf(picture, "image/jpeg"));
    return { example, visit: null, width: answer.width, height: answer.height, bitmap, answer };
  }

  async function open({ file, example }) {
    const mine = ++turn;
    page.trouble("");
    page.say("opening", "opening");
    try {
      const photo = await (file ? sent(file) : shown(example));
      if (mine === turn) page.enter(photo);
      else if (photo.visit) server.leave_visit({ visit: photo.visit });
    } catch (error) {
      if (mine === turn) page.trouble(error.message);
    }
  }

  // The server has let go of the photo (or has not been told of it yet): open it there.
  async function reopen(before) {
    const mine = turn;
    if (before) page.say("reopening");
    try {
      const { visit } = await openVisit(page.photo);
      if (mine === turn) page.belongs(visit);
      return mine === turn;
    } catch (error) {
      return page.trouble(error.message);
    }
  }

  return { open, reopen, ask };
}
