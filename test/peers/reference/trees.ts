import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import Blosc from "numcodecs/blosc";
import { compareNumbers, type Difference, type Found } from "./difference.js";
import * as files from "./files.js";

/** Where both trees are. */
export interface Trees {
  reference: string;
  ours: string;
  /** Input of ours. The reference's was `REFERENCE_INPUT`. */
  input?: string;
}

/** As the archives name the machine on which the reference's program ran. */
const REFERENCE_INPUT = "/reference/in";

/** Chunks of a Zarr version 2 array: level, section, row, column. */
const CHUNK = /\.zarr\/\d+\/\d+\/\d+\/\d+$/;

/** Everything in which two trees of the portal differ: their paths, and what is in each file by the rules of its format. */
export async function compareTrees(trees: Trees): Promise<Difference[]> {
  const [there, here] = [filesBelow(trees.reference), filesBelow(trees.ours)];
  const found: Difference[] = [];
  const missing = (path: string, reference: string, ours: string) => found.push({ path, at: "path", reference, ours });
  for (const path of there) if (!here.has(path)) missing(path, "a file", "nothing");
  for (const path of here) if (!there.has(path)) missing(path, "nothing", "a file");
  for (const path of there) {
    if (!here.has(path)) continue;
    for (const one of await compareFile(trees, path)) found.push({ path, ...one });
  }
  return found;
}

async function compareFile({ reference, ours, input }: Trees, path: string): Promise<Found[]> {
  const [there, here] = [readFileSync(join(reference, path)), readFileSync(join(ours, path))];
  if (there.equals(here)) return [];
  const folder = join(reference, path, "..");
  if (CHUNK.test(path)) return compareChunk(join(folder, "../../.zarray"), there, here, path);
  if (/\.json$|\/info$|\/\.z(array|attrs|group)$/.test(path))
    return files.compareJson(there, input === undefined ? here : renamed(here, input));
  if (path.endsWith(".ndjson")) return files.compareNdjson(there, here);
  if (path.endsWith(".mrc")) return files.compareMrc(there, here);
  if (path.endsWith(".glb")) return files.compareGlb(there, here);
  if (path.endsWith(".png")) return files.comparePng(there, here);
  if (/\/by_id\/\w+\.shard$/.test(path)) return files.compareShard(infoAt(join(folder, "../info")), there, here);
  if (/\/spatial\d+\/\d+_\d+_\d+$/.test(path)) return files.compareCell(infoAt(join(folder, "../info")), there, here);
  return files.compareBytes(there, here);
}

function renamed(document: Uint8Array, input: string): Uint8Array {
  return new TextEncoder().encode(
    new TextDecoder().decode(document).replaceAll(JSON.stringify(input).slice(1, -1), REFERENCE_INPUT),
  );
}

const infoAt = (path: string) => files.annotationInfoOf(readFileSync(path));

/** Voxels of a chunk, the part behind the array's edges left out; decoded by numcodecs (the C library), not by our own decoder. */
async function compareChunk(arrayPath: string, there: Uint8Array, here: Uint8Array, path: string): Promise<Found[]> {
  const array = JSON.parse(readFileSync(arrayPath, "utf8")) as ZarrArray;
  const codec = Blosc.fromConfig(array.compressor);
  const [z = 0, y = 0, x = 0] = path.split("/").slice(-3).map(Number);
  const inside = [z, y, x].map((at, axis) => Math.min(array.chunks[axis]!, array.shape[axis]! - at * array.chunks[axis]!));
  const voxels = async (bytes: Uint8Array) => cut(files.itemsOf(await codec.decode(bytes), array.dtype), array.chunks, inside);
  return compareNumbers(`level ${path.split("/").at(-4)}`, await voxels(there), await voxels(here));
}

interface ZarrArray {
  shape: number[];
  chunks: number[];
  dtype: string;
  compressor: { id: "blosc" };
}

/** The first `inside` voxels of each axis of a chunk. */
function cut(items: files.Items, [, rows = 0, columns = 0]: number[], [nz = 0, ny = 0, nx = 0]: number[]): files.Items {
  const out = items.slice(0, nz * ny * nx);
  for (let z = 0; z < nz; z++)
    for (let y = 0; y < ny; y++) {
      const at = (z * rows + y) * columns;
      out.set(items.subarray(at, at + nx), (z * ny + y) * nx);
    }
  return out;
}

export function countFiles(root: string): number {
  return filesBelow(root).size;
}

function filesBelow(root: string, prefix = ""): Set<string> {
  const paths = new Set<string>();
  if (!existsSync(join(root, prefix))) return paths;
  for (const entry of readdirSync(join(root, prefix), { withFileTypes: true })) {
    const path = prefix === "" ? entry.name : `${prefix}/${entry.name}`;
    if (entry.isDirectory()) for (const below of filesBelow(root, path)) paths.add(below);
    else paths.add(path);
  }
  return paths;
}
