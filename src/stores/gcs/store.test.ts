import { createServer, type RequestListener } from "node:http";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { startOfflinePortals } from "../../../examples/portals/server.mjs";
import { isEmporiumError } from "../../core/errors.js";
import { gcsStore } from "./store.js";

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function serve(answer: RequestListener) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return { endpoint: `http://127.0.0.1:${(server.address() as { port: number }).port}`, asked };
}

const text = new TextEncoder().encode("chunk of a volume ".repeat(500));

/** What Google does with an object that is stored packed, for whoever does not take packed bytes. */
const packed: RequestListener = (request, response) => {
  const stored = gzipSync(text);
  response.writeHead(200, {
    etag: '"5d41402abc4b2a76b9719d911017c592"',
    "last-modified": "Mon, 15 Jan 2024 12:00:00 GMT",
    "x-goog-stored-content-encoding": "gzip",
    "x-goog-stored-content-length": stored.length,
    "transfer-encoding": "chunked",
    "cache-control": "public",
  });
  response.end(request.method === "HEAD" ? undefined : gunzipSync(stored));
};

async function errorOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => (isEmporiumError(error) ? { code: error.code, hint: error.facts.hint } : error),
  );
}

describe("gs", () => {
  it("hands out unpacked what is stored packed, in one request", async () => {
    const { endpoint, asked } = await serve(packed);
    const store = gcsStore({ bucket: "b-1", prefix: "vol", endpoint });
    expect(await store.read("0-64_0-64_0-64")).toEqual(text);
    expect(asked).toEqual(["GET /b-1/vol/0-64_0-64_0-64"]);
    expect(await store.read("x", { offset: 10, length: 20 })).toEqual(text.subarray(10, 30));
    const stat = await store.stat("x");
    expect(stat).toEqual({
      size: text.length,
      etag: '"5d41402abc4b2a76b9719d911017c592"',
      modifiedMs: Date.UTC(2024, 0, 15, 12),
    });
    expect(await store.read("x", undefined, { ifMatch: stat!.etag })).toEqual(text);
  });

  it("does not take the half of such an object for the whole", async () => {
    const { endpoint } = await serve((request, response) => {
      packed(request, { writeHead: response.writeHead.bind(response), end: () => {} } as unknown as typeof response);
      response.write(text.subarray(0, 1000));
      setTimeout(() => request.socket.destroy(), 20);
    });
    expect(await errorOf(gcsStore({ bucket: "b-1", endpoint }).read("x"))).toMatchObject({ code: "STORE_UNAVAILABLE" });
  });

  it("says of a bucket that it may not be listed, or does not exist", async () => {
    const status = { code: 401 };
    const { endpoint } = await serve((_request, response) => response.writeHead(status.code).end("{}"));
    const list = async () => {
      for await (const _ of gcsStore({ bucket: "b-1", endpoint }).list("")) break;
    };
    for (status.code of [401, 403])
      expect(await errorOf(list())).toMatchObject({ code: "STORE_DENIED", hint: expect.stringContaining("one by one") });
    status.code = 404;
    expect(await errorOf(list())).toMatchObject({ code: "STORE_ABSENT" });
  });

  it("ends a listing that repeats itself, and refuses what is none", async () => {
    const reply = { body: '{"nextPageToken":"again","items":[]}' };
    const { endpoint, asked } = await serve((_request, response) => response.end(reply.body));
    const list = async () => {
      for await (const _ of gcsStore({ bucket: "b-1", endpoint }).list("")) break;
    };
    expect(await errorOf(list())).toMatchObject({ code: "STORE_PROTOCOL" });
    expect(asked.length).toBeLessThanOrEqual(3);
    for (reply.body of ["<html></html>", "[]", "null", ""])
      expect(await errorOf(list())).toMatchObject({ code: "STORE_PROTOCOL" });
  });

  it("reads the stand-in of Google's service, through a base", async () => {
    const portals = await startOfflinePortals();
    closing.push(() => portals.close());
    const rebase = (url: string) => url.replace("https://storage.googleapis.com", `${portals.url}/storage.googleapis.com`);
    const bucket = "neuroglancer-janelia-flyem-hemibrain";
    const store = gcsStore({ bucket, rebase });
    const entries: string[] = [];
    for await (const { key } of store.list("")) entries.push(key);
    expect(entries.length).toBeGreaterThan(5);
    expect(entries).toEqual([...entries].sort());
    const info = entries.find((key) => key.endsWith("/info"))!;
    expect(JSON.parse(new TextDecoder().decode(await store.read(info)))).toHaveProperty("scales");
    const stream = (await store.stream!(info, { offset: 2 }))!;
    expect([stream.offset, stream.stat.size]).toEqual([2, (await store.stat(info))?.size]);
    await stream.cancel();
  });
});
