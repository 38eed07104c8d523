import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../../core/clock.js";
import { publicGate } from "../../../net/gate.js";
import { httpStore } from "../../../stores/http/store.js";
import type { ShortWay } from "../../../stores/short-way.js";
import { type SmallFiles, type SmallRequest, startSmallFiles, type WrittenFile } from "./small-files.js";

const MODIFIED = new Date("2024-05-06T07:08:09Z");

/** What is not a plain file is left to the store; the others are written as they are served, and named together. */
describe("small files by threads", () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-small-"));
  const bodies = Object.fromEntries(
    Array.from({ length: 200 }, (_, n) => [`${n}.bin`, Buffer.from(Array.from({ length: n * 37 }, (_, at) => (at * n) % 251))]),
  );
  const odd: Record<string, (response: ServerResponse) => void> = {
    "page.bin": (response) => response.setHeader("content-type", "text/html").end("<!doctype html><p>please log in"),
    "text.mrc": (response) => response.end("try again later"),
    "moved.bin": (response) => response.writeHead(302, { location: "/1.bin" }).end(),
    "broken.bin": (response) => response.writeHead(500).end("no"),
    "packed.bin": (response) => response.setHeader("content-encoding", "gzip").end("xx"),
    "open.bin": (response) => void response.write("chunks", () => response.end()),
    "large.bin": (response) => response.end(Buffer.alloc(1024 * 1024 + 1)),
    "wrong.bin": (response) => response.setHeader("content-md5", createHash("md5").update("other").digest("base64")).end("this"),
    "cut.bin": (response) => void response.writeHead(200, { "content-length": 10 }).write("half", () => response.destroy()),
    "busy.bin": (response) => response.writeHead(503, { "retry-after": "1" }).end(),
  };
  const asked: string[] = [];
  /** Called when `held.bin` is asked for, which is answered in half. */
  let onHeld = () => {};
  let server: Server;
  let way: ShortWay;
  let files: SmallFiles;
  const path = process.env.PATH;

  beforeAll(async () => {
    server = createServer((request, response) => {
      const name = decodeURIComponent(request.url!.slice("/some%20files/".length));
      asked.push(name);
      const body = bodies[name];
      if (body) response.setHeader("last-modified", MODIFIED.toUTCString()).setHeader("content-length", body.length).end(body);
      else if (odd[name]) odd[name](response);
      else if (name === "held.bin") {
        response.writeHead(200, { "content-length": 10 }).write("half", onHeld);
      } else response.writeHead(404).end("no such file");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    way = httpStore(`http://127.0.0.1:${(server.address() as AddressInfo).port}/some%20files`).shortWay!;
  });
  afterEach(async () => {
    process.env.PATH = path;
    await files?.close();
  });
  afterAll(() => {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const start = (name: string, options: Partial<Parameters<typeof startSmallFiles>[0]> = {}) => {
    const dest = join(folder, name);
    mkdirSync(dest, { recursive: true });
    files = startSmallFiles({ dest, sync: true, clock: systemClock, threads: 2, ...options });
    return dest;
  };
  const request = (dest: string, key: string, more: Partial<SmallRequest> = {}): SmallRequest => ({
    ...{ way, key, name: key, target: join(dest, key), isNewFolder: false, size: undefined, modifiedMs: undefined },
    ...{ checksum: undefined, checksumFrom: undefined, ...more },
  });
  const ask = async (dest: string, key: string, more: Partial<SmallRequest> = {}) =>
    (await files.fetch([request(dest, key, more)]))[0]!;
  const all = async (dest: string) => {
    const requests = Object.keys(bodies).map((key) => request(dest, key));
    const batches = Array.from({ length: 5 }, (_, at) => requests.slice(at * 40, at * 40 + 40));
    const written = (await Promise.all(batches.map((batch) => files.fetch(batch)))).flat() as WrittenFile[];
    return Object.fromEntries(Object.keys(bodies).map((key, at) => [key, written[at]!]));
  };

  it.each([
    ["one sync of the file system", {}, path],
    ["a sync of each, where there is no program for that", {}, "/nowhere"],
    ["no sync", { sync: false }, path],
  ])("are those of the server, with its dates: %s", async (name, options, programs) => {
    const dest = start(name, options);
    process.env.PATH = programs;
    const written = await all(dest);
    // nothing is visible before it is kept
    expect(readdirSync(dest).filter((entry) => !entry.endsWith(".part"))).toEqual([]);
    await Promise.all(Object.values(written).map((file) => file.keep()));
    expect(readdirSync(dest).sort()).toEqual(Object.keys(bodies).sort());
    for (const [key, body] of Object.entries(bodies)) {
      expect(readFileSync(join(dest, key)).equals(body), key).toBe(true);
      expect(statSync(join(dest, key)).mtime).toEqual(MODIFIED);
      const sha256 = createHash("sha256").update(body).digest("hex");
      expect(written[key]).toMatchObject({ size: body.length, sha256, modifiedMs: MODIFIED.getTime(), checksum: "own" });
    }
  });

  it("leave to the store what is no plain file, and write none of it", async () => {
    const dest = start("odd");
    const outcomes = await Promise.all(Object.keys(odd).map(async (key) => [key, await ask(dest, key)]));
    const expected = Object.keys(odd).map((key) => [key, key === "busy.bin" ? "throttled" : "store"]);
    expect(Object.fromEntries(outcomes)).toEqual(Object.fromEntries(expected));
    expect(await ask(dest, "none.bin")).toBe("absent");
    expect(await ask(dest, "9.bin", { size: 9 * 37 + 1 })).toBe("store");
    expect(await ask(dest, "9.bin", { checksum: `sha256:${"0".repeat(64)}`, checksumFrom: "given" })).toBe("store");
    writeFileSync(join(dest, "9.bin"), "mine");
    expect(await ask(dest, "9.bin")).toBe("store");
    writeFileSync(join(dest, "8.bin.part.json"), "{}");
    expect(await ask(dest, "8.bin")).toBe("store");
    expect(await ask(join(dest, "no folder"), "7.bin")).toBe("store");
    expect(readdirSync(dest).sort()).toEqual(["8.bin.part.json", "9.bin"]);
    expect(readFileSync(join(dest, "9.bin"), "utf8")).toBe("mine");
  });

  it("of one batch come one after the other, and none after the server has asked for fewer", async () => {
    const dest = start("batch");
    asked.length = 0;
    const keys = ["7.bin", "none.bin", "8.bin", "busy.bin", "9.bin", "10.bin"];
    const results = await files.fetch(keys.map((key) => request(dest, key)));
    expect(results).toMatchObject([{ size: 7 * 37 }, "absent", { size: 8 * 37 }, "throttled", "throttled", "throttled"]);
    expect(asked).toEqual(keys.slice(0, 4));
    expect(readdirSync(dest)).toHaveLength(2);
  });

  it("are not asked for after a stop, which breaks off what is on its way; what came before may be kept", async () => {
    const dest = start("stopped", { threads: 1 });
    asked.length = 0;
    const begun = new Promise<void>((resolve) => {
      onHeld = resolve;
    });
    const first = files.fetch(["7.bin", "held.bin", "8.bin", "9.bin"].map((key) => request(dest, key)));
    await begun;
    files.stop();
    const [came, ...others] = await first;
    expect(others).toEqual(["stopped", "stopped", "stopped"]);
    expect(await ask(dest, "10.bin")).toBe("stopped");
    expect(asked).toEqual(["7.bin", "held.bin"]);
    await (came as WrittenFile).keep();
    await files.close();
    expect(readdirSync(dest)).toEqual(["7.bin"]);
    expect(readFileSync(join(dest, "7.bin")).equals(bodies["7.bin"]!)).toBe(true);
  });

  it("are not looked for in a folder that is new", async () => {
    const dest = start("new");
    writeFileSync(join(dest, "9.bin"), "here");
    const [file] = (await files.fetch([request(dest, "9.bin", { isNewFolder: true })])) as WrittenFile[];
    await file!.keep();
    expect(readFileSync(join(dest, "9.bin")).equals(bodies["9.bin"]!)).toBe(true);
  });

  it("have the checksum that was asked for, and say who told it", async () => {
    const dest = start("sums");
    const checksum = `md5:${createHash("md5").update(bodies["9.bin"]!).digest("hex")}` as const;
    expect(await ask(dest, "9.bin", { checksum, checksumFrom: "sidecar" })).toMatchObject({ checksum: "sidecar" });
  });

  it("say of each file that could not get its name why, and keep the others", async () => {
    const dest = start("names");
    const [first, second] = (await Promise.all([ask(dest, "5.bin"), ask(dest, "6.bin")])) as WrittenFile[];
    mkdirSync(join(dest, "5.bin", "in the way"), { recursive: true });
    const [failed, kept] = await Promise.allSettled([first!.keep(), second!.keep()]);
    expect(failed).toMatchObject({
      status: "rejected",
      reason: { code: expect.stringMatching(/^STORE_/), message: expect.stringContaining("5.bin") },
    });
    expect(kept.status).toBe("fulfilled");
    expect(readFileSync(join(dest, "6.bin")).equals(bodies["6.bin"]!)).toBe(true);
  });

  it("leave nothing that was not kept", async () => {
    const dest = start("left");
    await all(dest);
    const one = (await ask(dest, "none.bin")) as unknown;
    expect(one).toBe("absent");
    expect(readdirSync(dest)).toHaveLength(200);
    await files.close();
    expect(readdirSync(dest)).toEqual([]);
    expect(existsSync(dest)).toBe(true);
  });

  it("are asked for only where addresses may lead, and not at all where names are resolved in another way", async () => {
    const dest = start("gate", { threads: 1 });
    const guarded = httpStore(way.root, { gate: publicGate() }).shortWay!;
    expect(guarded.gate).toEqual({ allowPrivate: false });
    expect(await ask(dest, "9.bin", { way: guarded })).toBe("store");
    expect(httpStore(way.root, { gate: publicGate(async () => ["127.0.0.1"]) }).shortWay).toBeUndefined();
    expect(readdirSync(dest)).toEqual([]);
    expect(await ask(dest, "9.bin")).toMatchObject({ size: 9 * 37 });
  });
});
