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
    const stored = await upload(file).catch(() => {
      throw new Error(page.text("upload_failed", limits));
    });
    return ask("open_photo", { path: stored.path, model: page.model });
  }
  // What this browser cannot show, or reads in another way than the server, comes back from there as a picture.
  async function sent(file) {
    let bitmap = await createImageBitmap(file).catch(() => null);
    if (bitmap?.width * bitmap?.height > limits.megapixels * 1e6) throw new Error(page.text("too_many_pixels", limits));
    const { visit, width, height } = await openVisit({ file });
    if (bitmap?.width !== width || bitmap.height !== height) {
      const preview = await fetch((await ask("preview", { visit })).file.url);
      bitmap = await createImageBitmap(await preview.blob());
    }
    return { file, visit, width, height, bitmap };
  }
  // An example comes with its fill; it gets a visit when somebody paints on it.
  async function shown(example) {
    const { picture, width, height, ...answer } = await ask("show_example", { name: example });
    return { example, width, height, answer, bitmap: await createImageBitmap(blobOf(picture, "image/jpeg")) };
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
    const opened = await openVisit(page.photo).catch(({ message }) => page.trouble(message));
    if (opened && mine === turn) page.belongs(opened.visit);
    return opened && mine === turn;
  }

  return { open, reopen, ask };
}
