import { printJson } from "../../../core/json.js";
import { member } from "../../../core/json-fields.js";
import { chunkBox, chunkGridOf, chunkName, mortonBits } from "../../../formats/precomputed/grid.js";
import { parseInfo, type VolumeScale } from "../../../formats/precomputed/info.js";
import { type Sharding, shardName } from "../../../formats/precomputed/sharding.js";
import { isArray, parseMetadata } from "../../../formats/zarr/json.js";
import { below, type ChunkGrid, chunkGrid } from "./chunk-grid.js";
import { type ContentsOptions, type GroupContents, innerPath, noLevel, type ReadDocument } from "./contents.js";

/** A precomputed volume and its folders. Of meshes, skeletons and annotations only documents: nothing lists their ids. */
export async function precomputedContents(
  read: ReadDocument,
  { name, scale }: ContentsOptions,
): Promise<GroupContents | undefined> {
  const bytes = await read("info");
  if (!bytes) return undefined;
  const contents: GroupContents = { format: "precomputed", documents: ["info"], grids: [], rewritten: new Map(), warnings: [] };
  const info = parseInfo(bytes, `${name}/info`);
  const inner = async (folder: string | undefined, what: string) => {
    if (folder === undefined) return;
    const key = innerPath(folder);
    if (key === undefined)
      contents.warnings.push(`${name}: its ${what} lie outside of the volume (${folder}) and are not copied`);
    else if (await read(below(key, "info"))) {
      contents.documents.push(below(key, "info"));
      if (what !== "properties") contents.warnings.push(`${name}: ${what} have no list; only their info is copied`);
    }
  };
  if (info.kind === "volume") {
    if (scale !== undefined) {
      if (scale >= info.scales.length) throw noLevel(name, scale, info.scales.length);
      const document = parseMetadata(bytes, "info");
      const scales = member(document, "scales");
      const one = { ...document, scales: isArray(scales) ? [scales[scale]!] : [] };
      contents.rewritten.set("info", Buffer.from(`${printJson(one, { indent: 2 })}\n`));
    }
    for (const level of scale === undefined ? info.scales : [info.scales[scale]!]) {
      const folder = innerPath(level.key);
      if (folder === undefined)
        contents.warnings.push(`${name}: the level ${level.key} lies outside of the volume and is not copied`);
      else contents.grids.push(...levelGrids(folder, level));
    }
    await inner(info.mesh, "meshes");
    await inner(info.skeletons, "skeletons");
    await inner(info.segmentProperties, "properties");
  } else if (info.kind !== "segment properties") {
    contents.warnings.push(`${name}: ${info.kind === "mesh" ? "meshes" : info.kind} have no list; only the info is copied`);
    if (info.kind !== "annotations") await inner(info.segmentProperties, "properties");
  }
  return contents;
}

function levelGrids(folder: string, { shape, offset, chunks, sharding }: VolumeScale): ChunkGrid[] {
  return chunks.map((chunk) => {
    const grid = chunkGridOf(shape, chunk);
    if (!sharding) {
      return chunkGrid(folder, grid, (cell) => chunkName(chunkBox([cell[0]!, cell[1]!, cell[2]!], shape, chunk), offset));
    }
    const count = shardCount(sharding, mortonBits(grid));
    return {
      array: folder,
      count,
      *keys() {
        for (let shard = 0; shard < count; shard++) yield below(folder, shardName(sharding, BigInt(shard)));
      },
    };
  });
}

/** The shards that ids of the grid may be in: with plain ids those of the grid's high bits, with hashed ids all. */
function shardCount({ hash, preshiftBits, minishardBits, shardBits }: Sharding, idBits: number): number {
  if (hash !== "identity") return 2 ** shardBits;
  return 2 ** Math.max(0, Math.min(shardBits, idBits - preshiftBits - minishardBits));
}
