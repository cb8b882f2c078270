// The form for a new run. The dataset is checked, previewed and the cost estimated while it is filled in.

import { paragraph } from "../texts.js";
import { createPictures } from "./pictures.js";
import { createStart } from "./start.js";

const INPUT_DELAY_MS = 500;

export function createForm(page) {
  const { find, text, props } = page;
  const form = find("form");
  const field = (name) => form.elements[name];
  let dataset = null; // what the server found, once it has been checked and can be used
  let checks = 0;
  let repoIsDefault = true;
  let imagesAreDefault = true;
  const start = createStart(page, form);
  page.isHere = () => field("flavor").value === "here";
  const pictures = createPictures(page, (name) => {
    field("dataset").value = name;
    checkDataset();
  });

  for (const name of props.suggested) {
    find("datalist").append(Object.assign(document.createElement("option"), { value: name }));
  }
  for (const { name } of props.presets) find(".presets").append(presetOption(page, name));

  function setDefaultImages() {
    const preset = props.presets.find(({ name }) => name === field("preset").value);
    if (imagesAreDefault) field("images").value = preset.images;
  }

  function setHardware({ account, hardware, start: weights }) {
    page.account = account;
    start.setWeights(weights);
    if (hardware.some(({ flavor }) => flavor === "here"))
      find("[data-part=dataset-label]").textContent = text("retrain_dataset_here");
    field("flavor").replaceChildren(...hardware.map((machine) => hardwareOption(page, machine)));
    const gpu = hardware.find((machine) => machine.gpu);
    if (gpu) field("flavor").value = gpu.flavor;
    showHardwareDetails();
    setDefaultImages();
    showMissing();
  }

  function showHardwareDetails() {
    find("[data-testid=hardware-details]").textContent = field("flavor").selectedOptions[0]?.dataset.details ?? "";
    pictures.showWhere();
  }

  // The arguments of the server functions.
  function values() {
    return {
      dataset: field("dataset").value.trim(),
      preset: field("preset").value,
      images: Number(field("images").value),
      flavor: field("flavor").value,
      repo: field("repo").value.trim(),
      private: Boolean(dataset?.private),
      rows: dataset?.rows ?? null,
      ...start.values(),
    };
  }

  function showNote(message, kind = "") {
    const note = find("[data-testid=dataset-note]");
    note.textContent = message;
    note.dataset.kind = kind;
  }

  async function checkDataset() {
    const number = ++checks;
    const name = field("dataset").value.trim();
    dataset = null;
    showPictures(null);
    find("[data-part=private]").hidden = true;
    find("[data-testid=estimate]").textContent = "";
    showMissing();
    if (!name) return showNote("");
    showNote(text("retrain_checking"));
    const answer = await page.request("check_dataset", { dataset: name });
    if (number !== checks) return;
    if (page.errorOf(answer)) return showNote(page.errorOf(answer), "bad");
    dataset = answer;
    showNote(datasetNote(answer, text), "good");
    find("[data-part=private]").hidden = !answer.private;
    if (repoIsDefault) field("repo").value = defaultRepo(page.account, name);
    showEstimate();
    showPreview(number);
  }

  async function showPreview(number = checks) {
    if (!dataset) return;
    showPictures([]);
    const { preset, dataset: name } = values();
    const answer = await page.request("preview_masks", { dataset: name, preset });
    if (number !== checks || preset !== field("preset").value) return;
    const error = page.errorOf(answer);
    if (error) dataset = null;
    showPictures(error ? null : answer.pictures);
    showMissing();
    if (error) showNote(error, "bad");
  }

  // Data URLs of pictures; []: placeholders while they load; null: nothing.
  function showPictures(pictures) {
    const preview = find(".preview");
    const loaded = Boolean(pictures?.length);
    preview.hidden = pictures === null;
    find("[data-part=preview-text]").hidden = !loaded;
    preview.dataset.count = pictures?.length ?? 0;
    const images = loaded
      ? pictures.map((src) => Object.assign(new Image(), { src, alt: "" }))
      : Array.from({ length: 9 }, () => document.createElement("i"));
    preview.replaceChildren(...images);
  }

  async function showEstimate() {
    showMissing();
    const line = find("[data-testid=estimate]");
    const call = values();
    if (!dataset || !form.checkValidity()) {
      line.textContent = "";
      return;
    }
    const answer = await page.request("estimate_cost", call);
    if (JSON.stringify(call) !== JSON.stringify(values())) return;
    const error = page.errorOf(answer);
    line.textContent = error ?? estimateText(page, call, answer);
  }

  // The first field that keeps the run from starting, and what to do about it.
  function missing() {
    if (!dataset) return [field("dataset"), "dataset"];
    if (!find(".preview img")) return [field("dataset"), "check"];
    if (!field("images").checkValidity()) return [field("images"), "images", { limit: Number(field("images").max) }];
    if (!field("repo").checkValidity()) return [field("repo"), "repo"];
    return [];
  }

  function showMissing() {
    const [, what, values] = missing();
    const note = find("[data-testid=missing]");
    note.textContent = what ? text("retrain_missing", { what: text(`retrain_missing_${what}`, values) }) : "";
    note.dataset.kind = "";
  }

  const timers = new Map();
  function debounce(action) {
    clearTimeout(timers.get(action));
    timers.set(action, setTimeout(action, INPUT_DELAY_MS));
  }

  form.addEventListener("input", ({ target }) => {
    if (target.name === "repo") repoIsDefault = !target.value;
    if (target.name === "flavor") showHardwareDetails();
    if (target.name === "images") imagesAreDefault = !target.value;
    if (target.closest(".drop-zone")) return;
    if (target.name === "preset" || target.name === "start") start.show();
    if (target.name === "preset") {
      setDefaultImages();
      showPreview();
    }
    if (target.name === "dataset") {
      checks++;
      dataset = null;
      showMissing();
      debounce(checkDataset);
    } else debounce(showEstimate);
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const [part] = missing();
    if (part) {
      showMissing();
      find("[data-testid=missing]").dataset.kind = "bad";
      return part.focus();
    }
    const button = find("[data-testid=start]");
    button.disabled = true;
    await page.startRun(values());
    button.disabled = false;
  });

  return { setHardware };
}

function presetOption({ text, props }, name) {
  const label = Object.assign(document.createElement("label"), { className: "preset" });
  label.innerHTML = `<input type="radio" name="preset" class="preset-dot"><b></b><span></span>`;
  const input = label.querySelector("input");
  Object.assign(input, { value: name, checked: name === props.presets[0].name });
  input.dataset.testid = `preset-${name}`;
  label.querySelector("b").textContent = text(`retrain_preset_${name}`);
  label.querySelector("span").textContent = text(`retrain_about_${name}`);
  return label;
}

function hardwareOption({ text }, { flavor, title, details, usd_per_hour: usdPerHour }) {
  const price = usdPerHour ? text("retrain_price", { price: usdPerHour.toFixed(2) }) : text("retrain_free");
  const textContent = text("retrain_hardware_option", { title: title || text("retrain_this_computer"), price });
  const option = Object.assign(document.createElement("option"), { value: flavor, textContent });
  option.dataset.details = details;
  return option;
}

function datasetNote({ rows, files, local, private: isPrivate }, text) {
  const found = text(local ? "retrain_local" : isPrivate ? "retrain_found_private" : "retrain_found");
  if (rows) return paragraph(found, text("retrain_rows", { count: rows.toLocaleString() }));
  if (files) return paragraph(found, text("retrain_files", { count: files.toLocaleString() }));
  return found;
}

// ACCOUNT/inpaint-DATASET, with characters that the Hub accepts.
function defaultRepo(account, dataset) {
  const name = dataset
    .split(/[/:]/)
    .filter(Boolean)
    .at(-1)
    .replace(/^inpaint-pictures-/, "");
  return `${account ?? "local"}/inpaint-${name.replace(/[^\w.-]+/g, "-").toLowerCase()}`;
}

function estimateText({ text, duration }, { flavor }, { seconds, usd }) {
  const time = duration(seconds);
  if (flavor === "here") return text("retrain_estimate_free", { time });
  return text("retrain_estimate", { time, cost: usd.toFixed(2) });
}
