import { describe, expect, it } from "vitest";
import { inMemory } from "../../src/core/bytes.js";
import { isEmporiumError } from "../../src/core/errors.js";
import { randomInt, seededRandom } from "../../src/core/random.js";
import type { FlatVolume } from "../../src/formats/flat.js";
import { endOf } from "../../src/formats/flat.js";
import { fileFormatOf } from "../../src/formats/registry.js";
import { FUZZ_CASES } from "../thorough.js";

/** Headers of 2 × 3 × 4 voxels of int16 behind each other with their voxels. */
function nrrd(): Uint8Array {
  const lines = [
    "NRRD0005",
    "# a comment",
    "type: short",
    "dimension: 3",
    "space: left-posterior-superior",
    "sizes: 4 3 2",
    "space directions: (0.4,0,0) (0,0.5,0) (0,0,0.6)",
    "kinds: domain domain domain",
    'space units: "nm" "nm" "nm"',
    "endian: little",
    "encoding: raw",
    "space origin: (1,2,3)",
    "key:=value",
    "",
    "",
  ];
  const head = new TextEncoder().encode(lines.join("\n"));
  const file = new Uint8Array(head.length + 48);
  file.set(head);
  return file;
}

function nifti(version: 1 | 2): Uint8Array {
  const file = new Uint8Array((version === 1 ? 352 : 544) + 48);
  const view = new DataView(file.buffer);
  const text = (at: number, letters: string) => file.set(new TextEncoder().encode(letters), at);
  const lengths = [3, 4, 3, 2, 1, 1, 1, 1];
  if (version === 1) {
    view.setInt32(0, 348, true);
    for (const [i, length] of lengths.entries()) view.setInt16(40 + 2 * i, length, true);
    view.setInt16(70, 4, true);
    for (let i = 0; i < 8; i++) view.setFloat32(76 + 4 * i, 1 + i, true);
    view.setFloat32(108, 352, true);
    view.setInt16(252, 1, true);
    file[123] = 3;
    text(344, "n+1\0");
  } else {
    view.setInt32(0, 540, true);
    text(4, "n+2\0");
    view.setInt16(12, 4, true);
    for (const [i, length] of lengths.entries()) view.setBigInt64(16 + 8 * i, BigInt(length), true);
    for (let i = 0; i < 8; i++) view.setFloat64(104 + 8 * i, 1 + i, true);
    view.setBigInt64(168, 544n, true);
    view.setInt32(500, 3, true);
    text(4, "n+2\0");
  }
  return file;
}

const FILES = { NRRD: nrrd(), "NIfTI-1": nifti(1), "NIfTI-2": nifti(2) };

/** A volume within the file, or an error of ours. */
async function opened(bytes: Uint8Array): Promise<FlatVolume | undefined> {
  try {
    const volume = await fileFormatOf(bytes)?.flat?.(inMemory(bytes, "file"));
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
