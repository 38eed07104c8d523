import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openBlockVolume } from "../../src/arrays/loader/volume.js";
import { geometryOf } from "../../src/arrays/plane/facts.js";
import { openPlanes, planeFile } from "../../src/arrays/plane/open.js";
import { headBehind } from "../../src/arrays/stream/source/compressed.js";
import { fileSource } from "../../src/arrays/stream/source/flat-source.js";
import { openVolume } from "../../src/arrays/stream/source/open-volume.js";
import { ITEM_BYTES, swapBytes } from "../../src/core/dtype.js";
import { peekFile } from "../../src/formats/peek/peek.js";
import { fileStore } from "../../src/stores/file/store.js";
import { hasEnvironment, python } from "./environment.js";

interface Case {
  file: string;
  shape: [number, number, number];
  dtype: keyof typeof ITEM_BYTES;
  voxels: string;
  voxelSizeAngstrom: (number | null)[];
  originAngstrom: number[];
  refused?: string;
}

/** Files by pynrrd and nibabel. Every door to a volume must give what those read. */
describe.skipIf(!hasEnvironment("zarr3"))("NRRD and NIfTI volumes, read by every door as pynrrd and nibabel read them", () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-plain-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  let cases: Case[];
  beforeAll(async () => {
    cases = JSON.parse(await python("zarr3", "plain_volumes.py", [folder]));
  });
  const sourceOf = ({ file }: Case) => fileSource(join(folder, file), file);
  const wantedOf = ({ voxels }: Case) => new Uint8Array(readFileSync(join(folder, voxels)));
  const isCompressed = ({ file }: Case) => /gzip|bzip2/.test(file);
  const read = () => cases.filter(({ refused }) => refused === undefined);

  it("has files of all kinds", () => {
    expect(read().length).toBe(30);
    expect(read().filter(isCompressed)).toHaveLength(3);
    expect(cases.length - read().length).toBe(12);
  });

  it("peek: shape, type, voxel size and place", async () => {
    for (const one of read()) {
      const [facts] = (await peekFile(sourceOf(one), { decompressHead: headBehind })).images;
      expect({ file: one.file, shape: facts!.shape, dtype: facts!.dtype }).toEqual({
        file: one.file,
        shape: one.shape,
        dtype: one.dtype,
      });
      const { voxelSizeAngstrom, originAngstrom } = geometryOf(facts!);
      for (const [axis, size] of one.voxelSizeAngstrom.entries()) {
        if (size === null) expect(voxelSizeAngstrom[axis], one.file).toBeUndefined();
        else expect(voxelSizeAngstrom[axis], one.file).toBeCloseTo(size, 5);
        expect(originAngstrom[axis], one.file).toBeCloseTo(one.originAngstrom[axis]!, 5);
      }
    }
  });

  it("blocks: every voxel, and compressed ones are refused by name", async () => {
    for (const one of read()) {
      const opened = openBlockVolume(join(folder, one.file));
      if (isCompressed(one)) {
        await expect(opened, one.file).rejects.toMatchObject({ code: "FORMAT_UNSUPPORTED" });
        continue;
      }
      const volume = await opened;
      try {
        const bytes = await volume.levels[0]!.read({ start: [0, 0, 0], stop: one.shape });
        expect(Buffer.compare(bytes, wantedOf(one)), one.file).toBe(0);
      } finally {
        await volume.close();
      }
    }
  });

  it("planes: every voxel of files with places to jump to", async () => {
    for (const one of read().filter((each) => !isCompressed(each))) {
      const source = sourceOf(one);
      const planes = await openPlanes(source, (await planeFile(source))!);
      const bytes = await planes.readBox(0, { start: [0, 0, 0], stop: one.shape }, [1, 1, 1]);
      expect(Buffer.compare(bytes, wantedOf(one)), one.file).toBe(0);
      const turned = await planes.readBox(0, { start: [0, 0, 4], stop: [one.shape[0], one.shape[1], 5] }, [1, 1, 1]);
      expect(turned.length, one.file).toBe(one.shape[0] * one.shape[1] * ITEM_BYTES[one.dtype]);
    }
  });

  it("conversion: every voxel of all of them", async () => {
    const store = fileStore(folder);
    for (const [at, one] of read().entries()) {
      const opened = await openVolume(store, one.file, { compat: false, scratch: async () => join(folder, `scratch-${at}`) });
      expect({ shape: opened.shape, dtype: opened.dtype }).toEqual({ shape: one.shape, dtype: one.dtype });
      const { data, littleEndian } = opened.raw;
      const bytes =
        "path" in data ? new Uint8Array(readFileSync(data.path).subarray(data.offset)) : await data.read(data.offset, 2 ** 20);
      if (!littleEndian) swapBytes(bytes, ITEM_BYTES[one.dtype]);
      expect(Buffer.compare(bytes, wantedOf(one)), one.file).toBe(0);
    }
  });

  it("refuses by name what it cannot read rightly, at every door", async () => {
    const store = fileStore(folder);
    for (const { file, refused } of cases.filter((each) => each.refused !== undefined)) {
      const doors = [
        () => peekFile(fileSource(join(folder, file), file)),
        () => openBlockVolume(join(folder, file)),
        () => planeFile(fileSource(join(folder, file), file)),
        () => openVolume(store, file, { compat: false, scratch: async () => join(folder, "scratch") }),
      ];
      for (const [at, door] of doors.entries()) {
        // facts need no voxels, and planes leave what they do not know to others
        if (at === 0 && file === "twice.nrrd.gz") continue;
        if (at === 2 && file.startsWith("noise")) expect(await door(), file).toBeUndefined();
        else await expect(door(), `${file} ${at}`).rejects.toThrow(refused!);
      }
    }
  });
});
