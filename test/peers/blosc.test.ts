import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeBlosc } from "../../src/arrays/kernels/blosc.js";
import { type Random, randomInt, seededRandom } from "../../src/core/random.js";
import { hasEnvironment, type PythonEnvironment, python } from "./environment.js";

const folder = mkdtempSync(join(tmpdir(), "emporium-peers-blosc-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Bytes of voxels as they come: noise, one value, smooth fields, labels in runs. */
const FILLS: Record<string, (random: Random, at: number, itemBytes: number) => number> = {
  noise: (random) => randomInt(random, 256),
  constant: () => 7,
  smooth: (random, at, itemBytes) => (at % itemBytes === 0 ? randomInt(random, 9) : Math.floor(at / itemBytes / 64) & 255),
  labels: (_, at, itemBytes) => (at % itemBytes === 0 ? Math.floor(at / itemBytes / 700) % 5 : 0),
};
const ITEM_BYTES = [1, 2, 4, 8, 12];
const ITEM_COUNTS = [1, 2, 3, 31, 32, 33, 127, 4095, 65536, 65537, 300_001];
const BLOCK_BYTES = [512, 4096, 65_536, 1 << 20];

describe("frames of our Blosc encoder, decoded by the C library", () => {
  let count = 0;

  beforeAll(() => {
    for (const [kind, fill] of Object.entries(FILLS)) {
      for (const itemBytes of ITEM_BYTES) {
        for (const [at, items] of ITEM_COUNTS.entries()) {
          const random = seededRandom(items * 31 + itemBytes);
          const raw = Uint8Array.from({ length: items * itemBytes }, (_, i) => fill(random, i, itemBytes));
          const stem = join(folder, `${kind}-${itemBytes}-${items}`);
          writeFileSync(`${stem}.raw`, raw);
          writeFileSync(`${stem}.blosc`, encodeBlosc(raw, itemBytes, { blockBytes: BLOCK_BYTES[at % BLOCK_BYTES.length]! }));
          count++;
        }
      }
    }
  });

  it.each<PythonEnvironment>(["peers", "zarr3"])("every frame is good, by numcodecs of environment %s", async (environment) => {
    if (!hasEnvironment(environment)) return;
    const verdict = await python(environment, "blosc_frames.py", [folder]);
    expect(verdict).toMatch(new RegExp(`^${count} of ${count} frames good`));
  });
});
