import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openTestCatalog, type TestCatalog } from "../e2e/catalog-kit.js";
import { hasEnvironment, python, type Verdict } from "./environment.js";

interface Made {
  name: string;
  config: { frames_format: string };
  /** Name of the stored frame → SHA-256 of its pixels, as numpy has them. */
  frames: Record<string, string>;
  shape: number[];
  dtype: string;
  channels?: string[];
}

const there = hasEnvironment("peers");

describe("the microscopy catalogue beside tifffile, pandas, Pillow, Zarr and ome-zarr", () => {
  let one: TestCatalog;
  let made: Made[];
  const idOf = (index: number) => `PEER-2024-01-01-00-00-00-${String(index).padStart(4, "0")}`;
  beforeAll(async () => {
    if (!there) return;
    one = await openTestCatalog("local");
    const sources = join(one.folder, "sources");
    await mkdir(sources);
    made = JSON.parse(await python("peers", "catalog_files.py", ["make", sources])) as Made[];
    for (const [index, { name, config }] of made.entries()) {
      const report = await one.upload([{ dataset_id: idOf(index), file_name: join(sources, name) }], config);
      expect(report.errors, name).toEqual([]);
    }
  });
  afterAll(() => one?.close());

  it("every frame that tifffile wrote is stored with the checksum that numpy has of it", async () => {
    if (!there) return;
    for (const [index, { name, frames, channels }] of made.entries()) {
      const found: Record<string, string | null> = {};
      const names = new Set<string>();
      for await (const row of one.repository.framesOf(idOf(index), {})) {
        found[row.file_name] = row.sha256;
        if (row.channel_name !== null) names.add(row.channel_name);
      }
      expect(found, name).toEqual(frames);
      if (channels) expect([...names], name).toEqual(channels);
    }
  });

  it.each(["png", "tiff", "ome-zarr"] as const)("what is downloaded as %s is read by others as what it is", async (as) => {
    if (!there) return;
    const jobs: object[] = [];
    for (const [index, { name, frames, shape, dtype, channels }] of made.entries()) {
      const id = idOf(index);
      const dest = join(one.folder, `dest-${as}`);
      expect((await one.download(id, { as, dest })).errors).toEqual([]);
      jobs.push({ name, id, folder: join(dest, id), frames, shape, dtype, channels, as });
    }
    const file = join(one.folder, `jobs-${as}.json`);
    await writeFile(file, JSON.stringify(jobs));
    const verdicts = JSON.parse(await python("peers", "catalog_files.py", ["check", file])) as Verdict[];
    expect(verdicts.length).toBeGreaterThan(jobs.length * 4);
    expect(verdicts.filter(({ passed }) => !passed)).toEqual([]);
  });
});
