import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { s3Store } from "./store.js";

const body = Uint8Array.from({ length: 100_000 }, (_, i) => (i * 7) % 251);

describe("reading objects without the SDK", () => {
  let server: Server;
  let refusal: string | undefined;
  const asked: IncomingHttpHeaders[] = [];

  beforeAll(async () => {
    server = createServer(({ headers }, response) => {
      asked.push(headers);
      if (refusal !== undefined) {
        response.writeHead(400, { "content-type": "application/xml" }).end(`<Error><Code>${refusal}</Code></Error>`);
        refusal = undefined;
        return;
      }
      const [from, to] = /^bytes=(\d+)-(\d+)$/.exec(headers.range!)!.slice(1).map(Number) as [number, number];
      const range = `bytes ${from}-${to}/${body.length}`;
      response.writeHead(206, { etag: '"1"', "content-range": range, "content-length": to - from + 1 });
      response.end(body.subarray(from, to + 1));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  afterAll(() => server.close());
  beforeEach(() => {
    asked.length = 0;
  });

  const isSdk = ({ "user-agent": agent = "" }: IncomingHttpHeaders) => agent.includes("aws-sdk");

  it("learns from the SDK's first request, and returns to it where the SDK knows what to do", async () => {
    const { port } = server.address() as AddressInfo;
    const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" };
    const store = s3Store({ bucket: "bucket", endpoint: `http://127.0.0.1:${port}`, region: "us-east-1", credentials });
    const memory = new Uint8Array(new SharedArrayBuffer(body.length));
    const room = (length: number) => memory.subarray(10, 10 + length);
    for (const offset of [0, 20_000, 40_000]) {
      const found = await store.read("a b/c", { offset, length: 30_000 }, { room });
      expect(found!.buffer).toBe(memory.buffer);
      expect(Buffer.compare(found!, body.subarray(offset, offset + 30_000))).toBe(0);
    }
    expect(asked.map(isSdk)).toEqual([true, false, false]);
    expect(asked[2]!.authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/us-east-1\/s3\/aws4_request/);
    refusal = "ExpiredToken";
    await store.read("a b/c", { offset: 0, length: 5 });
    expect(asked.slice(3).map(isSdk)).toEqual([false, true]);
  });
});
