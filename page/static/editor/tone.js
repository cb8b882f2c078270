// Tones: the result is shown through the curve of the server; its pixels in the browser stay as they are.
const ID = "inpaint-tone";
const SVG = "http://www.w3.org/2000/svg";

export function createTone(root) {
  const layer = root.querySelector("canvas.result");
  const filter = document.createElementNS(SVG, "filter");
  Object.assign(filter, { id: ID }).setAttribute("color-interpolation-filters", "sRGB");
  const transfer = filter.appendChild(document.createElementNS(SVG, "feComponentTransfer"));
  const channels = ["R", "G", "B"].map((name) => transfer.appendChild(document.createElementNS(SVG, `feFunc${name}`)));
  const picture = document.createElementNS(SVG, "svg");
  for (const [name, value] of Object.entries({ width: 0, height: 0, "aria-hidden": true, class: "tone-filter" })) {
    picture.setAttribute(name, value);
  }
  picture.append(filter);
  root.append(picture);

  let shown = null;

  return {
    // Show other levels instead of 0 to 255, one row for each channel; null: the pixels as they are.
    show(levels) {
      layer.style.filter = "";
      shown = levels;
      if (!levels) return;
      for (const [index, channel] of channels.entries()) {
        channel.setAttribute("type", "table");
        channel.setAttribute("tableValues", levels[index].map((level) => (level / 255).toFixed(5)).join(" "));
      }
      layer.style.filter = `url(#${ID})`;
    },
    get levels() {
      return shown;
    },
    get shown() {
      return layer.style.filter !== "";
    },
  };
}
