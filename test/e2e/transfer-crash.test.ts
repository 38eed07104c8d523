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
/** So that a transfer takes long enough to be killed in. */
const BYTES_PER_SECOND = SIZE / 1.5;
/** What a kill may cost. */
const TWICE_MAX = 8 * MiB;

const child = fileURLToPath(new URL("./transfer-child.mjs", import.meta.url));

/** A process is killed while it fetches, at a random moment, until one gets through: the file is right, and hardly a byte came twice. */
describe("a transfer that is killed", () => {
  let server: FaultServer;
  const folder = mkdtempSync(join(tmpdir(), "emporium-transfer-crash-"));
  const body = bytes(SIZE, 7);
  const sha256 = createHash("sha256").update(body).digest("hex");
  const running = new Set<ChildProcess>();

  beforeAll(async () => {
    server = await startFaultServer();
    server.putFile("volume.mrc", body);
  });
  afterAll(async () => {
    for (const process of running) process.kill("SIGKILL");
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Runs to its end, or is killed after `ms`; its result, or nothing. */
  async function run(
    target: string,
    seed: number,
    killAfterMs: number | undefined,
  ): Promise<{ sha256: string; resumedBytes: number; fetchedBytes: number } | undefined> {
    const args = [child, server.filesUrl, "volume.mrc", target, String(seed), String(BYTES_PER_SECOND)];
    const started = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    running.add(started);
    let output = "";
    started.stdout.on("data", (text) => {
      output += text;
      // The child says when it begins: starting Node takes longer than anything else.
      if (killAfterMs !== undefined && output.startsWith("begin\n")) setTimeout(() => started.kill("SIGKILL"), killAfterMs);
    });
    const status = await new Promise((resolve) => started.once("close", resolve));
    running.delete(started);
    return status === 0 ? JSON.parse(output.slice("begin\n".length)) : undefined;
  }

  it(`comes out the same after ${KILLS} kills at random moments`, async () => {
    const random = seededRandom(20260101);
    let kills = 0;
    let files = 0;
    while (kills < KILLS) {
      const target = join(folder, `run-${++files}`, "volume.mrc");
      let killed = 0;
      let result: Awaited<ReturnType<typeof run>>;
      server.requests.length = 0;
      do {
        const left = kills < KILLS && killed < 3;
        result = await run(target, files * 10 + killed, left ? 20 + random() * 1500 : undefined);
        if (result) break;
        killed++;
        kills++;
        expect(existsSync(target), "nothing is visible before it is whole").toBe(false);
      } while (true);
      expect(result.sha256).toBe(sha256);
      expect(createHash("sha256").update(readFileSync(target)).digest("hex")).toBe(sha256);
      expect(readdirSync(join(target, ".."))).toEqual(["volume.mrc"]);
      if (killed > 0) {
        // What earlier runs got is kept, but for the last writes of each.
        const sent = server.requests.reduce((sum, { bytesSent }) => sum + bytesSent, 0);
        expect(sent - SIZE).toBeLessThanOrEqual(killed * (TWICE_MAX + IN_THE_PIPE));
      }
      rmSync(join(target, ".."), { recursive: true });
    }
    expect(statSync(folder).isDirectory()).toBe(true);
  }, 600_000);
});

/** What the server has sent and the client never saw: the system's buffers of eight connections. */
const IN_THE_PIPE = 32 * MiB;
