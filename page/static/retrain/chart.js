// Charts: a small line chart for each loss, over the images seen.

const WIDTH = 300;
const HEIGHT = 84;
const PADDING = 6;
const MAX_POINTS = 240;

export function createCharts(container) {
  const charts = new Map();

  function addChart(name) {
    const figure = document.createElement("figure");
    figure.innerHTML = `<figcaption><span></span><b></b></figcaption>
      <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" aria-hidden="true"><path/></svg>
      <small><span>0</span><span></span></small>`;
    figure.querySelector("span").textContent = name.replace("/", ", ").replaceAll("_", " ");
    container.append(figure);
    charts.set(name, figure);
    return figure;
  }

  // Draw the losses in log lines; `total` is the end of the axis, or null.
  function draw(lines, total, format) {
    const keys = [...new Set(lines.flatMap((line) => Object.keys(line)))];
    const names = keys.filter((name) => /^(generator|discriminator)\//.test(name));
    for (const [name, figure] of charts) {
      if (names.includes(name)) continue;
      figure.remove();
      charts.delete(name);
    }
    for (const name of names.sort((a, b) => b.localeCompare(a))) {
      const figure = charts.get(name) ?? addChart(name);
      const points = average(lines.filter((line) => name in line).map((line) => [line.images_seen, line[name]]));
      const [lastImages, lastValue] = points.at(-1);
      const end = Math.max(total ?? 0, lastImages);
      const value = lastValue.toPrecision(3);
      figure.querySelector("path").setAttribute("d", pathData(points, end));
      figure.querySelector("b").textContent = value;
      figure.querySelector("small span:last-child").textContent = format(end);
      figure.setAttribute("role", "img");
      figure.setAttribute("aria-label", `${name}: ${value}`);
    }
  }

  return { draw };
}

// At most MAX_POINTS points, as means of neighbours.
function average(points) {
  const size = Math.ceil(points.length / MAX_POINTS);
  const groups = [];
  for (let i = 0; i < points.length; i += size) groups.push(points.slice(i, i + size));
  return groups.map((group) => [group.at(-1)[0], group.reduce((sum, [, value]) => sum + value, 0) / group.length]);
}

// The SVG path through points, scaled to the chart.
function pathData(points, end) {
  const values = points.map(([, value]) => value);
  const low = Math.min(...values);
  const range = Math.max(...values) - low || 1;
  const scaled = points.map(([images, value]) => {
    const x = (images / end) * WIDTH;
    const y = HEIGHT - PADDING - ((value - low) / range) * (HEIGHT - 2 * PADDING);
    return `${x.toFixed(1)} ${y.toFixed(1)}`;
  });
  return scaled.length > 1 ? `M${scaled.join("L")}` : `M0 ${scaled[0].split(" ")[1]}L${scaled[0]}`;
}
