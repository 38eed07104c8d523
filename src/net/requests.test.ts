import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { PRIVATE } from "../../test/faults/hostile-names.js";
import { isEmporiumError } from "../core/errors.js";
import { Secret } from "../core/redact.js";
import { type HttpStoreOptions, httpStore } from "../stores/http/store.js";
import { s3Store } from "../stores/s3/store.js";
import type { Store } from "../stores/store.js";
import { publicGate } from "./gate.js";

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A server on the loopback; `seen` are the requests that reached it. */
async function serve(answer: RequestListener): Promise<{ url: string; seen: IncomingMessage[] }> {
  const seen: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    seen.push(request);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as { port: number }).port}`, seen };
}

const file: RequestListener = (_request, response) => response.writeHead(200, { "content-length": 5, etag: '"1"' }).end("bytes");
const redirectTo =
  (location: string): RequestListener =>
  (_request, response) =>
    response.writeHead(302, { location, "content-length": 0 }).end();

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "none",
    (error: unknown) => (isEmporiumError(error) ? error.code : String(error)),
  );
}

const resolve = async (host: string): Promise<string[]> => {
  if (host === "both.test") return ["8.8.8.8", "127.0.0.1"];
  if (host === "public.test") return ["8.8.8.8"];
  return host === "nothing.test" ? [] : ["127.0.0.1"];
};

describe("requests for addresses that came out of replies", () => {
  it(`are refused for ${PRIVATE.length} spellings of what is not public`, async () => {
    expect(PRIVATE).toHaveLength(40);
    for (const url of PRIVATE) {
      const store = httpStore(url.replace(/\/$/, ""), { gate: publicGate(resolve), timeouts: { connectMs: 200 } });
      expect([url, await codeOf(store.stat("x"))]).toEqual([url, "ADDRESS_REFUSED"]);
      expect([url, await codeOf(store.read("x", { offset: 0, length: 1 }))]).toEqual([url, "ADDRESS_REFUSED"]);
    }
  });

  it("ask a name once, and connect to what was checked", async () => {
    let asked = 0;
    const gate = publicGate(async () => (asked++ === 0 ? ["8.8.8.8"] : ["127.0.0.1"]));
    const calls: (string | undefined)[] = [];
    const lookup = () =>
      new Promise<void>((done) =>
        gate.lookup("turning.test", { all: true }, (error, found) => {
          calls.push(error?.message ?? JSON.stringify(found));
          done();
        }),
      );
    await lookup();
    await lookup();
    expect(calls[0]).toBe('[{"address":"8.8.8.8","family":4}]');
    expect(calls[1]).toMatch(/127\.0\.0\.1, which is not a public address/);
  });

  it("are refused at the hop of a redirection that leads inside, and nobody there is asked", async () => {
    const inside = await serve(file);
    for (const [mirrored, to] of [
      ["https://public.test", `${inside.url}/x`],
      ["http://public.test", `${inside.url}/x`],
      ["http://public.test", "http://private.test/x"],
      ["http://public.test", "http://169.254.169.254/latest"],
    ] as const) {
      const outside = await serve(redirectTo(to));
      // The public host is played by a server of this machine: what a person names with a base passes no gate.
      const rebase = (url: string) => (url.startsWith(`${mirrored}/`) ? outside.url + url.slice(mirrored.length) : url);
      for (const options of [
        { rebase, resolve },
        { rebase, gate: publicGate(resolve) },
      ] satisfies HttpStoreOptions[]) {
        expect(await codeOf(httpStore(mirrored, options).stat("x"))).toBe(
          mirrored.startsWith("https") ? "STORE_PROTOCOL" : "ADDRESS_REFUSED",
        );
      }
      expect(outside.seen).toHaveLength(2);
    }
    expect(inside.seen).toHaveLength(0);
  });

  it("of S3 are refused for an endpoint, or a host, that is not public", async () => {
    const inside = await serve(file);
    const gate = publicGate(async () => ["127.0.0.1"]);
    for (const endpoint of [inside.url, "http://127.0.0.1", "http://[::1]", undefined]) {
      const store = s3Store({ bucket: "some-bucket", anonymous: true, region: "us-east-1", endpoint, gate });
      expect([endpoint, await codeOf(store.stat("x"))]).toEqual([endpoint, "ADDRESS_REFUSED"]);
    }
    expect(inside.seen).toHaveLength(0);
  });
});

describe("redirections", () => {
  it("seam 38: of a host that a person typed lead into a private network only at the same host and port", async () => {
    const second = await serve(file);
    const first = await serve((request, response) =>
      (request.url === "/same" ? redirectTo("/x") : request.url === "/x" ? file : redirectTo(`${second.url}/there`))(
        request,
        response,
      ),
    );
    expect((await httpStore(first.url).stat("same"))?.size).toBe(5);
    for (const read of [
      (store: Store) => store.stat("other"),
      (store: Store) => store.read("other", { offset: 0, length: 1 }),
      (store: Store) => store.stream!("other"),
    ])
      expect(await codeOf(read(httpStore(first.url)))).toBe("ADDRESS_REFUSED");
    expect(second.seen).toHaveLength(0);
    expect((await httpStore(first.url, { allowPrivate: true }).stat("other"))?.size).toBe(5);
    expect(second.seen[0]?.url).toBe("/there");
  });

  it.each([
    "http://169.254.169.254/latest/meta-data/",
    "http://2852039166/",
    "http://0xa9.0xfe.0xa9.0xfe/",
    "http://0251.0376.0251.0376/",
    "http://[::ffff:169.254.169.254]/",
    "http://[64:ff9b::a9fe:a9fe]/",
    "http://[fe80::1]/",
    "http://[fd00:ec2::254]/",
    "http://100.100.100.200/",
    "http://link.test/",
    "http://0.0.0.0/",
  ])("seam 38: to %s are never followed, with --allow-private neither", async (to) => {
    const first = await serve(redirectTo(to));
    const names = async (host: string) => (host === "link.test" ? ["10.0.0.1", "169.254.169.254"] : ["127.0.0.1"]);
    for (const allowPrivate of [false, true])
      expect(await codeOf(httpStore(first.url, { allowPrivate, resolve: names }).stat("x"))).toBe("ADDRESS_REFUSED");
  });

  it("drop the credentials at another origin, and keep them at the same", async () => {
    const second = await serve(file);
    const first = await serve((request, response) =>
      (request.url === "/x" ? redirectTo("/y") : redirectTo(`${second.url}/z`))(request, response),
    );
    const store = httpStore(first.url, { authorization: new Secret("Basic canary"), allowPrivate: true });
    expect((await store.stat("x"))?.size).toBe(5);
    expect(first.seen.map(({ headers }) => headers.authorization)).toEqual(["Basic canary", "Basic canary"]);
    expect(second.seen.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });

  it("of a folder's name to its page are no file", async () => {
    const { url } = await serve((request, response) =>
      request.url === "/data"
        ? redirectTo("/data/")(request, response)
        : response.writeHead(200, { "content-type": "text/html" }).end("<html><title>Index of /data</title></html>"),
    );
    expect(await httpStore(url).stat("data")).toBeUndefined();
    expect(await httpStore(url).read("data")).toBeUndefined();
  });
});

describe("rebase", () => {
  it("asks elsewhere, hop by hop, and hands no credentials to the mirror", async () => {
    const mirror = await serve((request, response) =>
      (request.url === "/far.test/x" ? redirectTo("https://other.test/y") : file)(request, response),
    );
    const rebase = (url: string) => url.replace(/^https:\/\/(far|other)\.test/, `${mirror.url}/$1.test`);
    const store = httpStore("https://far.test", { rebase, authorization: new Secret("Basic canary") });
    expect((await store.stat("x"))?.size).toBe(5);
    expect(store.url).toBe("https://far.test");
    expect(mirror.seen.map(({ url, headers }) => [url, headers.authorization])).toEqual([
      ["/far.test/x", undefined],
      ["/other.test/y", undefined],
    ]);
  });

  it("sends requests for a bucket to its own place at the mirror", async () => {
    const mirror = await serve(file);
    const rebase = (url: string) =>
      url.replace("https://some-bucket.s3.amazonaws.com", `${mirror.url}/some-bucket.s3.amazonaws.com`);
    for (const bucket of ["some-bucket"]) {
      const store = s3Store({ bucket, anonymous: true, prefix: "a b", rebase, gate: publicGate(async () => ["127.0.0.1"]) });
      expect((await store.stat("c+d"))?.size).toBe(5);
      expect(store.url).toBe("s3://some-bucket/a b");
    }
    expect(mirror.seen.map(({ url }) => url)).toEqual(["/some-bucket.s3.amazonaws.com/a%20b/c%2Bd"]);
  });
});
