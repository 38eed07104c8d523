import type { Triple } from "../src/core/box.js";
import { mrcHeaderBytes } from "../src/formats/mrc/write.js";
import type { Laboratory } from "../src/stations/ingest/laboratory/survey/laboratory.js";
import { survey } from "../src/stations/ingest/laboratory/survey/survey.js";
import { memoryStore } from "../src/stores/memory/store.js";

/** Surveys a folder of these files, which lie in memory. */
export async function laboratoryWith(files: Readonly<Record<string, string | Uint8Array>>): Promise<Laboratory> {
  const store = memoryStore();
  for (const [path, content] of Object.entries(files))
    await store.write(path, typeof content === "string" ? new TextEncoder().encode(content) : content);
  return survey(store, { signal: new AbortController().signal });
}

export interface MrcOptions {
  /** `stack`: sections are images. Default `volume`, as the header says with space group 1. */
  readonly kind?: "volume" | "stack" | undefined;
  /** Of all voxels. Default 7; `seed` gives noise in its place, the same for one seed. */
  readonly value?: number | undefined;
  readonly seed?: number | undefined;
}

/** An MRC of float32 in memory. @param shape sections, rows, columns */
export function mrcFile(
  shape: Triple,
  spacingAngstrom: number,
  { kind = "volume", value = 7, seed }: MrcOptions = {},
): Uint8Array {
  const voxels = new Float32Array(shape[0] * shape[1] * shape[2]).fill(value);
  if (seed !== undefined) {
    let state = seed * 2_654_435_761 + 1;
    for (let i = 0; i < voxels.length; i++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      voxels[i] = state / 2 ** 32;
    }
  }
  const sum = voxels.reduce((all, one) => all + one, 0);
  const [min, max] = voxels.reduce(([least, most], one) => [Math.min(least, one), Math.max(most, one)], [voxels[0]!, voxels[0]!]);
  const header = mrcHeaderBytes({
    kind: kind === "stack" ? "tiltseries" : "tomogram",
    shape,
    dtype: "float32",
    voxelSizeAngstrom: spacingAngstrom,
    statistics: { min, max, mean: sum / voxels.length, rms: 1 },
    dateMs: 0,
  });
  const bytes = new Uint8Array(header.length + voxels.byteLength);
  bytes.set(header);
  bytes.set(new Uint8Array(voxels.buffer), header.length);
  return bytes;
}

/** What a program has written behind the header of an MRC for each section. */
interface SectionBlocks {
  readonly blocks: readonly Uint8Array[];
  /** Shorts at bytes 128 and 130 of the header. */
  readonly sizes: readonly [number, number];
  /** Default: none, as before 2014. */
  readonly name?: string | undefined;
}

/** An MRC with such an extended header. */
export function withBlocks(plain: Uint8Array, { blocks, sizes, name = "" }: SectionBlocks): Uint8Array {
  const header = plain.slice(0, 1024);
  const view = new DataView(header.buffer);
  view.setInt32(
    92,
    blocks.reduce((sum, { length }) => sum + length, 0),
    true,
  );
  header.set(new TextEncoder().encode(name.padEnd(4, "\0")), 104);
  for (const [at, size] of sizes.entries()) view.setInt16(128 + 2 * at, size, true);
  return new Uint8Array(Buffer.concat([header, ...blocks, plain.subarray(1024)]));
}

const REALS = 12;

/** An MRC with the tilts of its sections behind the header, as UCSF Tomo writes them. */
export function withTilts(plain: Uint8Array, tilts: readonly number[]): Uint8Array {
  const blocks = tilts.map((tilt) => {
    const block = new DataView(new ArrayBuffer(4 * REALS));
    block.setFloat32(0, tilt, true);
    return new Uint8Array(block.buffer);
  });
  return withBlocks(plain, { blocks, sizes: [0, REALS] });
}
