import type { Block } from "../../../arrays/blocks/blocks.js";
import type { BlockData } from "../../../arrays/blocks/edges.js";
import { gridOf, levelAt } from "../../../arrays/blocks/grid.js";
import { type RegisterOptions, register } from "../../../arrays/blocks/register.js";
import { readContext } from "../../../arrays/loader/read-context.js";
import { type LoadedVolume, openBlockVolume } from "../../../arrays/loader/volume.js";
import { type Triple, volumeOf } from "../../../core/box.js";
import { type DType, ITEM_BYTES } from "../../../core/dtype.js";
import { EmporiumError } from "../../../core/errors.js";
import { counted, formatBytes } from "../../../core/units.js";
import type { BatchArray, BatchSource, Share, StreamBatch, StreamFacts } from "./batch.js";
import { gridFacts } from "./grid-facts.js";
import { inGroups } from "./groups.js";
import { epochOf, type OpenRequest, type OpenVolumes, type StreamRequest, shapeWithHalo } from "./request.js";
import { storedSource } from "./stored-source.js";
import { withVoxelPlaces } from "./voxel-places.js";

/** Share of the memory for chunks of all volumes. With the default memory, one of the largest that ingest writes fits. */
const CACHE_SHARE = 5 / 8;

/**
 * Opens the volumes.
 *
 * @throws {EmporiumError} USAGE, FORMAT_UNSUPPORTED (chunks that cannot be handed on compressed), MEMORY_LIMIT (chunks or a batch that do not fit), and what
 * opening a volume throws
 */
export async function openBatchSource({ volumes, mask, store, threads, ...request }: StreamRequest): Promise<BatchSource> {
  const opened: LoadedVolume[] = [];
  const context = readContext({ memoryBytes: Math.floor(request.memoryBytes * CACHE_SHARE), threads });
  const open = async (location: string) => {
    const volume = await openBlockVolume(location, { context, store, signal: request.signal });
    opened.push(volume);
  };
  try {
    const names = volumes.map(({ name }) => name);
    const twice = names.find((name, at) => names.indexOf(name) < at);
    if (twice) throw new EmporiumError("USAGE", `two volumes are called ${twice}`, { hint: "name them: image=… labels=…" });
    for (const { location } of [...volumes, ...(mask ? [mask] : [])]) await open(location);
    for (const volume of opened) refuseTooLittle(volume, request.level ?? 0, context.memoryBytes);
    const placed = withVoxelPlaces(opened);
    const named = Object.fromEntries(names.map((name, at) => [name, placed[at]!]));
    const openMask = mask && { ...mask, source: placed.at(-1)! };
    const source = sourceOf(named, { ...request, mask: openMask }, (bytes) => context.boxes.reuse(bytes));
    if (!request.compressed) refuseLargeBatch(source.facts, request.memoryBytes - context.memoryBytes);
    // what the volume says, and not what its place is taken to be
    const called = [...names, "the mask"];
    const notes = opened.flatMap((volume, at) => (volume.notes ?? []).map((note) => `${called[at]}: ${note}`));
    const facts = { ...source.facts, grid: gridFacts(opened[0]!, request), notes };
    return { ...source, facts, close: () => context.close() };
  } catch (error) {
    await context.close();
    throw error;
  }
}

function refuseTooLittle(volume: LoadedVolume, level: number, memoryBytes: number): void {
  const least = level < volume.levels.length ? volume.leastBytes(level) : 0;
  if (least <= memoryBytes) return;
  const wanted = Math.ceil(least / CACHE_SHARE / 2 ** 20);
  throw new EmporiumError("MEMORY_LIMIT", `${volume.name}: ${formatBytes(least)} are needed to read its chunks`, {
    hint: `allow more with --memory ${wanted}MiB`,
  });
}

/** A batch is held as a whole, beside the chunks that are kept: what is stored is counted by its own source. */
function refuseLargeBatch({ arrays, batch, batchBytes }: StreamFacts, memoryBytes: number): void {
  if (batchBytes <= memoryBytes) return;
  const [{ shape } = { shape: [] }] = Object.values(arrays);
  const blocks = `${counted(batch, "block")} of ${shape.join("×")} voxels`;
  const wanted = Math.ceil(batchBytes / (1 - CACHE_SHARE) / 2 ** 20);
  throw new EmporiumError(
    "MEMORY_LIMIT",
    `a batch of ${blocks} has ${formatBytes(batchBytes)}; --memory leaves ${formatBytes(memoryBytes)} for it`,
    { hint: `give a smaller --block, fewer blocks with --batch, or --memory ${wanted}MiB` },
  );
}

/**
 * @param reuse gets the memory of voxels that were sent
 * @throws {EmporiumError} as {@link openBatchSource}
 */
function sourceOf(volumes: OpenVolumes, request: OpenRequest, reuse?: (bytes: Uint8Array) => void): Omit<BatchSource, "close"> {
  if (request.compressed) return storedSource(volumes, request);
  const [name] = Object.keys(volumes);
  const options = { grid: name!, ...request.resample } as RegisterOptions<string>;
  const arrays = register(volumes, options);
  const blocks = (share: Share, signal: AbortSignal) => arrays.blocks(epochOf(request, share, signal));
  arrays.blocks(request); // refused before a client comes
  return {
    facts: factsOf(volumes, request),
    counts: (share, signal) => blocks(share, signal).counts(),
    batches: (share, signal) => inGroups(blocks(share, signal), request.batch, batchOf, reuse),
  };
}

function factsOf(volumes: OpenVolumes, request: OpenRequest): StreamFacts {
  const [owner] = Object.values(volumes);
  const grid = gridOf(owner!.levels, request, owner!.name);
  const shape = shapeWithHalo(grid);
  const arrays: Record<string, { dtype: DType; shape: Triple }> = {};
  let blockBytes = 0;
  for (const [name, volume] of Object.entries(volumes)) {
    const { dtype } = levelAt(volume.levels, volume === owner ? (request.level ?? 0) : 0, volume.name);
    arrays[name] = { dtype, shape };
    blockBytes += volumeOf(shape) * ITEM_BYTES[dtype];
  }
  const { batch } = request;
  return { grid: gridFacts(owner!, request), arrays, batch, batchBytes: batch * blockBytes };
}

/** The blocks as they were read: they are laid together where they are written, which saves a copy. */
async function batchOf(blocks: readonly Block<Record<string, BlockData>>[]): Promise<Pick<StreamBatch, "arrays">> {
  const read = await Promise.all(blocks.map((block) => block.read()));
  const arrays: Record<string, BatchArray> = {};
  for (const [name, { dtype, shape }] of Object.entries(read[0]!)) {
    const pieces = read.map((block) => bytesOf(block[name]!));
    arrays[name] = { dtype, shape: [blocks.length, ...shape], pieces };
  }
  return { arrays };
}

function bytesOf({ data }: BlockData): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
