// Reads what the page keeps in sessionStorage. Another release may have written it, or a user: parts that are not of the
// expected form are left out, so that they cannot keep the rest from being shown.
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const isText = (value) => typeof value === "string";
const isPair = (value) => Array.isArray(value) && value.length === 2 && value.every(Number.isFinite);
const textOf = (value) => (isText(value) ? value : undefined);

// The photo that was open, { visit, example, name, changes, held, unanswered, toned }; null if none is known. `held` are
// the strokes that wait, `unanswered` what the server had not answered, and `changes` the jobs that made the mask and those
// that were undone: all of them, or undefined.
export function readVisit(stored) {
  const { visit, example, name, changes, held, unanswered, toned } = isObject(stored) ? stored : {};
  if (!isText(visit) && !isText(example)) return null;
  return {
    visit: textOf(visit),
    example: textOf(example),
    name: textOf(name),
    changes: isObject(changes) && areJobs(changes.applied) && areJobs(changes.undone) ? changes : undefined,
    held: Array.isArray(held) ? held.filter(isStroke) : [],
    unanswered: isObject(unanswered) && areJobs(unanswered.sent) && areJobs(unanswered.queue) ? unanswered : undefined,
    toned: toned === true,
  };
}

// The versions of a visit, { visit, current, kept }; null if they are not known. `current` is a number of a thumbnail.
export function readVersions(stored) {
  const { visit, current, kept } = isObject(stored) ? stored : {};
  if (!isText(visit) || !Array.isArray(kept) || !kept.every(isVersion)) return null;
  const entries = kept.map((entry) => ({ ...entry, jobs: areJobs(entry.jobs) ? entry.jobs : undefined }));
  return { visit, current: Number.isInteger(current) ? current : -1, kept: entries };
}

const isVersion = (entry) =>
  isObject(entry) &&
  Number.isSafeInteger(entry.version) &&
  isText(entry.picture) &&
  entry.picture.startsWith("data:image/");

const areJobs = (jobs) => Array.isArray(jobs) && jobs.every(isJob);

function isJob(job) {
  if (!isObject(job)) return false;
  const { stroke, name, strokes = [] } = job;
  return (stroke === undefined ? isText(name) : isStroke(stroke)) && Array.isArray(strokes) && strokes.every(isStroke);
}

// A line or an outline of points, or a mask, as the server takes them.
export function isStroke(stroke) {
  if (!isObject(stroke) || typeof stroke.erase !== "boolean") return false;
  const { shape = "line", points, brush, left, top, png } = stroke;
  if (shape === "mask") return isText(png) && [left, top].every(Number.isInteger);
  const hasPoints = Array.isArray(points) && points.length > 0 && points.every(isPair);
  return hasPoints && (shape === "area" || (shape === "line" && brush > 0 && Number.isFinite(brush)));
}
