// Pictures of one's own: dropped or chosen, sent to the server in batches, and added to a dataset there.
import { paragraph } from "../texts.js";

const SENT_AT_ONCE = 3;
const SHOWN_NAMES = 3;

// Call `onDataset` with the name of the dataset once it holds the pictures.
export function createPictures(page, onDataset) {
  const { find, text, props } = page;
  const zone = find(".drop-zone");
  const note = find("[data-testid=upload-note]");
  let busy = false;

  function showNote(message, kind = "") {
    note.textContent = message;
    note.dataset.kind = kind;
  }

  async function add(files, name) {
    if (busy) return;
    const pictures = files.filter((file) => isPicture(file.name, props.pictures.suffixes));
    if (!pictures.length) return showNote(text("retrain_pictures_none"), "bad");
    busy = true;
    zone.dataset.busy = "";
    try {
      await send(pictures, name);
    } finally {
      busy = false;
      delete zone.dataset.busy;
    }
  }

  async function send(pictures, name) {
    const { batch } = props.pictures;
    const [here, count, refused] = [page.isHere(), pictures.length, []];
    let [done, added, dataset] = [0, 0, ""];
    for (let start = 0; start < count; start += batch) {
      const part = pictures.slice(start, start + batch);
      const paths = await uploadAll(page.upload, part, () => {
        showNote(text("retrain_pictures_sending", { done: ++done, count }));
      });
      const broken = text("retrain_pictures_cut", { done: start, count });
      if (!paths) return showNote(broken, "bad");
      const answer = await page.request("add_pictures", { name, paths, here });
      if (page.errorOf(answer)) return showNote(answer.code === "offline" ? broken : page.errorOf(answer), "bad");
      [added, dataset] = [added + answer.added, answer.dataset];
      refused.push(...answer.refused);
    }
    showNote(resultText(text, added, refused), added ? "good" : "bad");
    if (added) onDataset(dataset);
  }

  zone.addEventListener("click", ({ target }) => {
    const kind = target.closest("[data-choose]")?.dataset.choose;
    if (kind) zone.querySelector(`[name=${kind}]`).click();
  });
  zone.addEventListener("change", ({ target }) => {
    const files = [...target.files];
    if (files.length) add(files, files[0].webkitRelativePath.split("/")[0]);
    target.value = ""; // so that the same folder can be chosen again
  });
  for (const type of ["dragover", "dragleave", "drop"]) {
    zone.addEventListener(type, (event) => {
      event.preventDefault();
      zone.toggleAttribute("data-over", type === "dragover");
    });
  }
  zone.addEventListener("drop", async ({ dataTransfer }) => {
    const entries = [...dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    const plain = [...dataTransfer.files]; // both are empty once this handler has returned
    const files = entries.length ? (await Promise.all(entries.map(filesOf))).flat() : plain;
    add(files, entries.length === 1 && entries[0].isDirectory ? entries[0].name : "");
  });

  // Say where the pictures go.
  function showWhere() {
    find("[data-part=where]").textContent = text(page.isHere() ? "retrain_pictures_here" : "retrain_pictures_private");
  }

  return { showWhere };
}

function isPicture(name, suffixes) {
  const lower = name.toLowerCase();
  return !name.startsWith(".") && suffixes.some((suffix) => lower.endsWith(suffix));
}

// The paths of uploaded files, in order; undefined if one could not be sent.
async function uploadAll(upload, files, onSent) {
  const [paths, waiting] = [[], [...files.entries()]];
  async function work() {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [index, file] = next;
      paths[index] = (await upload(file)).path;
      onSent();
    }
  }
  try {
    await Promise.all(Array.from({ length: SENT_AT_ONCE }, work));
  } catch {
    return undefined;
  }
  return paths;
}

// The files of a dropped file or folder, with those of the folders in it.
async function filesOf(entry) {
  if (entry.isFile) return [await new Promise((resolve, reject) => entry.file(resolve, reject))];
  const [reader, files] = [entry.createReader(), []];
  for (;;) {
    const part = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!part.length) return files; // a reader gives a hundred entries at a time
    files.push(...(await Promise.all(part.map(filesOf))).flat());
  }
}

function resultText(text, added, refused) {
  const parts = added ? [text("retrain_pictures_sent", { count: added.toLocaleString() })] : [];
  if (refused.length) {
    const more = refused.length > SHOWN_NAMES ? ", …" : "";
    parts.push(text("retrain_pictures_refused", { names: refused.slice(0, SHOWN_NAMES).join(", ") + more }));
  }
  return paragraph(...parts);
}
