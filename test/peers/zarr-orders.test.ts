import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readContext } from "../../src/arrays/loader/read-context.js";
import { openBlockVolume } from "../../src/arrays/loader/volume.js";
import type { Triple } from "../../src/core/box.js";
import { hasEnvironment, python } from "./environment.js";

const folder = mkdtempSync(join(tmpdir(), "emporium-zarr-orders-"));
const context = readContext({ threads: 2 });
afterAll(async () => {
  await context.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Made {
  name: string;
  shape: number[];
  boxes: { start: Triple; stop: Triple; sha256: string }[];
}

const SEED = process.env.PEER_SEED ?? "34";

describe.skipIf(!hasEnvironment("zarr3"))("Zarr v3 in every order of axes (34.9)", () => {
  it(`zarr-python 3, seed ${SEED}: six orders × two byte orders × six codecs, in chunks and in shards, in random boxes`, async () => {
    const made: Made[] = JSON.parse(await python("zarr3", "make_zarr_orders.py", [folder, SEED]));
    expect(made.length).toBe(6 * 2 * 6 * 2);
    const wrong: string[] = [];
    for (const { name, shape, boxes } of made) {
      const volume = await openBlockVolume(join(folder, name), { context });
      expect([name, volume.levels[0]!.shape]).toEqual([name, shape]);
      for (const { start, stop, sha256 } of boxes) {
        const bytes = await volume.levels[0]!.read({ start, stop });
        if (createHash("sha256").update(bytes).digest("hex") !== sha256) wrong.push(`${name} ${start} to ${stop}`);
      }
      await volume.close();
    }
    expect(wrong).toEqual([]);
  });
});
