// The work of a visit survives a reload of the page: this tab remembers which photo is open on the server, and the
// changes, to repeat them if the server no longer has the photo.
import { blobOf } from "./canvas.js";

const KEY = "inpaint-visit";

export function createRemembering(page) {
  // Remember the open photo. Where storage is blocked or full, it is not.
  function save(visit) {
    const { example, file } = page.photo ?? {};
    const changes = page.transport.changes;
    const canRepeat = [...changes.applied, ...changes.undone].every((job) => !job.file);
    write({ visit, example, name: file?.name, changes: canRepeat ? changes : undefined });
  }

  function write(entry) {
    try {
      sessionStorage.setItem(KEY, JSON.stringify(entry));
    } catch {
      if (entry.changes) write({ ...entry, changes: undefined });
    }
  }

  function read() {
    try {
      return JSON.parse(sessionStorage.getItem(KEY));
    } catch {
      return null;
    }
  }

  // The photo's file, as the server has kept it; undefined if it has not.
  async function fileOf(answer, name) {
    const response = answer.original && (await fetch(answer.original.file.url).catch(() => null));
    return response?.ok ? new File([await response.blob()], name ?? answer.original.name) : undefined;
  }

  async function pictureOf({ visit, example }, answer, file) {
    if (example) {
      const shown = await page.opener.request("show_example", { name: example });
      return createImageBitmap(blobOf(shown.picture, "image/jpeg"));
    }
    const bitmap = file && (await createImageBitmap(file).catch(() => null));
    if (bitmap && bitmap.width === answer.width && bitmap.height === answer.height) return bitmap;
    const preview = await fetch((await page.opener.request("preview", { visit })).file.url);
    return createImageBitmap(await preview.blob());
  }

  return {
    save,
    forget: () => write(null),
    // Open the photo that was open before the reload. Whether there was one.
    async restore() {
      const remembered = read();
      if (!remembered?.visit) return false;
      try {
        const { width, height, ...answer } = await page.opener.request("resume_visit", { visit: remembered.visit });
        const file = remembered.example ? undefined : await fileOf(answer, remembered.name);
        const bitmap = await pictureOf(remembered, { ...answer, width, height }, file);
        const { visit, example, changes } = remembered;
        await page.showPhoto({ visit, example, file, width, height, bitmap, answer, resumed: changes ?? true });
        return true;
      } catch {
        write(null);
        return false;
      }
    },
  };
}
