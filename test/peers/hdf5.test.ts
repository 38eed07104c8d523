import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openBlockVolume } from "../../src/arrays/loader/volume.js";
import type { Triple } from "../../src/core/box.js";
import { hasEnvironment, python } from "./environment.js";

interface Case {
  dataset: string;
  dtype: string;
  boxes: { start: Triple; stop: Triple; file: string }[];
}

describe.skipIf(!hasEnvironment("peers"))("datasets that h5py wrote", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "emporium-hdf5-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("are read by boxes as h5py reads them, whatever their layout", async () => {
    const cases = JSON.parse(await python("peers", "hdf5_volumes.py", [folder])) as Case[];
    expect(cases.length).toBeGreaterThan(8);
    for (const { dataset, dtype, boxes } of cases) {
      const volume = await openBlockVolume(`${join(folder, "volumes.h5")}#${dataset}`);
      const [level] = volume.levels;
      expect([dataset, level!.dtype]).toEqual([dataset, dtype]);
      for (const { start, stop, file } of boxes) {
        const found = await level!.read({ start, stop });
        expect([dataset, start, stop, Buffer.compare(found, readFileSync(join(folder, file)))]).toEqual([
          dataset,
          start,
          stop,
          0,
        ]);
      }
      await volume.close();
    }
  });
});
