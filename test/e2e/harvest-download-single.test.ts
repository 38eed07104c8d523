import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { bytes } from "../conformance/store-suite.js";
import { emporium } from "./cli-host.js";

const body = bytes(40_000, 7);
/** More than comes with one reply. */
const large = bytes(9_000_000, 8);
const sum = createHash("sha256").update(body).digest("hex");

async function serving(listener: RequestListener): Promise<{ url: string; dest: string }> {
  const server = createServer(listener);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const dest = mkdtempSync(join(tmpdir(), "emporium-single-"));
  onTestFinished(async () => {
    rmSync(dest, { recursive: true, force: true });
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });
  return { url: `http://127.0.0.1:${(server.address() as { port: number }).port}`, dest };
}

const files =
  (all: Record<string, Uint8Array | string>): RequestListener =>
  (request, response) => {
    const found = all[decodeURIComponent(request.url ?? "")];
    if (found === undefined) response.writeHead(404).end();
    else response.writeHead(200, { "content-length": Buffer.byteLength(found) }).end(request.method === "HEAD" ? "" : found);
  };

const download = (url: string, dest: string, ...words: string[]) =>
  emporium(["harvest", "download", url, "--dest", dest, "--json", ...words]);

describe("one file by its address", () => {
  it("seam 39: asks for the checksum beside it, as a folder does", async () => {
    const right = await serving(files({ "/a/tomo.mrc": body, "/a/tomo.mrc.sha256": `${sum}  tomo.mrc\n` }));
    expect((await download(`${right.url}/a/tomo.mrc`, right.dest)).status).toBe(0);
    expect(readFileSync(join(right.dest, ".emporium-manifest.jsonl"), "utf8")).toContain('"checksum": "sidecar"');
    const wrong = await serving(files({ "/a/tomo.mrc": body, "/a/tomo.mrc.md5": `${"0".repeat(32)}  tomo.mrc\n` }));
    const answer = await download(`${wrong.url}/a/tomo.mrc`, wrong.dest);
    expect(answer.status).toBe(1);
    expect(answer.out).toContain("CHECKSUM_MISMATCH");
  });

  it("seam 39: comes from a server that tells no length; of what it tells instead, both addresses are named", async () => {
    const { url, dest } = await serving((request, response) => {
      if (request.url === "/asked") return response.writeHead(302, { location: "/really/tomo.mrc" }).end();
      if (request.url === "/closed") return response.writeHead(302, { location: "/really/closed" }).end();
      if (request.url === "/really/closed") return response.writeHead(403).end();
      if (request.url !== "/really/tomo.mrc") return response.writeHead(404).end();
      response.writeHead(200, { "transfer-encoding": "chunked" });
      return request.method === "HEAD" ? response.end() : response.end(body);
    });
    for (const round of ["first", "again"]) {
      const { status, out } = await download(`${url}/asked`, dest);
      expect([round, status, out.includes("zarr.json")]).toEqual([round, 0, false]);
      expect(Buffer.compare(readFileSync(join(dest, "asked")), body)).toBe(0);
    }
    const peeked = await emporium(["harvest", "peek", `${url}/closed`]);
    expect(peeked.status).not.toBe(0);
    expect(peeked.err).toContain(`${url}/closed`);
    expect(peeked.err).toContain(`${url}/really/closed`);
  });
});

describe("a file that is there, of a server that tells neither date nor checksum", () => {
  it("is what a kill before its line in the manifest has left, or another one, which is refused", async () => {
    const { url, dest } = await serving(files({ "/a/tomo.mrc": body, "/a/large.mrc": large }));
    const other = (bytes: Uint8Array) => bytes.map((byte) => byte ^ 1);
    for (const [name, bytes] of [
      ["tomo.mrc", body],
      ["large.mrc", large],
    ] as const) {
      writeFileSync(join(dest, name), other(bytes));
      for (const round of ["first", "again"]) {
        const { status, out } = await download(`${url}/a/${name}`, dest);
        expect([round, status, (JSON.parse(out) as { errors: unknown[] }).errors]).toMatchObject([
          round,
          1,
          [{ code: "CONFIG_COLLISION" }],
        ]);
        expect(Buffer.compare(readFileSync(join(dest, name)), other(bytes))).toBe(0);
      }
      writeFileSync(join(dest, name), bytes);
      expect((await download(`${url}/a/${name}`, dest)).status).toBe(0);
      expect(Buffer.compare(readFileSync(join(dest, name)), bytes)).toBe(0);
    }
    expect(readdirSync(dest).sort()).toEqual([".emporium-manifest.jsonl", "large.mrc", "tomo.mrc"]);
  });
});

describe("--manifest", () => {
  it("that is a file to download, or a text of another kind, is refused, and nothing is touched", async () => {
    const { dest } = await serving(files({}));
    const [input, notes] = [join(dest, "input.txt"), join(dest, "notes.txt")];
    writeFileSync(input, "");
    writeFileSync(notes, "no manifest");
    for (const [file, code, was] of [
      [input, "USAGE", ""],
      [notes, "STORE_FAILED", "no manifest"],
    ] as const) {
      const { status, err } = await download(input, join(dest, "copies"), "--manifest", file);
      expect([file, status === 0, err.includes(`error[${code}]`), readFileSync(file, "utf8")]).toEqual([file, false, true, was]);
    }
  });
});

describe("names in a listing", () => {
  it("seam 39: that can be no file here are named, the rest is fetched, and the status is 3", async () => {
    const page =
      '<html><title>Index of /d/</title><a href="../">../</a><a href="a.mrc">a</a><a href="%00b.mrc">b</a><a href="c%2Fd.mrc">c</a><a href="..%5Ce.mrc">e</a></html>';
    const { url, dest } = await serving((request, response) =>
      request.url === "/d/"
        ? response.writeHead(200, { "content-type": "text/html" }).end(page)
        : files({ "/d/a.mrc": body })(request, response),
    );
    const { status, out } = await download(`${url}/d/`, dest);
    expect(status).toBe(3);
    const { errors } = JSON.parse(out) as { errors: { code: string; message: string }[] };
    expect(errors.map(({ code }) => code)).toEqual(["NAME_UNSAFE", "NAME_UNSAFE", "NAME_UNSAFE"]);
    expect(errors.map(({ message }) => message).join(" ")).toMatch(/u0000b\.mrc.*c\/d\.mrc.*e\.mrc/s);
    expect(Buffer.compare(readFileSync(join(dest, "d", "a.mrc")), body)).toBe(0);
  });
});

describe("--dry-run over HTTP", () => {
  it("seam 41: asks each file for the size that no listing tells", async () => {
    const asked: string[] = [];
    const page =
      '<html><title>Index of /d/</title><a href="../">../</a><a href="a.mrc">a.mrc</a><a href="b.mrc">b.mrc</a></html>';
    const { url, dest } = await serving((request, response) => {
      asked.push(request.method ?? "");
      if (request.url === "/d/") return response.writeHead(200, { "content-type": "text/html" }).end(page);
      return files({ "/d/a.mrc": body, "/d/b.mrc": body.subarray(0, 1234) })(request, response);
    });
    const { status, out } = await download(`${url}/d/`, dest, "--dry-run");
    expect(status).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ bytes: 41_234, unsized: 0 });
    expect(asked.sort()).toEqual(["GET", "HEAD", "HEAD"]);
  });
});

describe("--fail-fast", () => {
  it("asks for nothing more after a failure, and says how many files are left", async () => {
    const names = Array.from({ length: 400 }, (_, at) => `${at}.raw`);
    const rows = names.map((name) => `<a href="${name}">${name}</a>  2024-01-15 12:00  ${body.length}`);
    const page = `<html><title>Index of /d/</title><pre>${rows.join("\n")}</pre></html>`;
    let gone = false;
    const late: string[] = [];
    const { url, dest } = await serving((request, response) => {
      if (request.url === "/d/") return response.writeHead(200, { "content-type": "text/html" }).end(page);
      if (request.url === "/d/200.raw") {
        gone = true;
        return response.writeHead(404).end();
      }
      // whoever asks now gets no answer: a run that waits for one does not end
      if (gone) return late.push(request.url!);
      return response.writeHead(200, { "content-length": body.length, etag: '"1"' }).end(body);
    });
    const { status, out } = await download(`${url}/d/`, dest, "--fail-fast", "--connections", "4");
    const report = JSON.parse(out) as { fetched: number; left: number; errors: { code: string }[] };
    expect([status, report.errors.map(({ code }) => code)]).toEqual([3, ["STORE_ABSENT"]]);
    // each connection may have been asking for one, and the thread may have told of one that came with the failure
    expect(late.length).toBeLessThanOrEqual(2 * 4);
    expect(report.fetched).toBeGreaterThan(64);
    expect(report.left).toBe(names.length - report.fetched - 1);
    expect(readdirSync(join(dest, "d"))).toHaveLength(report.fetched);
  });
});
