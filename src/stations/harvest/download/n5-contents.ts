import type { Json, JsonObject } from "../../../core/json.js";
import { isJsonObject, member } from "../../../core/json-fields.js";
import { toNumber } from "../../../core/number.js";
import { isArray, parseMetadata, wrongField } from "../../../formats/zarr/json.js";
import { below, type ChunkGrid, chunkGrid } from "./chunk-grid.js";
import { type ContentsOptions, type GroupContents, innerPath, NODES_MAX, noLevel, type ReadDocument } from "./contents.js";

/** Names of members of N5 groups, each with a number from 0: levels, channels, BigDataViewer's setups and times. */
const NUMBERED = ["s", "c", "setup", "timepoint"] as const;
const DEPTH_MAX = 16;

/**
 * An N5 dataset, or a group of them. N5 does not name members, so they are found by their usual names (`s0`, `c0`,
 * `setup0/timepoint0/s0`) and by the optional `multiscales`.
 */
export async function n5Contents(read: ReadDocument, { name, scale }: ContentsOptions): Promise<GroupContents | undefined> {
  const contents: GroupContents = { format: "n5", documents: [], grids: [], rewritten: new Map(), warnings: [] };
  const seen = new Set<string>();

  async function node(path: string): Promise<boolean> {
    if (seen.has(path)) return true;
    const key = below(path, "attributes.json");
    const bytes = path.split("/").length > DEPTH_MAX ? undefined : await read(key);
    // a group without attributes has no document
    const document = bytes && parseMetadata(bytes, key);
    const isDataset = document && member(document, "dimensions") !== undefined && member(document, "blockSize") !== undefined;
    if (!document && path !== "") return (await members(path, {})) > 0;
    seen.add(path);
    if (seen.size > NODES_MAX) throw wrongField(name, path, null, `at most ${NODES_MAX} nodes`);
    if (document) contents.documents.push(key);
    if (isDataset) contents.grids.push(n5Grid(path, document, key));
    else return (await members(path, document ?? {})) > 0 || document !== undefined;
    return true;
  }

  async function members(path: string, attributes: JsonObject): Promise<number> {
    let found = 0;
    for (const inner of namedMembers(attributes)) if (await node(below(path, inner))) found++;
    // only an existing folder is searched: every absent name would cause a tree of requests
    for (const kind of NUMBERED) {
      if (path !== "" && !mayHold(path, kind)) continue;
      let count = 0;
      for (; await node(below(path, `${kind}${count}`)); count++);
      found += count;
      if (kind === "s" && count > 0 && scale !== undefined) keepLevel(path, count);
    }
    return found;
  }

  function keepLevel(path: string, levels: number): void {
    if (scale! >= levels) throw noLevel(below(name, path), scale!, levels);
    const other = (folder: string) => {
      const level = /^s(\d+)$/.exec(folder.slice(path === "" ? 0 : path.length + 1))?.[1];
      return level !== undefined && Number(level) !== scale && (path === "" || folder.startsWith(`${path}/`));
    };
    contents.grids = contents.grids.filter(({ array }) => !other(array));
    contents.documents = contents.documents.filter((key) => !other(key.replace(/\/?attributes\.json$/, "")));
  }

  await node("");
  if (contents.documents.length === 0) return undefined;
  if (contents.grids.length === 0)
    contents.warnings.push(`${name}: a group without a listing; what is in it cannot be found by its metadata`);
  return contents;
}

/** Levels may be anywhere, channels in the root, times in setups. */
function mayHold(path: string, kind: (typeof NUMBERED)[number]): boolean {
  const last = path.slice(path.lastIndexOf("/") + 1);
  if (/^s\d+$/.test(last)) return false;
  return kind === "s" || (kind === "timepoint" && /^setup\d+$/.test(last));
}

function namedMembers(attributes: JsonObject): string[] {
  const images = member(attributes, "multiscales");
  const datasets = objects(images).flatMap((image) => objects(member(image, "datasets")));
  return datasets.flatMap((dataset) => innerPath(member(dataset, "path")) || []);
}

function objects(value: Json | undefined): JsonObject[] {
  return isArray(value) ? value.filter(isJsonObject) : [];
}

/** Keys of blocks are `<x>/<y>/<z>`, in the document's order of axes: the fastest first. */
function n5Grid(path: string, document: JsonObject, name: string): ChunkGrid {
  const list = (field: string, least: number): number[] => {
    const value = member(document, field);
    const numbers = isArray(value) ? value.map(toNumber) : undefined;
    if (!numbers?.every((one) => one !== undefined && Number.isSafeInteger(one) && one >= least))
      throw wrongField(name, field, value, `a list of lengths of ${least} or more`);
    return numbers as number[];
  };
  const [dimensions, block] = [list("dimensions", 0), list("blockSize", 1)];
  if (dimensions.length !== block.length)
    throw wrongField(name, "blockSize", member(document, "blockSize"), `${dimensions.length} lengths`);
  const lengths = dimensions.map((length, axis) => Math.ceil(length / block[axis]!));
  return chunkGrid(path, lengths, (cell) => cell.join("/"));
}
