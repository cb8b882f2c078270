// The work of a visit survives a reload of the page: this tab remembers which photo is open on the server, the strokes
// that are held back, the versions, and the changes, to repeat them if the server no longer has the photo.
import { blobOf } from "./canvas.js";
import { readVersions, readVisit } from "./remembered.js";

const KEY = "inpaint-visit";
const VERSIONS_KEY = "inpaint-versions";

export function createRemembering(page) {
  // Remember the open photo. Where storage is blocked or full, it is not.
  function save() {
    const { visit, photo, transport, holding } = page;
    const { example, file } = photo ?? {};
    const { changes } = transport;
    const isRepeatable = canRepeat([...changes.applied, ...changes.undone]);
    const toned = page.restoration?.hasToned;
    const isOpening = photo?.unfilled && !visit; // after a reload the example has its own fill again, until it is edited
    const unanswered = isOpening ? undefined : transport.unanswered;
    const small = { visit, example, name: file?.name, toned };
    const entry = { ...small, held: holding.strokes, unanswered };
    write(KEY, { ...entry, changes: isRepeatable ? changes : undefined }, entry, small);
  }

  // Remember the versions: { kept, current }, see versions.js.
  function saveVersions({ kept, current }) {
    const without = kept.map((entry) => ({ ...entry, jobs: undefined }));
    const repeatable = kept.map((entry) => (canRepeat(entry.jobs ?? []) ? entry : { ...entry, jobs: undefined }));
    const { visit } = page;
    write(VERSIONS_KEY, { visit, current, kept: repeatable }, { visit, current, kept: without }, null);
  }

  // Write the first entry for which there is room.
  function write(key, ...entries) {
    for (const entry of entries) {
      try {
        return sessionStorage.setItem(key, JSON.stringify(entry));
      } catch {} // the next one is smaller
    }
  }

  function read(key) {
    try {
      return JSON.parse(sessionStorage.getItem(key));
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

  // The answer to "resume_visit", which comes once nothing runs for the photo any more. What runs is shown meanwhile, and
  // can be cancelled: with what waits behind it, this request too, which is repeated then.
  async function answerOf(visit) {
    const { opener, progress, server, status } = page;
    let isCancelled = false;
    const ask = () => opener.request("resume_visit", { visit });
    const cancel = () => {
      isCancelled = true;
      server.cancel({ visit });
    };
    status.set("opening", "opening");
    progress.begin({ cancel, poll: () => server.progress({ visit }) });
    const answer = await ask().catch((error) => (isCancelled ? ask() : Promise.reject(error)));
    progress.end();
    return { ...answer, isCancelled };
  }

  async function resume({ visit, example, name, changes, toned, held, unanswered }, versions) {
    const { width, height, isCancelled, ...answer } = await answerOf(visit);
    const file = example ? undefined : await fileOf(answer, name);
    const bitmap = await pictureOf({ visit, example }, { ...answer, width, height }, file);
    const shown = { visit, example, file, width, height, bitmap, answer, held, versions };
    const left = isCancelled ? undefined : unanswered;
    await page.showPhoto({ ...shown, unanswered: left, resumed: { ...changes, toned } });
    if (isCancelled) page.status.set("cancelled");
  }

  return {
    save,
    saveVersions,
    forget: () => write(KEY, null),
    // Open the photo that was open before the reload. Whether there was one, and it is shown.
    async restore() {
      const [remembered, versions] = [readVisit(read(KEY)), readVersions(read(VERSIONS_KEY))];
      if (!remembered) return false;
      try {
        if (remembered.visit) await resume(remembered, versions?.visit === remembered.visit ? versions : null);
        else await page.opener.open(remembered); // an example that was only looked at
      } catch {
        page.progress.end(); // the server no longer has the photo
      }
      if (!page.photo) write(KEY, null);
      return Boolean(page.photo);
    },
  };
}

const canRepeat = (jobs) => jobs.every((job) => !job.file);
