// The map of found damage: which kind each pixel has at each level of sensitivity, and the single finds.

export const KINDS = ["lines", "specks", "areas"];
const BITS = 2; // of the kind at one level

// The map from its description by the server: { width, height, map }, the map compressed by zlib, in base64.
export async function decodeMap({ width, height, map }) {
  const packed = Uint8Array.from(atob(map), (character) => character.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return { width, height, values: new Uint32Array(await new Response(stream).arrayBuffer()) };
}

// Which pixels are damage at a level, of kinds that are chosen by name: 1 or 0 each.
export function markedPixels({ values }, level, kinds) {
  const wanted = [0, ...KINDS.map((kind) => Number(kinds.includes(kind)))];
  const marked = new Uint8Array(values.length);
  for (let index = 0; index < values.length; index++) {
    if (values[index]) marked[index] = wanted[(values[index] >>> (BITS * level)) & (2 ** BITS - 1)];
  }
  return marked;
}

// The 8-connected finds: their number, the label of each pixel from 1, and for each label a pixel of it, its box
// [left, top, right, bottom] and its number of pixels.
export function findComponents(marked, width, height) {
  const labels = new Int32Array(marked.length);
  const finds = [];
  const stack = [];
  for (let start = 0; start < marked.length; start++) {
    if (!marked[start] || labels[start]) continue;
    const find = { x: start % width, y: Math.floor(start / width), box: [width, height, 0, 0], pixels: 0 };
    finds.push(find);
    labels[start] = finds.length;
    stack.push(start);
    while (stack.length) {
      const index = stack.pop();
      const [x, y] = [index % width, Math.floor(index / width)];
      const [left, top, right, bottom] = find.box;
      find.box = [Math.min(left, x), Math.min(top, y), Math.max(right, x + 1), Math.max(bottom, y + 1)];
      find.pixels++;
      for (let row = Math.max(y - 1, 0); row <= Math.min(y + 1, height - 1); row++) {
        for (let column = Math.max(x - 1, 0); column <= Math.min(x + 1, width - 1); column++) {
          const next = row * width + column;
          if (!marked[next] || labels[next]) continue;
          labels[next] = finds.length;
          stack.push(next);
        }
      }
    }
  }
  return { labels, finds };
}

// Where a line divides the marked pixels into halves, as a share of the width; one half if there are none.
export function medianColumn({ labels, finds }, width) {
  const counts = new Float64Array(width);
  let total = 0;
  for (let index = 0; index < labels.length; index++) {
    if (!labels[index] || finds[labels[index] - 1].out) continue;
    counts[index % width]++;
    total++;
  }
  let [column, sum] = [0, 0];
  while (column < width && sum < total / 2) sum += counts[column++];
  return total ? column / width : 0.5;
}
