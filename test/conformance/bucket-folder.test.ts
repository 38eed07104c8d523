import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { startBucket } from "../../examples/portals/bucket-folder.mjs";
import { s3Store } from "../../src/stores/s3/store.js";
import { readSuite, writeSuite } from "./store-suite.js";

const root = mkdtempSync(join(tmpdir(), "emporium-bucket-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let made = 0;

const credentials = { accessKeyId: "stand-in-key", secretAccessKey: "stand-in-secret" };
const storeAt = (endpoint: string, prefix = "") =>
  s3Store({ bucket: "portal", prefix, endpoint, region: "us-east-1", credentials });

const open = (prefix: string) => async () => {
  const server = await startBucket({ folder: join(root, String(made++)), bucket: "portal", partBytesMin: 1 });
  const store = storeAt(server.url, prefix);
  return { store, put: async (key: string, body: Uint8Array) => void (await store.write(key, body)), close: server.close };
};

readSuite("a bucket in a folder", open("some/root"));
writeSuite("a bucket in a folder", open("some/root"), { partBytes: 64 * 1024, listing: 1_000 });

describe("a bucket in a folder", () => {
  it("has its objects as files, and again when it is started anew; what a killed server was sent is gone", async () => {
    const folder = join(root, "again");
    const first = await startBucket({ folder, bucket: "portal" });
    await storeAt(first.url).write("10001/a b/é.json", new TextEncoder().encode("{}"));
    const before = await storeAt(first.url).stat("10001/a b/é.json");
    await first.close();
    expect(readFileSync(join(folder, "portal/10001/a b/é.json"), "utf8")).toBe("{}");
    const bodies = join(folder, ".stand-in/bodies");
    mkdirSync(bodies, { recursive: true });
    writeFileSync(join(bodies, "body-7"), "half of a bo");
    writeFileSync(join(folder, ".stand-in/etags.jsonl"), '{"key": "portal/10', { flag: "a" });
    const second = await startBucket({ folder, bucket: "portal" });
    expect(await storeAt(second.url).stat("10001/a b/é.json")).toEqual(before);
    expect(readdirSync(bodies)).toEqual([]);
    await second.close();
  });

  it("refuses keys that would lead out of its folder", async () => {
    const server = await startBucket({ folder: join(root, "safe"), bucket: "portal" });
    // a client of URLs takes dots out by itself, so they are sent as they are
    for (const key of ["../../out", "a/../../../out", "a//b", "a/./b"]) {
      const status = await new Promise((resolve, reject) => {
        const path = `/portal/${key}`;
        const sent = request(server.url, { method: "PUT", path }, (reply) => resolve(reply.resume().statusCode));
        sent.on("error", reject).end("x");
      });
      expect([key, status]).toEqual([key, 400]);
    }
    expect(readdirSync(join(root, "safe", "portal"))).toEqual([]);
    await server.close();
  });
});
