import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EmporiumError } from "../core/errors.js";
import { makeLog } from "../core/log.js";
import { fileStore } from "../stores/file/store.js";
import { memoryStore } from "../stores/memory/store.js";
import type { Store } from "../stores/store.js";
import { pieceBudget } from "./piece-budget.js";
import { type StaticOptions, staticFiles } from "./static.js";

const CHANGED_MS = Date.UTC(2026, 0, 2, 3, 4, 5);
const bytes = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 7) % 251);
const BIG = bytes(2_500_000);
const bodyOf = async (response: Response) => new Uint8Array(await response.arrayBuffer());

const folder = mkdtempSync(join(tmpdir(), "emporium-static-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function asking(store: Store, path: string, init: RequestInit = {}, options: StaticOptions = {}): Promise<Response> {
  return staticFiles(store, options)(new Request(`http://localhost/files/${path}`, init), path);
}

async function memoryTree(): Promise<Store> {
  const store = memoryStore({ now: () => CHANGED_MS });
  const put = (key: string, body: Uint8Array | string) =>
    store.write(key, typeof body === "string" ? new TextEncoder().encode(body) : body);
  await put("a/big.mrc", BIG);
  await put("a/small.bin", bytes(100));
  await put("a/empty", "");
  await put("a/t.zarr/.zattrs", "{}");
  await put("a/t.zarr/0/.zarray", "{}");
  await put("a/mesh/1:0", '{"fragments":[]}');
  await put("a/b c/ü %.txt", "text");
  await put("a/page.html", "<script>alert(1)</script>");
  await put("a/picture.svg", "<svg/>");
  await put(".env", "secret");
  await put(".emporium/journal.json", "{}");
  await put("a/.git/.zattrs", "{}");
  await put("site/index.html", "<p>page");
  return store;
}

describe("files of an archive", () => {
  let store: Store;
  beforeAll(async () => {
    store = await memoryTree();
  });
  const ask = (path: string, init?: RequestInit) => asking(store, path, init);

  it("are sent whole, with length, tag, time and kind", async () => {
    const response = await ask("a/small.bin");
    expect(response.status).toBe(200);
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(bytes(100));
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "accept-ranges": "bytes",
      "content-length": "100",
      "content-type": "application/octet-stream",
      etag: '"v2"',
      "last-modified": "Fri, 02 Jan 2026 03:04:05 GMT",
      "cache-control": "no-cache",
    });
  });

  it("are sent in pieces where they are large, and never held whole", async () => {
    const reads: number[] = [];
    const watched: Store = {
      ...store,
      read: (key, range, options) => {
        reads.push(range?.length ?? Number.POSITIVE_INFINITY);
        return store.read(key, range, options);
      },
    };
    const response = await asking(watched, "a/big.mrc");
    expect(Buffer.compare(await bodyOf(response), BIG)).toBe(0);
    expect(Math.max(...reads)).toBeLessThanOrEqual(1024 * 1024);
    expect(reads.length).toBe(3);
  });

  it.each([
    ["bytes=0-0", 0, 1],
    ["bytes=1000-1999999", 1000, 1_999_000],
    ["bytes=2499990-", 2_499_990, 10],
    ["bytes=-100", 2_499_900, 100],
  ])("are sent in part: %s", async (range, offset, length) => {
    const response = await ask("a/big.mrc", { headers: { range } });
    expect(response.status).toBe(206);
    expect(response.headers.get("content-range")).toBe(`bytes ${offset}-${offset + length - 1}/2500000`);
    expect(response.headers.get("content-length")).toBe(String(length));
    expect(Buffer.compare(await bodyOf(response), BIG.subarray(offset, offset + length))).toBe(0);
  });

  it("take no more of the memory for files than they give back", async () => {
    for (const path of ["a/empty", "a/small.bin", "a/big.mrc"]) {
      const pieces = pieceBudget(2 ** 22);
      await bodyOf(await asking(store, path, {}, { pieces }));
      expect([path, pieces.takenBytes]).toEqual([path, 0]);
    }
  });

  it("have no part behind their end", async () => {
    const response = await ask("a/small.bin", { headers: { range: "bytes=100-" } });
    expect([response.status, response.headers.get("content-range")]).toEqual([416, "bytes */100"]);
    expect((await ask("a/empty", { headers: { range: "bytes=0-" } })).status).toBe(416);
    expect((await ask("a/empty")).status).toBe(200);
  });

  it("are sent anew where the client's part is of another", async () => {
    const headers = { range: "bytes=0-9", "if-range": '"v1"' };
    expect((await ask("a/small.bin", { headers })).status).toBe(200);
    expect((await ask("a/small.bin", { headers: { ...headers, "if-range": '"v2"' } })).status).toBe(206);
  });

  it("are not sent again to a client that has them", async () => {
    const response = await ask("a/small.bin", { headers: { "if-none-match": '"v2"' } });
    expect([response.status, await response.text(), response.headers.get("etag")]).toEqual([304, "", '"v2"']);
    expect((await ask("a/small.bin", { headers: { "if-match": '"other"' } })).status).toBe(412);
  });

  it("answer HEAD as GET, without a body", async () => {
    const [head, get] = await Promise.all([ask("a/big.mrc", { method: "HEAD" }), ask("a/big.mrc")]);
    expect(Object.fromEntries(head.headers)).toEqual(Object.fromEntries(get.headers));
    expect(head.body).toBeNull();
    await get.body?.cancel();
  });

  it("say nothing of other origins, whose pages can then not read them", async () => {
    for (const path of ["a/small.bin", "no/such"]) {
      const { headers } = await ask(path, { headers: { origin: "https://example.org" } });
      expect(headers.get("access-control-allow-origin")).toBeNull();
      expect(headers.get("cross-origin-resource-policy")).toBe("same-origin");
    }
  });

  it("are found by encoded names, and by names with a colon", async () => {
    expect(await (await ask("a/b%20c/%C3%BC%20%25.txt")).text()).toBe("text");
    expect(await (await ask("a/mesh/1:0")).text()).toBe('{"fragments":[]}');
    expect((await ask("a/t.zarr/.zattrs")).headers.get("content-type")).toBe("application/json");
    expect((await ask("a/t.zarr/0/.zarray")).status).toBe(200);
  });

  it.each(["a/page.html", "a/picture.svg"])("do nothing where they are shown: %s", async (path) => {
    const { headers } = await ask(path);
    expect(headers.get("content-disposition")).toBe("attachment");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("content-security-policy")).toContain("sandbox");
  });

  it.each(["", "a", "a/", "a/none", "a/small.bin/x", "site/"])("are not listed and not guessed: %j", async (path) => {
    expect((await ask(path)).status).toBe(404);
  });

  it.each([".env", ".emporium/journal.json", "a/.git/.zattrs"])("are hidden: %s", async (path) => {
    expect((await ask(path)).status).toBe(404);
  });

  it.each([
    "../x",
    "a/../../x",
    "a/%2e%2e/x",
    "..%2fx",
    "a%2fsmall.bin",
    "a//small.bin",
    "a/.",
    "a/%00",
    "a/%ff",
    "%5c..%5cx",
    "..%5cx",
    `a/${"x".repeat(300)}`,
  ])("do not lie outside: %s", async (path) => {
    const response = await ask(path);
    expect(response.status).toBe(400);
    expect(await response.text()).toBe("400 this is not a name of a file\n");
  });

  it.each(["POST", "PUT", "DELETE", "PATCH"])("cannot be changed by %s", async (method) => {
    const response = await ask("a/small.bin", { method });
    expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, HEAD, OPTIONS"]);
  });
});

describe("files of a page", () => {
  it("belong to their own origin, have a policy, and index.html for a folder", async () => {
    const store = await memoryTree();
    const options: StaticOptions = { role: "page", policy: "default-src 'self'" };
    const response = await asking(store, "site/", {}, options);
    expect(await response.text()).toBe("<p>page");
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": "default-src 'self'",
      "cross-origin-resource-policy": "same-origin",
    });
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
    expect(response.headers.get("content-disposition")).toBeNull();
    expect((await asking(store, "site", {}, options)).status).toBe(404);
  });

  it("seam 24: come compressed to whoever takes that, and stay for ever under names that hold their hash", async () => {
    const store = await memoryTree();
    const text = new TextEncoder().encode("let all = 0;\n".repeat(1000));
    const copies: [string, Uint8Array, (bytes: Uint8Array) => Uint8Array][] = [
      ["br", brotliCompressSync(text), brotliDecompressSync],
      ["gzip", gzipSync(text), gunzipSync],
    ];
    await store.write("site/0123/x.js", text);
    for (const [name, bytes] of copies) await store.write(`site/0123/x.js.${name === "br" ? "br" : "gz"}`, bytes);
    const options: StaticOptions = { role: "page", immutable: /^site\/0123\// };
    const get = (accept: string, method = "GET") =>
      asking(store, "site/0123/x.js", { method, headers: { "accept-encoding": accept } }, options);
    for (const [name, bytes, open] of copies) {
      const response = await get(name === "br" ? "gzip, deflate, br" : "gzip;q=0.5, br;q=0.0");
      expect(Object.fromEntries(response.headers)).toMatchObject({
        "content-encoding": name,
        "content-length": String(bytes.length),
        "content-type": "text/javascript; charset=utf-8",
        "cache-control": "public, max-age=31536000, immutable",
        vary: "Accept-Encoding",
      });
      expect(Buffer.compare(open(await bodyOf(response)), text)).toBe(0);
    }
    const plain = await get("identity");
    expect([plain.headers.get("content-encoding"), plain.headers.get("vary")]).toEqual([null, "Accept-Encoding"]);
    expect(Buffer.compare(await bodyOf(plain), text)).toBe(0);
    expect((await get("br", "HEAD")).headers.get("content-length")).toBe(String(copies[0]![1].length));
    const page = await asking(store, "site/", { headers: { "accept-encoding": "br" } }, options);
    expect([page.headers.get("cache-control"), page.headers.get("content-encoding")]).toEqual(["no-cache", null]);
  });
});

describe("trouble of the store", () => {
  it.each([
    ["STORE_DENIED", 403],
    ["STORE_ABSENT", 404],
    ["STORE_THROTTLED", 503],
    ["STORE_UNAVAILABLE", 503],
    ["STORE_FAILED", 500],
  ] as const)("%s is told by its status alone", async (code, status) => {
    const lines: string[] = [];
    const store: Store = {
      ...memoryStore(),
      stat: async () => {
        throw new EmporiumError(code, "a path of this machine");
      },
    };
    const response = await asking(store, "x", {}, { log: makeLog((_level, message) => lines.push(message)) });
    expect(response.status).toBe(status);
    expect(await response.text()).not.toContain("machine");
    expect(response.headers.get("retry-after")).toBe(status === 503 ? "1" : null);
    expect(lines).toEqual(["a path of this machine"]);
  });

  it("breaks off where the file is replaced while it is being sent", async () => {
    const store = await memoryTree();
    const response = await asking(store, "a/big.mrc");
    const reader = response.body!.getReader();
    await reader.read();
    await store.write("a/big.mrc", bytes(2_500_000).reverse());
    await expect(
      (async () => {
        while (!(await reader.read()).done);
      })(),
    ).rejects.toThrow();
  });
});

describe("a folder of this disk", () => {
  it("is served by links that stay inside, and by no others", async () => {
    mkdirSync(join(folder, "tree"));
    writeFileSync(join(folder, "outside.txt"), "outside");
    writeFileSync(join(folder, "tree", "inside.txt"), "inside");
    symlinkSync("inside.txt", join(folder, "tree", "link.txt"));
    symlinkSync("../outside.txt", join(folder, "tree", "leak.txt"));
    const store = fileStore(join(folder, "tree"));
    expect(await (await asking(store, "link.txt")).text()).toBe("inside");
    const leak = await asking(store, "leak.txt");
    expect([leak.status, await leak.text()]).toEqual([403, "403 this file may not be read\n"]);
    expect((await asking(store, "inside.txt")).headers.get("etag")).toMatch(/^"[\w-]+"$/);
  });
});
