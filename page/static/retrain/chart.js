// Curves: one small picture for each loss, over the images seen.

const WIDTH = 300,
  HEIGHT = 84,
  MOST = 240;

export function createCurves(place) {
  const charts = new Map();

  function chart(name) {
    const figure = document.createElement("figure");
    figure.innerHTML = `<figcaption><span></span><b></b></figcaption>
      <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" aria-hidden="true"><path/></svg>
      <small><span>0</span><span></span></small>`;
    figure.querySelector("span").textContent = name.replace("/", ", ").replaceAll("_", " ");
    place.append(figure);
    charts.set(name, figure);
    return figure;
  }

  // Show these lines of losses; `total` is where the axis ends, or null.
  function draw(lines, total, format) {
    const names = [...new Set(lines.flatMap((line) => Object.keys(line)))].filter((name) =>
      /^(generator|discriminator)\//.test(name),
    );
    for (const [name, figure] of charts)
      if (!names.includes(name)) {
        figure.remove();
        charts.delete(name);
      }
    for (const name of names.sort((a, b) => b.localeCompare(a))) {
      const figure = charts.get(name) ?? chart(name);
      const points = thinned(lines.filter((line) => name in line).map((line) => [line.images_seen, line[name]]));
      const end = Math.max(total ?? 0, points.at(-1)[0]);
      figure.querySelector("path").setAttribute("d", path(points, end));
      figure.querySelector("b").textContent = points.at(-1)[1].toPrecision(3);
      figure.querySelector("small span:last-child").textContent = format(end);
      figure.setAttribute("role", "img");
      figure.setAttribute("aria-label", `${name}: ${points.at(-1)[1].toPrecision(3)}`);
    }
  }

  return { draw };
}

// At most so many points: means of neighbours.
function thinned(points) {
  const size = Math.ceil(points.length / MOST),
    groups = [];
  for (let i = 0; i < points.length; i += size) groups.push(points.slice(i, i + size));
  return groups.map((group) => [group.at(-1)[0], group.reduce((sum, [, value]) => sum + value, 0) / group.length]);
}

function path(points, end) {
  const values = points.map(([, value]) => value),
    low = Math.min(...values),
    span = Math.max(...values) - low || 1;
  const places = points.map(
    ([x, y]) => `${((x / end) * WIDTH).toFixed(1)} ${(HEIGHT - 6 - ((y - low) / span) * (HEIGHT - 12)).toFixed(1)}`,
  );
  return places.length > 1 ? `M${places.join("L")}` : `M0 ${places[0].split(" ")[1]}L${places[0]}`;
}
