// Upload of a file to the server, with its progress; fetch cannot tell how much of a request has been sent.

// The path on the server as { path }. Errors are those of Gradio's own upload: "HTTP 413: " and the body, or a failed
// connection. `onProgress` is called with the share that has been sent.
export function uploadFile(file, { onProgress = () => {}, signal } = {}) {
  const form = new FormData();
  form.append("files", file, file.name);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.upload.onprogress = ({ loaded, total }) => onProgress(loaded / Math.max(total, 1));
    request.onerror = request.onabort = () => reject(new Error("the connection failed"));
    request.onload = () => {
      const [path] = request.status === 200 ? pathsOf(request.responseText) : [];
      path ? resolve({ path }) : reject(new Error(`HTTP ${request.status}: ${request.responseText}`));
    };
    signal?.addEventListener("abort", () => request.abort());
    request.open("POST", new URL("gradio_api/upload", document.baseURI));
    request.send(form);
  });
}

function pathsOf(body) {
  try {
    return JSON.parse(body);
  } catch {
    return [];
  }
}
