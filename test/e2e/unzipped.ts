import { spawnSync } from "node:child_process";
import { expect } from "vitest";
import { pythonWith } from "../python-with-numpy.js";

const READ = `
import base64, io, json, sys, zipfile
with zipfile.ZipFile(io.BytesIO(sys.stdin.buffer.read())) as z:
    assert z.testzip() is None
    print(json.dumps({i.filename: base64.b64encode(z.read(i)).decode() for i in z.infolist()}))
`;

/** What Python's zipfile finds in an archive: bodies in base64, by name. */
export function unzipped(bytes: Uint8Array): Record<string, string> {
  const { stdout, stderr, status } = spawnSync(pythonWith("zipfile")!, ["-c", READ], {
    input: bytes,
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  expect([status, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout) as Record<string, string>;
}
