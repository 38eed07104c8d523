import type { Triple } from "../../core/box.js";
import { inMemory, type RandomAccess } from "../../core/bytes.js";
import { ITEM_BYTES } from "../../core/dtype.js";
import { EmporiumError, isEmporiumError } from "../../core/errors.js";
import { Recent } from "../../core/recent.js";
import { parseVolumeInfo, type VolumeInfo, type VolumeScale } from "../../formats/precomputed/info.js";
import { findStoredChunk, readStoredChunk } from "../../formats/precomputed/read.js";
import type { MinishardIndex } from "../../formats/precomputed/sharding.js";
import { openObject } from "../../stores/store.js";
import { type AxisSelection, firstOf } from "./axes.js";
import { brotli } from "./brotli.js";
import type { ChunkedLevel } from "./chunked.js";
import type { VolumeFolder } from "./documents.js";

/**
 * The scales of a Neuroglancer precomputed volume.
 *
 * @param wanted `c` is the channel.
 * @returns undefined where the folder has no `info`.
 */
export async function openPrecomputed(folder: VolumeFolder, wanted: AxisSelection): Promise<ChunkedLevel[] | undefined> {
  const bytes = await folder.find("info");
  if (!bytes) return undefined;
  const info = parseVolumeInfo(bytes, folder.nameOf("info"));
  const channel = channelOf(info, wanted, folder.name);
  const notes = wanted.c === undefined && info.channels > 1 ? firstOf([{ name: "c", length: info.channels }]) : [];
  return info.scales.map((scale) => ({ ...levelOf(folder, info, scale, channel), notes }));
}

function channelOf({ channels }: VolumeInfo, wanted: AxisSelection, name: string): number {
  for (const [axis, position] of Object.entries(wanted)) {
    const most = axis === "c" ? channels - 1 : 0;
    if (Number.isInteger(position) && position >= 0 && position <= most) continue;
    throw new EmporiumError("USAGE", `${name}: ${axis} ${position} is outside of the volume, which has 0 to ${most}`, {
      place: { file: name },
    });
  }
  return wanted.c ?? 0;
}

function levelOf(folder: VolumeFolder, info: VolumeInfo, scale: VolumeScale, channel: number): ChunkedLevel {
  const { shape, voxelSizeNm, offset, encoding, block, sharding } = scale;
  const name = folder.nameOf(scale.key);
  const chunk = scale.chunks[0]!;
  const itemBytes = ITEM_BYTES[info.dtype];
  return {
    name,
    shape,
    chunk,
    dtype: info.dtype,
    itemBytes,
    voxelSizeNm,
    // positions of the format are corners of voxels
    offsetNm: offset.map((at, axis) => (at + 0.5) * voxelSizeNm[axis]!) as Triple,
    fill: new Uint8Array(itemBytes),
    codec: sharding?.dataEncoding === "gzip" ? `${encoding}+gzip` : encoding,
    folder: `${folder.at(scale.key)}/`,
    coding: {
      kind: "precomputed",
      info: { dtype: info.dtype, channels: info.channels },
      scale: { encoding, block },
      itemBytes,
      channel,
      shape,
      chunk,
    },
    find: (cell) => ({ key: `${folder.at(scale.key)}#${cell.join(",")}` }),
    ...chunkFetcher(folder, scale, name),
  };
}

/** Shards, and indexes in them, that are remembered. */
const INDEXES_KEPT = 256;

function chunkFetcher(folder: VolumeFolder, scale: VolumeScale, name: string): Pick<ChunkedLevel, "fetch" | "locate"> {
  const { store } = folder;
  const indexes = new Recent<string, MinishardIndex | undefined>(INDEXES_KEPT);
  const shards = new Recent<string, Promise<RandomAccess | undefined>>(INDEXES_KEPT);
  const open = async (path: string): Promise<RandomAccess | undefined> => {
    const key = folder.at(`${scale.key}/${path}`);
    if (!scale.sharding) {
      // servers decompress files without changing their names
      if (!store.local && /\.(gz|br)$/.test(path)) return undefined;
      const bytes = await store.read(key);
      return bytes && inMemory(bytes, folder.nameOf(`${scale.key}/${path}`));
    }
    const known = shards.get(path) ?? openObject(store, key).catch(absentAsUndefined);
    shards.set(path, known);
    known.catch(() => shards.delete(path));
    return known;
  };
  return {
    async fetch(cell, signal) {
      signal?.throwIfAborted();
      return readStoredChunk(open, scale, cell, { name, brotli, indexes });
    },
    async locate(cell) {
      const found = await findStoredChunk(open, scale, cell, { name, brotli, indexes });
      return found && { key: folder.at(`${scale.key}/${found.file}`), range: found.range, codecs: found.codecs };
    },
  };
}

function absentAsUndefined(error: unknown): undefined {
  if (isEmporiumError(error) && error.code === "STORE_ABSENT") return undefined;
  throw error;
}
