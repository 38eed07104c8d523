import { describe, expect, it } from "vitest";
import { inMemory } from "../../src/core/bytes.js";
import { isEmporiumError } from "../../src/core/errors.js";
import { randomInt, seededRandom } from "../../src/core/random.js";
import type { FlatVolume } from "../../src/formats/flat.js";
import { endOf } from "../../src/formats/flat.js";
import { fileFormatOf } from "../../src/formats/registry.js";
import { nifti, nrrd } from "../format-examples.js";
import { FUZZ_CASES } from "../thorough.js";

const FILES = { NRRD: nrrd(), "NIfTI-1": nifti(1), "NIfTI-2": nifti(2) };

/** A volume within the file, or an error of ours. */
async function opened(bytes: Uint8Array): Promise<FlatVolume | undefined> {
  try {
    const volume = await fileFormatOf(bytes, "file")?.flat?.(inMemory(bytes, "file"));
    if (volume === undefined) return undefined;
    const { shape } = volume.layout;
    if (!shape.every((length) => Number.isInteger(length) && length > 0)) throw new Error(`shape ${shape.join()}`);
    if (!volume.payload && endOf(volume.layout) > bytes.length) throw new Error(`ends at ${endOf(volume.layout)}`);
    for (const at of volume.originAngstrom) if (!Number.isFinite(at)) throw new Error(`origin ${at}`);
    for (const size of volume.voxelSizeAngstrom) if (size !== undefined && !(size > 0)) throw new Error(`voxel ${size}`);
    return volume;
  } catch (error) {
    if (isEmporiumError(error)) return undefined;
    throw error;
  }
}

describe.each(Object.entries(FILES))("%s headers", (_, whole) => {
  it("are read whole, and refused or passed over at every length", async () => {
    expect((await opened(whole))?.layout).toMatchObject({ shape: [2, 3, 4], dtype: "int16" });
    for (let length = 0; length < whole.length; length++)
      expect(await opened(whole.subarray(0, length)), `${length}`).toBeUndefined();
  });

  it("give a volume within the file, or an error of ours, whatever their bytes are", async () => {
    const random = seededRandom(35);
    for (let i = 0; i < FUZZ_CASES; i++) {
      const changed = whole.slice();
      const count = 1 + randomInt(random, 3);
      for (let n = 0; n < count; n++)
        changed[randomInt(random, whole.length - 48)] = [0, 255, 127, 128, 45, 48, 57, 10][randomInt(random, 8)]!;
      await opened(changed);
    }
  });
});
