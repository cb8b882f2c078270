// Opening of photos: a file or an example becomes the open photo. The server opens an example when it is edited.
import { blobOf } from "./canvas.js";
import { uploadFile } from "./uploading.js";
import { uploadFailure } from "./uploads.js";

export function createOpener(page) {
  const { server, transport, limits, text, status, progress } = page;
  let latest = 0; // only the photo that was opened last is shown
  let upload = null; // an AbortController

  // The answer of a server function; an error with a message for the visitor, and its code, if there is none.
  async function request(name, call) {
    const answer = await transport.request(name, call);
    const { code } = answer;
    if (code) throw Object.assign(new Error(answer.error || text(code, limits)), { code });
    return answer;
  }

  async function openVisit({ file, example, unfilled }) {
    if (example) return request("open_example", { name: example, model: page.modelName, unfilled });
    upload = new AbortController();
    const onProgress = (share) => progress.report("upload", share);
    const uploaded = await uploadFile(file, { onProgress, signal: upload.signal }).catch((error) => {
      const { code, ...values } = uploadFailure(error, file, limits);
      throw new Error(text(code, values));
    });
    progress.report("read");
    return request("open_photo", { path: uploaded.path, model: page.modelName });
  }

  // A photo that this browser cannot decode, or decodes to another size than the server, is shown as a preview.
  async function loadFile(file) {
    let bitmap = await createImageBitmap(file).catch(() => null);
    if (bitmap?.width * bitmap?.height > limits.megapixels * 1e6) throw new Error(text("too_many_pixels", limits));
    const { visit, width, height } = await openVisit({ file });
    if (bitmap?.width !== width || bitmap.height !== height) {
      const preview = await fetch((await request("preview", { visit })).file.url);
      bitmap = await createImageBitmap(await preview.blob());
    }
    return { file, visit, width, height, bitmap };
  }

  async function loadExample(example) {
    const { picture, width, height, ...answer } = await request("show_example", { name: example });
    return { example, width, height, answer, bitmap: await createImageBitmap(blobOf(picture, "image/jpeg")) };
  }

  // Open a file or an example, in which these strokes are held back, and these jobs are unanswered.
  async function open({ file, example, held, unanswered }) {
    if (!(await page.unsaved.mayDiscard())) return;
    const number = ++latest;
    upload?.abort(); // of a photo that is no longer wanted
    status.showError("");
    status.set("opening", "opening");
    progress.begin({ cancel });
    try {
      const photo = await (file ? loadFile(file) : loadExample(example));
      if (number === latest) progress.end();
      if (number === latest) await page.showPhoto({ ...photo, held, unanswered });
      else if (photo.visit) server.leave_visit({ visit: photo.visit });
    } catch (error) {
      if (number === latest) progress.end();
      if (number === latest) status.showError(error.message);
    }
  }

  // Stop opening a photo; the one before it stays.
  function cancel() {
    latest++;
    upload?.abort();
    status.set(page.photo ? "cancelled" : "empty", "ready");
  }

  // Open the present photo on the server: again, if it had been opened as `visit`. Whether it is open now.
  async function reopen(visit) {
    const { photo } = page;
    if (visit) status.set("reopening");
    const opened = await openVisit(photo).catch(({ message }) => status.showError(message));
    if (opened && photo === page.photo) page.setVisit(opened.visit);
    else if (opened) server.leave_visit({ visit: opened.visit }); // another photo was shown meanwhile
    return opened && photo === page.photo;
  }

  return { open, reopen, request };
}
