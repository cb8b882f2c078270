// The canvas: keeps the photo and the finished picture at full size off screen, and shows them at the window's size.

function createCanvas(frame) {
  const view = frame.querySelector(".view"), ink = frame.querySelector(".ink");
  let original = null, picture = null, scale = 1, before = false;

  function sheet(width, height) {
    return Object.assign(document.createElement("canvas"), { width, height });
  }

  function open(bitmap) {
    original = sheet(bitmap.width, bitmap.height);
    original.getContext("2d").drawImage(bitmap, 0, 0);
    picture = sheet(bitmap.width, bitmap.height);
    picture.getContext("2d").drawImage(bitmap, 0, 0);
    before = false;
    fit();
  }

  // scale: screen pixels (CSS) per photo pixel, so that the picture fits into the window
  function fit() {
    if (!picture) return;
    const stage = frame.parentElement, width = stage.clientWidth;
    const height = Math.max(260, window.innerHeight - (width < 560 ? 330 : 290));
    if (!width) return;
    scale = Math.min(width / picture.width, height / picture.height, 1.5);
    const shown = [Math.round(picture.width * scale), Math.round(picture.height * scale)].map((side) => Math.max(1, side));
    const density = Math.min(window.devicePixelRatio || 1, 2);
    for (const canvas of [view, ink]) {
      canvas.width = shown[0] * density;
      canvas.height = shown[1] * density;
    }
    frame.style.width = shown[0] + "px";
    frame.style.height = shown[1] + "px";
    draw();
  }

  // Draw a part of the photo, in photo pixels; a few pixels more, since scaling mixes neighbours.
  function draw(left = 0, top = 0, width = picture.width, height = picture.height) {
    const context = view.getContext("2d"), zoom = view.width / picture.width, rise = view.height / picture.height;
    const pad = Math.ceil(3 / Math.min(zoom, 1)) + 1;
    const x0 = Math.max(0, Math.floor((left - pad) * zoom)), y0 = Math.max(0, Math.floor((top - pad) * rise));
    const x1 = Math.min(view.width, Math.ceil((left + width + pad) * zoom));
    const y1 = Math.min(view.height, Math.ceil((top + height + pad) * rise));
    context.save();
    context.beginPath();
    context.rect(x0, y0, x1 - x0, y1 - y0);
    context.clip();
    context.clearRect(x0, y0, x1 - x0, y1 - y0);
    context.imageSmoothingQuality = "high";
    const sx = Math.max(0, Math.floor(x0 / zoom) - pad), sy = Math.max(0, Math.floor(y0 / rise) - pad);
    const sw = Math.min(picture.width, Math.ceil(x1 / zoom) + pad) - sx;
    const sh = Math.min(picture.height, Math.ceil(y1 / rise) + pad) - sy;
    context.drawImage(before ? original : picture, sx, sy, sw, sh, sx * zoom, sy * rise, sw * zoom, sh * rise);
    context.restore();
  }

  // Patches replace what is there: our own reading of the photo, then the fill, which is transparent outside the holes.
  async function apply(patches) {
    const fills = await Promise.all(patches.map((patch) => createImageBitmap(new Blob([bytesOf(patch.png)], { type: "image/png" }))));
    const context = picture.getContext("2d");
    patches.forEach(({ left, top }, index) => {
      const fill = fills[index], box = [left, top, fill.width, fill.height];
      context.clearRect(...box);
      context.drawImage(original, ...box, ...box);
      context.drawImage(fill, left, top);
      draw(...box);
      fill.close();
    });
  }

  function compare(showBefore) {
    if (before === showBefore || !picture) return;
    before = showBefore;
    draw();
  }

  // A place on the screen in photo pixels.
  function locate(event) {
    const box = ink.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * picture.width, ((event.clientY - box.top) / box.height) * picture.height];
  }

  function pixels(left = 0, top = 0, width = picture.width, height = picture.height) {
    return picture.getContext("2d").getImageData(left, top, width, height);
  }

  return {
    open, fit, apply, compare, locate, pixels, ink,
    get scale() { return scale; },
    get size() { return picture ? [picture.width, picture.height] : [0, 0]; },
    get before() { return before; },
  };
}

function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
