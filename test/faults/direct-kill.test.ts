import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Triple } from "../../src/core/box.js";
import { randomInt, seededRandom } from "../../src/core/random.js";
import { mrcHeaderBytes } from "../../src/formats/mrc/write.js";
import { THOROUGH } from "../thorough.js";

const PROGRAM = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const KILLS = THOROUGH ? 40 : 6;
const SEED = 47;
const SHAPE: Triple = [96, 512, 512];

describe("a conversion past the page cache", () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-direct-kill-"));
  const random = seededRandom(SEED);
  beforeAll(() => {
    const [nz, ny, nx] = SHAPE;
    const head = mrcHeaderBytes({
      ...{ kind: "tomogram", shape: SHAPE, dtype: "int16", voxelSizeAngstrom: 10, dateMs: 0 },
      statistics: { min: 0, max: 0, mean: 0, rms: 0 },
    });
    const voxels = Int16Array.from({ length: nz * ny * nx }, (_, i) => (Math.imul(i + 1, 2654435761) >> 20) + (i % 97));
    writeFileSync(join(folder, "t.mrc"), Buffer.concat([head, new Uint8Array(voxels.buffer)]));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** @param killMs when it is killed; absent: it ends by itself */
  async function convert(out: string, io: string, killMs?: number): Promise<number | null> {
    const words = ["ingest", "convert", "t.mrc", out, "--io", io, "--workspace", `${out}-w`, "--jobs", "2", "--quiet"];
    const child = spawn(process.execPath, [PROGRAM, ...words], {
      ...{ cwd: folder, stdio: "ignore" },
      env: { ...process.env, SOURCE_DATE_EPOCH: "1790000000" },
    });
    const timer = killMs === undefined ? undefined : setTimeout(() => child.kill("SIGKILL"), killMs);
    await once(child, "exit");
    clearTimeout(timer);
    return child.exitCode;
  }
  const tree = (out: string) =>
    Object.fromEntries(
      [
        `${out}.mrc`,
        ...(readdirSync(join(folder, `${out}.zarr`), { recursive: true }) as string[]).map((name) => `${out}.zarr/${name}`),
      ]
        .filter((name) => !/\d$|zarr$/.test(name) || /\/\d+\/\d+\/\d+\/\d+$/.test(name))
        .sort()
        .map((name) => [name.slice(out.length), readFileSync(join(folder, name))]),
    );

  it(`killed ${KILLS} times at any moment and given again, by either way, ends as one that went through the cache`, async () => {
    const began = performance.now();
    expect(await convert("whole", "buffered")).toBe(0);
    const wholeMs = performance.now() - began;
    const wanted = tree("whole");
    expect(Object.keys(wanted).length).toBeGreaterThan(10);
    for (let i = 0; i < KILLS; i++) {
      const out = `killed${i}`;
      await convert(out, "direct", 50 + randomInt(random, Math.ceil(wholeMs)));
      // who goes on may go the other way
      expect(await convert(out, i % 2 === 0 ? "direct" : "buffered")).toBe(0);
      const found = tree(out);
      expect(Object.keys(found), `kill ${i}, seed ${SEED}`).toEqual(Object.keys(wanted));
      for (const [name, bytes] of Object.entries(wanted))
        expect(found[name]!.equals(bytes), `${name}, kill ${i}, seed ${SEED}`).toBe(true);
      expect(readdirSync(folder).filter((name) => name.startsWith("."))).toEqual([]);
    }
  }, 300_000);
});
