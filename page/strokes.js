// Strokes: follows the pointer, shows what is being painted and what still waits for its fill.

function createStrokes(canvas, ring, onStroke) {
  const ink = canvas.ink, tool = { size: 28, erase: false };
  let waiting = [], current = null, pointer = null, damage = null;

  // Everything that has no fill yet, in one tone: the canvas itself is half transparent.
  function redraw() {
    const context = ink.getContext("2d"), [width, height] = canvas.size;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, ink.width, ink.height);
    if (!width) return;
    context.setTransform(ink.width / width, 0, 0, ink.height / height, 0, 0);
    if (damage) context.drawImage(damage, 0, 0);
    for (const stroke of current ? [...waiting, current] : waiting) trace(context, stroke, 0);
  }

  function trace(context, stroke, from) {
    const colour = getComputedStyle(ink).getPropertyValue(stroke.erase ? "--erasing" : "--painting");
    const points = stroke.points.slice(Math.max(0, from - 1));
    context.strokeStyle = context.fillStyle = colour.trim() || "red";
    context.lineWidth = stroke.brush;
    context.lineCap = context.lineJoin = "round";
    context.beginPath();
    if (points.length === 1) {
      context.arc(...points[0], stroke.brush / 2, 0, 2 * Math.PI);
      context.fill();
      return;
    }
    points.forEach((point, index) => (index ? context.lineTo(...point) : context.moveTo(...point)));
    context.stroke();
  }

  function begin(event) {
    if (pointer !== null) return cancel(); // a second finger: the browser zooms
    if (event.button !== 0 || canvas.before || !canvas.size[0]) return;
    event.preventDefault();
    pointer = event.pointerId;
    ink.setPointerCapture(pointer);
    const brush = Math.max(1, tool.size / canvas.scale);
    current = { points: [canvas.locate(event).map(rounded)], brush: rounded(brush), erase: tool.erase };
    trace(ink.getContext("2d"), current, 0);
  }

  function move(event) {
    follow(event);
    if (event.pointerId !== pointer) return;
    const from = current.points.length, events = event.getCoalescedEvents?.() ?? [];
    for (const step of events.length ? events : [event]) current.points.push(canvas.locate(step).map(rounded));
    trace(ink.getContext("2d"), current, from);
  }

  function end(event) {
    if (event.pointerId !== pointer) return;
    const stroke = current;
    pointer = current = null;
    stroke.points = thinned(stroke.points, 4000);
    waiting.push(stroke);
    onStroke(stroke);
  }

  function cancel() {
    pointer = current = null;
    redraw();
  }

  function follow(event) {
    const box = ink.getBoundingClientRect();
    ring.hidden = event.pointerType === "touch" || canvas.before;
    ring.style.width = ring.style.height = tool.size + "px";
    ring.style.transform = `translate(${event.clientX - box.left - tool.size / 2}px, ${event.clientY - box.top - tool.size / 2}px)`;
  }

  ink.addEventListener("pointerdown", begin);
  ink.addEventListener("pointermove", move);
  ink.addEventListener("pointerup", end);
  ink.addEventListener("pointercancel", cancel);
  ink.addEventListener("pointerleave", () => (ring.hidden = true));

  return {
    tool, redraw,
    // These strokes have their fill (or never get one): take them off the picture.
    settle(strokes) { waiting = waiting.filter((stroke) => !strokes.includes(stroke)); redraw(); },
    showDamage(picture) { damage = picture; redraw(); },
    reset() { waiting = []; damage = null; cancel(); },
  };
}

function rounded(value) {
  return Math.round(value * 100) / 100;
}

// At most so many points, evenly chosen, with both ends kept.
function thinned(points, most) {
  if (points.length <= most) return points;
  return Array.from({ length: most }, (_, index) => points[Math.round((index * (points.length - 1)) / (most - 1))]);
}
