// Why an upload has failed: by the limit of this page, of a proxy in between, or because the connection was cut.

const SMALL_MB = 1; // smaller files are within the limit of any proxy

// The key of a sentence as `code`, with its values. Gradio's error is "HTTP 413: " and the body, or a failed fetch.
export function uploadFailure(error, file, limits) {
  const [, status, body] = /^HTTP (\d+): (.*)$/s.exec(error?.message ?? error) ?? [];
  const own = status && answerOf(body);
  const values = { ...limits, size: (file.size / 1e6).toFixed(1) };
  if (own?.code) return { ...values, ...own };
  if (file.size > limits.megabytes * 1e6) return { code: "upload_failed", ...values };
  if (status === "413" || (status && !own)) return { code: "upload_blocked", ...values };
  if (!status && file.size > SMALL_MB * 1e6) return { code: "upload_cut", ...values };
  return { code: "upload_failed", ...values };
}

// The answer of our own server, which is JSON; null for the page of another one.
function answerOf(body) {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}
