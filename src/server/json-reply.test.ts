import { gunzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { sentJson } from "./json-reply.js";

const LONG = JSON.stringify(Array.from({ length: 3_000 }, (_, i) => i));
async function sent(
  body: string | null,
  told: Record<string, string> = {},
  asked: Record<string, string> = {},
  more: { status?: number; method?: string } = {},
) {
  const headers = { "content-type": "application/json", ...told };
  const { status = 200, method = "GET" } = more;
  const response = await sentJson(
    new Request("http://lab.test/", { method, headers: asked }),
    new Response(body, { status, headers }),
  );
  return { response, bytes: Buffer.from(await response.arrayBuffer()), etag: response.headers.get("etag") };
}

it("JSON has a tag of its text, and is not sent again to who has it", async () => {
  const first = await sent("[1]");
  expect([first.bytes.toString(), first.response.headers.get("content-length")]).toEqual(["[1]", "3"]);
  expect(first.etag).toMatch(/^W\/"[\w-]{22}"$/);
  expect((await sent("[2]")).etag).not.toBe(first.etag);
  const again = await sent("[1]", {}, { "if-none-match": first.etag! });
  expect([again.response.status, again.bytes.length, again.etag, again.response.headers.get("content-type")]).toEqual([
    304,
    0,
    first.etag,
    null,
  ]);
  expect((await sent("[2]", {}, { "if-none-match": first.etag! })).response.status).toBe(200);
});

it("what has a tag keeps it; what may not be stored, errors and other types get none", async () => {
  expect((await sent("[1]", { etag: '"own"' })).etag).toBe('"own"');
  expect((await sent("[1]", { "cache-control": "no-store" })).etag).toBeNull();
  expect((await sent("[1]", {}, {}, { status: 404 })).etag).toBeNull();
  expect((await sent("1", { "content-type": "text/plain" })).etag).toBeNull();
  expect((await sent(null, {}, {}, { method: "HEAD" })).etag).toBeNull();
});

it("long JSON is compressed where the client takes that, and its tag is then weak", async () => {
  const gzip = { "accept-encoding": "gzip" };
  const long = await sent(LONG, { etag: '"own"' }, gzip);
  expect(gunzipSync(long.bytes).toString()).toBe(LONG);
  expect([long.etag, long.response.headers.get("content-encoding"), long.response.headers.get("vary")]).toEqual([
    'W/"own"',
    "gzip",
    "Accept-Encoding",
  ]);
  expect(long.response.headers.get("content-length")).toBe(String(long.bytes.length));
  expect((await sent(LONG, { etag: 'W/"own"' }, gzip)).etag).toBe('W/"own"');
  const untagged = await sent(LONG, { "cache-control": "no-store" }, gzip);
  expect([untagged.etag, untagged.response.headers.get("content-encoding")]).toEqual([null, "gzip"]);
  const plain = await sent(LONG, { etag: '"own"' });
  expect([plain.bytes.toString() === LONG, plain.etag, plain.response.headers.get("vary")]).toEqual([
    true,
    '"own"',
    "Accept-Encoding",
  ]);
  const short = await sent("[1]", {}, gzip);
  expect([short.response.headers.get("content-encoding"), short.response.headers.get("vary")]).toEqual([null, null]);
});
