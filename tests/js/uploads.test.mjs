import assert from "node:assert/strict";
import { test } from "node:test";

import { uploadFailure } from "../../page/static/editor/uploads.js";

const limits = { megabytes: 200, megapixels: 300 };
const failure = (message, megabytes = 5) => uploadFailure(new Error(message), { size: megabytes * 1e6 }, limits);

test("an upload that a proxy refuses is told apart from our own limit", () => {
  const page = "HTTP 413: <html><head><title>413 Request Entity Too Large</title></head>\n<hr>nginx</html>";
  assert.deepEqual(failure(page), { code: "upload_blocked", megabytes: 200, megapixels: 300, size: "5.0" });
  assert.equal(failure("HTTP 403: blocked by the firewall").code, "upload_blocked");
  const own = 'HTTP 413: {"error": "The upload is larger", "code": "too_long", "limit": 208}';
  assert.equal(failure(own, 300).code, "too_long");
  assert.equal(failure(own, 300).limit, 208);
});

test("a connection that is cut during a large upload may be a proxy's limit", () => {
  assert.equal(failure("Connection errored out. Failed to fetch").code, "upload_cut");
  assert.equal(failure("Connection errored out. Failed to fetch", 0.2).code, "upload_failed");
});

test("a file above our limit is told our limit", () => {
  assert.equal(failure('File(s) exceed the maximum allowed size of 200.0 Mb: "a.tif"', 250).code, "upload_failed");
});
