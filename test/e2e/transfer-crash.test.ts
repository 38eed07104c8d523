import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { seededRandom } from "../../src/core/random.js";
import { bytes } from "../conformance/store-suite.js";
import { type FaultServer, startFaultServer } from "../faults/server.mjs";

const MiB = 1024 * 1024;
/** `TRANSFER_KILLS=50 TRANSFER_MIB=200 npx vitest run test/e2e/transfer-crash.test.ts` is the long form. */
const KILLS = Number(process.env.TRANSFER_KILLS ?? 4);
const SIZE = Number(process.env.TRANSFER_MIB ?? 40) * MiB + 13;
/** Of each of eight connections, so that a transfer takes long enough to be killed in, and little is in the system's buffers. */
const BYTES_PER_SECOND = SIZE / 8 / 1.2;
/** What a kill may cost. */
const TWICE_MAX = 8 * MiB;

const child = fileURLToPath(new URL("./transfer-child.mjs", import.meta.url));

/** A process is killed while it fetches, at a random moment, until one gets through: the file is right, and hardly a byte came twice. */
describe.each(["buffered", "direct"])("a transfer that is killed, %s", (io) => {
  let server: FaultServer;
  const folder = mkdtempSync(join(tmpdir(), "emporium-transfer-crash-"));
  const body = bytes(SIZE, 7);
  const sha256 = createHash("sha256").update(body).digest("hex");
  const running = new Set<ChildProcess>();

  beforeAll(async () => {
    server = await startFaultServer({ bytesPerSecond: BYTES_PER_SECOND });
    server.putFile("volume.mrc", body);
  });
  afterAll(async () => {
    for (const process of running) process.kill("SIGKILL");
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Runs to its end, or is killed so long after its first byte: what was here then, and the result. */
  async function run(target: string, seed: number, killAfterMs: number | undefined) {
    const args = [child, server.filesUrl, "volume.mrc", target, String(seed), io];
    const started = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    running.add(started);
    let output = "";
    started.stdout.once("data", () => {
      if (killAfterMs !== undefined) setTimeout(() => started.kill("SIGKILL"), killAfterMs);
    });
    started.stdout.on("data", (text) => {
      output += text;
    });
    const status = await new Promise((resolve) => started.once("close", resolve));
    running.delete(started);
    const lines = output.split("\n").slice(0, -1);
    const result = status === 0 ? (JSON.parse(lines.pop()!) as { sha256: string }) : undefined;
    return { result, begunBytes: Number(lines[0] ?? 0), doneBytes: Number(lines.at(-1) ?? 0) };
  }

  const hashOf = (path: string) => createHash("sha256").update(readFileSync(path)).digest("hex");

  it(`comes out the same after ${KILLS} kills at random moments`, async () => {
    const random = seededRandom(20260101);
    let kills = 0;
    let files = 0;
    while (kills < KILLS) {
      const target = join(folder, `run-${++files}`, "volume.mrc");
      let killed = 0;
      let before = 0;
      for (;;) {
        const left = kills < KILLS && killed < 3;
        const { result, begunBytes, doneBytes } = await run(target, files * 10 + killed, left ? random() * 1400 : undefined);
        // What an earlier run had got is kept, but for the last of it.
        if (begunBytes > 0 || doneBytes > 0) expect(begunBytes).toBeGreaterThanOrEqual(before - TWICE_MAX);
        if (result) {
          expect(result.sha256).toBe(sha256);
          break;
        }
        before = Math.max(doneBytes, before - TWICE_MAX);
        killed++;
        kills++;
        // Killed behind the last step, it is there; at any other, it is not.
        if (existsSync(target)) expect(hashOf(target)).toBe(sha256);
      }
      expect(hashOf(target)).toBe(sha256);
      expect(readdirSync(join(target, ".."))).toEqual(["volume.mrc"]);
      rmSync(join(target, ".."), { recursive: true });
    }
    expect(statSync(folder).isDirectory()).toBe(true);
  }, 600_000);
});
