import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Triple } from "../../src/core/box.js";
import { type DType, ITEM_BYTES } from "../../src/core/dtype.js";
import { type NumberArray, viewAs } from "../../src/formats/zarr/elements.js";
import { parseZarray } from "../../src/formats/zarr/metadata.js";
import { readZarrArray } from "../../src/formats/zarr/read.js";
import { parseZarrV3Array, printZarrV3, zarrV3ArrayMetadata, zarrV3GroupMetadata } from "../../src/formats/zarr/v3-metadata.js";
import { readZarrV3Array } from "../../src/formats/zarr/v3-read.js";
import { writeZarrV3Array } from "../../src/formats/zarr/v3-write.js";

/** Writes an OME-Zarr 0.5 image of one level: voxels of 2 nm. */
export async function writeImage(folder: string, shape: Triple, dtype: DType, voxels: NumberArray): Promise<void> {
  const put = async (key: string, bytes: Uint8Array | string) => {
    mkdirSync(dirname(join(folder, key)), { recursive: true });
    writeFileSync(join(folder, key), bytes);
  };
  const document = zarrV3ArrayMetadata({ shape, dtype, chunks: [16, 16, 16], dimensionNames: ["z", "y", "x"] });
  const bytes = new Uint8Array(voxels.buffer, voxels.byteOffset, voxels.byteLength);
  await writeZarrV3Array((key, chunk) => put(`0/${key}`, chunk), document, bytes);
  const axes = ["z", "y", "x"].map((name) => ({ name, type: "space", unit: "nanometer" }));
  const datasets = [{ path: "0", coordinateTransformations: [{ type: "scale", scale: [2, 2, 2] }] }];
  const attributes = { ome: { version: "0.5", multiscales: [{ name: "x", axes, datasets }] } };
  await put("zarr.json", printZarrV3(zarrV3GroupMetadata({ attributes })));
}

/** The voxels of a level of an image that a graph wrote. */
export async function readImage(
  folder: string,
  level = "0",
): Promise<{ shape: readonly number[]; dtype: DType; voxels: NumberArray }> {
  const find = async (key: string) => {
    try {
      return readFileSync(join(folder, level, key));
    } catch {
      return undefined;
    }
  };
  const older = await find(".zarray");
  if (older) {
    const meta = parseZarray(older);
    return { shape: meta.shape, dtype: meta.type.dtype, voxels: viewAs(await readZarrArray(find, meta), meta.type.dtype) };
  }
  const meta = parseZarrV3Array((await find("zarr.json"))!);
  const read = async (key: string, range?: { offset: number; length: number }) => {
    const bytes = await find(key);
    return range ? bytes?.subarray(range.offset, range.offset + range.length) : bytes;
  };
  const size = async (key: string) => (await find(key))?.length;
  return {
    shape: meta.shape,
    dtype: meta.type.dtype,
    voxels: viewAs(await readZarrV3Array({ read, size }, meta), meta.type.dtype),
  };
}

/** Every file below a folder but the program's own, by its name: the bytes as text. */
export function treeOf(folder: string): Map<string, string> {
  const tree = new Map<string, string>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && !path.includes("/.emporium")) tree.set(path.slice(folder.length + 1), readFileSync(path, "latin1"));
  }
  return new Map([...tree].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Numbers that look like noise, the same each time. */
export function noise(shape: Triple, dtype: "int16" | "uint8" | "float32", seed = 1): NumberArray {
  const count = shape[0] * shape[1] * shape[2];
  const voxels = viewAs(new Uint8Array(count * ITEM_BYTES[dtype]), dtype);
  let state = seed;
  for (let at = 0; at < count; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    voxels[at] = ((state >>> 16) % 2000) - (dtype === "uint8" ? 0 : 1000);
  }
  return voxels;
}

/** A graph for clusters: an image smoothed, cut at a value, and its components, in blocks of 8 × 8 × 16 voxels and stages that wait for each other. */
export const componentsGraph = (folder: string, name: string, outputs: readonly ("smooth" | "cc")[]) => `version: 1
inputs: { em: '${folder}/em.zarr' }
grid: { of: em, block: [8, 8, 16] }
nodes:
  - { id: smooth, op: gaussian, in: em, sigma: 1 }
  - { id: bin, op: threshold, in: smooth, above: 0 }
  - { id: cc, op: components, in: bin, connectivity: 26 }
outputs:
${outputs.map((node) => `  ${node}: { to: '${folder}/${name}/${node}.zarr', chunk: [8, 8, 16] }`).join("\n")}
`;
