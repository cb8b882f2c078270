// The page that compares fills, of the pictures that are named in pictures.js, which python -m docs.compare writes.

const COMPARED = globalThis.COMPARED;
const find = (id) => document.getElementById(id);
const file = (photo, name) => `pictures/${photo.name}${name ? `-${name}` : ""}.webp`;
const MEANING = {
  truth:
    "PSNR in dB and SSIM over the hole: higher is better, and blurred fills have good ones. ELP and ELP2, perceptual" +
    " distances: lower is better.",
  none:
    "detail: gradients in the hole relative to those around it; seam: the step across its edge relative to steps near it." +
    " 1 is right. There is no ground truth: what was removed covers it.",
};
const CLOSER = 2.5; // width of the photo in the closer view, in widths of the frame

let photo = COMPARED[0];

/** The pictures that a side can show: files of the hole's pixels, and "" for the photo itself. */
function choices() {
  const itself = { file: "", name: photo.hasTruth ? "ground truth" : "photo" };
  return [{ file: "hole", name: "hole" }, itself, ...photo.methods];
}

function fillSelect(select, wanted) {
  const all = choices();
  select.replaceChildren(...all.map((choice) => new Option(choice.name, choice.file)));
  select.value = all.some((choice) => choice.file === wanted) ? wanted : all[0].file;
}

/** Show the whole photo; or the hole's centre, larger, in a frame that can be scrolled. */
function drawView() {
  const closer = find("closer").checked;
  const [frame, stage] = [find("frame"), find("stage")];
  stage.style.width = closer ? `${CLOSER * 100}%` : "100%";
  frame.style.aspectRatio = closer ? `${photo.width} / ${photo.height}` : "";
  const x = (photo.hole.left + photo.hole.right) / 2 / photo.width;
  const y = (photo.hole.top + photo.hole.bottom) / 2 / photo.height;
  frame.scrollTo(x * stage.offsetWidth - frame.clientWidth / 2, y * stage.offsetHeight - frame.clientHeight / 2);
  find("position").value = closer ? 100 * x : 50;
  drawLine();
}

function drawLine() {
  const share = Number(find("position").value);
  find("line").style.left = `${share}%`;
  find("left-fill").style.clipPath = `inset(0 ${100 - share}% 0 0)`;
  find("right-fill").style.clipPath = `inset(0 0 0 ${share}%)`;
}

function drawSide(side) {
  const chosen = find(side).value;
  const image = find(`${side}-fill`);
  image.hidden = chosen === "";
  if (chosen !== "") image.src = file(photo, chosen);
}

function cell(tag, text) {
  const element = document.createElement(tag);
  element.textContent = text;
  if (tag === "th") element.scope = "row";
  return element;
}

function row(...cells) {
  const element = document.createElement("tr");
  element.append(...cells);
  return element;
}

function drawTable() {
  const names = Object.keys(photo.methods[0].scores);
  const headings = ["", ...names].map((name) => cell("td", name));
  find("metrics").replaceChildren(row(...headings));
  find("scores").replaceChildren(
    ...photo.methods.map((method) =>
      row(cell("th", method.name), ...names.map((name) => cell("td", method.scores[name]))),
    ),
  );
  find("caption").textContent = photo.title;
  find("source").textContent = `Photo: ${photo.source}.`;
  find("meaning").textContent = photo.hasTruth ? MEANING.truth : MEANING.none;
}

function show(chosen) {
  const sides = { left: find("left").value || "hole", right: find("right").value || "inpaint" };
  photo = chosen;
  find("frame").style.setProperty("--ratio", photo.width / photo.height);
  find("stage").style.aspectRatio = `${photo.width} / ${photo.height}`;
  find("photo").src = file(photo, "");
  find("photo").alt = photo.title;
  for (const side of ["left", "right"]) {
    fillSelect(find(side), sides[side]);
    drawSide(side);
  }
  for (const button of find("photos").children) {
    button.setAttribute("aria-pressed", String(button.dataset.name === photo.name));
  }
  drawView();
  drawTable();
}

function thumbnail(each) {
  const button = document.createElement("button");
  const image = document.createElement("img");
  button.type = "button";
  button.dataset.name = each.name;
  button.title = each.title;
  image.src = file(each, "");
  image.alt = each.title;
  image.loading = "lazy";
  button.append(image);
  button.addEventListener("click", () => show(each));
  return button;
}

find("photos").append(...COMPARED.map(thumbnail));
find("position").addEventListener("input", drawLine);
find("closer").addEventListener("change", drawView);
for (const side of ["left", "right"]) find(side).addEventListener("change", () => drawSide(side));
find("swap").addEventListener("click", () => {
  [find("left").value, find("right").value] = [find("right").value, find("left").value];
  drawSide("left");
  drawSide("right");
});
show(photo);
