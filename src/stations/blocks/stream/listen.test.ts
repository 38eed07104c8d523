import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { systemClock } from "../../../core/clock.js";
import { silentLog } from "../../../core/log.js";
import { listenForClients } from "./listen.js";
import type { SessionOptions } from "./session.js";
import { readToken } from "./token.js";

const root = mkdtempSync(join(tmpdir(), "emporium-listen-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const none: [number, number, number] = [0, 0, 0];
const grid = { level: 0, shape: none, block: none, halo: none, step: none, voxelSizeNm: none, offsetNm: none };
const options: SessionOptions = {
  source: {
    facts: { grid, arrays: {}, batch: 1, batchBytes: 1 },
    counts: async () => ({ epoch: 0, rank: 0 }),
    async *batches() {},
    close: async () => {},
  },
  share: { rank: 0, world: 1, epoch: 0, skip: 0 },
  shared: false,
  slots: 2,
  memoryBytes: 1,
  version: "1",
  clock: systemClock,
  signal: new AbortController().signal,
};

describe("the socket", () => {
  it("is created in a folder of its owner's, and is its owner's", async () => {
    const socket = join(root, "new", "a.sock");
    const server = await listenForClients({ socket }, options, silentLog);
    expect(server.address).toBe(`unix:${socket}`);
    expect([statSync(join(root, "new")).mode & 0o777, statSync(socket).mode & 0o777]).toEqual([0o700, 0o600]);
    await server.close();
    expect(existsSync(socket)).toBe(false);
  });

  it("is refused in a folder that others can enter", async () => {
    const folder = join(root, "open");
    mkdirSync(folder);
    for (const mode of [0o755, 0o770, 0o701]) {
      chmodSync(folder, mode);
      const server = listenForClients({ socket: join(folder, "a.sock") }, options, silentLog);
      await expect(server).rejects.toMatchObject({ code: "USAGE", message: expect.stringContaining("other users can enter") });
    }
  });

  it("is another server's while that one answers, and free when it is gone", async () => {
    const at = { socket: join(root, "new", "b.sock") };
    const first = await listenForClients(at, options, silentLog);
    await expect(listenForClients(at, options, silentLog)).rejects.toMatchObject({ code: "TARGET_LOCKED" });
    await first.close();
    writeFileSync(at.socket, ""); // what a killed server leaves answers nobody
    const second = await listenForClients(at, options, silentLog);
    await second.close();
  });
});

describe("the port", () => {
  it("is not opened without a token", async () => {
    await expect(listenForClients({ host: "127.0.0.1", port: 0 }, options, silentLog)).rejects.toMatchObject({ code: "USAGE" });
  });

  it("is one that is free, and closes with clients connected", async () => {
    const server = await listenForClients({ host: "127.0.0.1", port: 0 }, { ...options, token: "x".repeat(32) }, silentLog);
    const [, port] = /^tcp:\/\/127\.0\.0\.1:(\d+)$/.exec(server.address)!;
    const client = connect(Number(port), "127.0.0.1");
    await new Promise((resolve) => client.once("connect", resolve));
    const closed = new Promise((resolve) => client.once("close", resolve));
    client.on("error", () => {});
    await server.close();
    await closed;
  });
});

describe("the token", () => {
  it("is created for its owner alone, with 256 bits, and is the same when it is read again", () => {
    const path = join(root, "token");
    const token = readToken(path);
    expect(token).toMatch(/^[\w-]{43}$/);
    expect([statSync(path).mode & 0o777, readToken(path)]).toEqual([0o600, token]);
    expect(readToken(join(root, "other"))).not.toBe(token);
  });

  it("is refused where others can read it, or where it is short, and never shown", () => {
    const path = join(root, "shared-token");
    writeFileSync(path, `${"s".repeat(40)}\n`, { mode: 0o600 });
    chmodSync(path, 0o640);
    expect(() => readToken(path)).toThrow(
      expect.objectContaining({ code: "USAGE", message: `${path}: other users can read the token` }),
    );
    chmodSync(path, 0o600);
    expect(readToken(path)).toBe("s".repeat(40));
    writeFileSync(path, "short-secret");
    expect(() => readToken(path)).toThrow(/expected at least 32, found a token of 12 characters$/);
  });
});
