import type { Json, JsonObject } from "../../../core/json.js";
import { printJson } from "../../../core/json.js";
import { isJsonObject, member } from "../../../core/json-fields.js";
import { toNumber } from "../../../core/number.js";
import { isArray, parseMetadata, wrongField } from "../../../formats/zarr/json.js";
import { below, type ChunkGrid, chunkGrid } from "./chunk-grid.js";
import { type ContentsOptions, type GroupContents, innerPath, NODES_MAX, noLevel, type ReadDocument } from "./contents.js";

/**
 * A Zarr hierarchy of either version, by consolidated metadata if it has any, else by OME-NGFF's metadata: levels, labels, images
 * of a series, wells and fields of a plate. Of an array only shapes and names are read, so arrays with unknown codecs are copied
 * too.
 */
export async function zarrContents(
  read: ReadDocument,
  options: ContentsOptions & { versions: readonly (2 | 3)[] },
): Promise<GroupContents | undefined> {
  for (const version of options.versions) {
    const walk = new Walk(version === 2 ? v2(read) : v3(read), options);
    if (await walk.node("", 0)) return walk.finish();
  }
  return undefined;
}

/** One node as both versions have it. */
interface Node {
  documents: string[];
  attributes: JsonObject;
  /** Key of the document that holds the attributes, and its whole content. */
  attributesIn: { key: string; document: JsonObject } | undefined;
  grid: ChunkGrid | undefined;
  /** With consolidated metadata: the paths of all nodes below. */
  members: string[] | undefined;
  /** The document of the members, if it contains nothing else. */
  consolidatedIn: string | undefined;
}

/** Steps from a node to a member: plate, well, image, labels, label, level. */
const STEPS_MAX = 8;

type FindNode = (path: string) => Promise<Node | undefined>;

/** Collects the nodes of one hierarchy, each once. */
class Walk {
  private readonly seen = new Set<string>();
  private readonly contents: GroupContents = { format: "zarr", documents: [], grids: [], rewritten: new Map(), warnings: [] };
  /** Levels that were not requested. */
  private readonly left = new Set<string>();

  constructor(
    private readonly find: FindNode,
    private readonly options: ContentsOptions,
  ) {}

  finish(): GroupContents {
    const { documents, grids } = this.contents;
    this.contents.documents = [...new Set(documents)];
    this.contents.grids = grids.filter(({ array }) => !this.left.has(array));
    return this.contents;
  }

  /** False if there is no such node. */
  async node(path: string, step: number): Promise<boolean> {
    if (this.seen.has(path)) return true;
    const found = step > STEPS_MAX ? undefined : await this.find(path);
    if (!found) return false;
    this.seen.add(path);
    if (this.seen.size > NODES_MAX) throw wrongField(this.options.name, path, null, `at most ${NODES_MAX} nodes`);
    const { documents, grids, warnings } = this.contents;
    documents.push(...found.documents);
    if (found.grid) grids.push(found.grid);
    else {
      const members = await this.members(path, found, step + 1);
      if (members === 0 && path === "")
        warnings.push(`${this.options.name}: a group without a listing; what is in it cannot be found by its metadata`);
    }
    return true;
  }

  private async members(path: string, node: Node, step: number): Promise<number> {
    const ome = member(node.attributes, "ome");
    const attributes = isJsonObject(ome) ? ome : node.attributes;
    this.chooseLevel(path, node, attributes);
    const named = [...(node.members ?? []), ...namedMembers(attributes)];
    let found = 0;
    for (const name of [...new Set(named)]) {
      const inner = below(path, name);
      if (this.left.has(inner)) continue;
      if (await this.node(inner, step)) found++;
      else this.contents.warnings.push(`${this.options.name}: ${inner} is named by its group and is not there`);
    }
    // members that groups do not name
    if (node.members === undefined) {
      for (const name of isImage(attributes) || path === "" ? ["labels"] : [])
        if (await this.node(below(path, name), step)) found++;
      if (member(attributes, "bioformats2raw.layout") !== undefined) found += await this.series(path, step);
    }
    return found;
  }

  /** Images `0`, `1`, … and the group `OME` with the original metadata. */
  private async series(path: string, step: number): Promise<number> {
    let found = 0;
    if (await this.node(below(path, "OME"), step)) {
      found++;
      this.contents.documents.push(below(path, "OME/METADATA.ome.xml"));
    }
    for (let image = 0; await this.node(below(path, String(image)), step); image++) found++;
    return found;
  }

  /** With `--scale`: one level of an image. Its group then names only that one. */
  private chooseLevel(path: string, node: Node, attributes: JsonObject): void {
    const { scale } = this.options;
    if (scale === undefined || !isImage(attributes)) return;
    const images = member(attributes, "multiscales") as readonly Json[];
    const chosen = images.map((image) => {
      const datasets = isJsonObject(image) ? member(image, "datasets") : undefined;
      if (!isJsonObject(image) || !isArray(datasets)) return image;
      if (!(scale in datasets)) throw noLevel(below(this.options.name, path), scale, datasets.length);
      for (const [level, dataset] of datasets.entries()) {
        const inner = isJsonObject(dataset) ? innerPath(member(dataset, "path")) : undefined;
        if (level !== scale && inner !== undefined) this.left.add(below(path, inner));
      }
      return { ...image, datasets: [datasets[scale]!] };
    });
    const { key, document } = node.attributesIn!;
    const multiscales = (holder: JsonObject): JsonObject => ({ ...holder, multiscales: chosen });
    const inOme = isJsonObject(member(node.attributes, "ome"));
    const changed = inOme ? { ...node.attributes, ome: multiscales(attributes) } : multiscales(node.attributes);
    const whole = document === node.attributes ? changed : { ...document, attributes: changed, consolidated_metadata: undefined };
    this.contents.rewritten.set(key, Buffer.from(`${printJson(whole)}\n`));
    if (node.consolidatedIn !== undefined)
      this.contents.documents = this.contents.documents.filter((one) => one !== node.consolidatedIn);
  }
}

function isImage(attributes: JsonObject): boolean {
  return isArray(member(attributes, "multiscales"));
}

/** Paths of members in OME-NGFF's attributes. */
function namedMembers(attributes: JsonObject): string[] {
  const lists = [
    ...objects(member(attributes, "multiscales")).flatMap((image) =>
      objects(member(image, "datasets")).map((one) => member(one, "path")),
    ),
    ...[member(attributes, "labels")].flatMap((labels) => (isArray(labels) ? labels : [])),
    ...[member(attributes, "series")].flatMap((series) => (isArray(series) ? series : [])),
    ...[member(attributes, "plate")].flatMap((plate) =>
      isJsonObject(plate) ? objects(member(plate, "wells")).map((one) => member(one, "path")) : [],
    ),
    ...[member(attributes, "well")].flatMap((well) =>
      isJsonObject(well) ? objects(member(well, "images")).map((one) => member(one, "path")) : [],
    ),
  ];
  return lists.flatMap((path) => innerPath(path) || []);
}

function objects(value: Json | undefined): JsonObject[] {
  return isArray(value) ? value.filter(isJsonObject) : [];
}

function v2(read: ReadDocument): FindNode {
  /** Documents of `.zmetadata`, which need no request. */
  let known: Map<string, JsonObject> | undefined;
  const document = async (key: string): Promise<JsonObject | undefined> => {
    const inside = known?.get(key);
    if (inside || known) return inside;
    const bytes = await read(key);
    return bytes && parseMetadata(bytes, key);
  };
  return async (path) => {
    const at = (name: string) => below(path, name);
    let members: string[] | undefined;
    if (path === "") {
      const bytes = await read(".zmetadata");
      const metadata = bytes && member(parseMetadata(bytes, ".zmetadata"), "metadata");
      if (isJsonObject(metadata)) {
        known = new Map(
          Object.entries(metadata).flatMap(([key, value]) =>
            isJsonObject(value) && innerPath(key) === key ? [[key, value]] : [],
          ),
        );
        members = [...new Set([...known.keys()].map((key) => key.slice(0, Math.max(0, key.lastIndexOf("/")))))].filter(
          (name) => name !== "",
        );
      }
    }
    const [group, array, attributes] = await Promise.all([".zgroup", ".zarray", ".zattrs"].map((name) => document(at(name))));
    if (!array && !group && !attributes) return undefined;
    const has = { ".zgroup": group, ".zarray": array, ".zattrs": attributes };
    return {
      documents: [
        ...(members ? [".zmetadata"] : []),
        ...Object.entries(has).flatMap(([name, there]) => (there ? [at(name)] : [])),
      ],
      attributes: attributes ?? {},
      attributesIn: attributes && { key: at(".zattrs"), document: attributes },
      grid: array && v2Grid(path, array, at(".zarray")),
      members,
      consolidatedIn: members && ".zmetadata",
    };
  };
}

function v2Grid(path: string, document: JsonObject, name: string): ChunkGrid {
  const lengths = gridLengths(member(document, "shape"), member(document, "chunks"), name, ["shape", "chunks"]);
  const separator = member(document, "dimension_separator") === "/" ? "/" : ".";
  return chunkGrid(path, lengths, (cell) => cell.join(separator) || "0");
}

function v3(read: ReadDocument): FindNode {
  const known = new Map<string, JsonObject>();
  return async (path) => {
    const key = below(path, "zarr.json");
    const bytes = known.has(path) ? undefined : await read(key);
    const document = known.get(path) ?? (bytes && parseMetadata(bytes, key));
    if (!document) return undefined;
    const attributes = member(document, "attributes");
    const consolidated = member(document, "consolidated_metadata");
    const inside = isJsonObject(consolidated) ? member(consolidated, "metadata") : undefined;
    const members = isJsonObject(inside)
      ? Object.keys(inside).filter((name) => innerPath(name) === name && name !== "")
      : undefined;
    for (const name of members ?? []) {
      const value = isJsonObject(inside) ? member(inside, name) : undefined;
      if (isJsonObject(value)) known.set(below(path, name), value);
    }
    return {
      documents: [key],
      attributes: isJsonObject(attributes) ? attributes : {},
      attributesIn: { key, document },
      grid: member(document, "node_type") === "array" ? v3Grid(path, document, key) : undefined,
      members,
      consolidatedIn: undefined,
    };
  };
}

function v3Grid(path: string, document: JsonObject, name: string): ChunkGrid {
  const configuration = (value: Json | undefined) => {
    const inner = isJsonObject(value) ? member(value, "configuration") : undefined;
    return isJsonObject(inner) ? inner : {};
  };
  const grid = member(document, "chunk_grid");
  if (!isJsonObject(grid) || member(grid, "name") !== "regular") throw wrongField(name, "chunk_grid", grid, "a regular grid");
  const lengths = gridLengths(member(document, "shape"), member(configuration(grid), "chunk_shape"), name, [
    "shape",
    "chunk_grid",
  ]);
  const encoding = member(document, "chunk_key_encoding");
  const asV2 = isJsonObject(encoding) && member(encoding, "name") === "v2";
  const separator = member(configuration(encoding), "separator") ?? (asV2 ? "." : "/");
  if (separator !== "." && separator !== "/") throw wrongField(name, "chunk_key_encoding", separator, '"." or "/"');
  return chunkGrid(path, lengths, (cell) => (asV2 ? cell.join(separator) || "0" : ["c", ...cell].join(separator)));
}

/** Lengths of the grid: the shape divided by the chunk, rounded up. */
function gridLengths(
  shape: Json | undefined,
  chunks: Json | undefined,
  name: string,
  fields: readonly [string, string],
): number[] {
  const lengths = (value: Json | undefined, field: string, least: number): number[] => {
    const list = isArray(value) ? value.map(toNumber) : undefined;
    if (!list?.every((one) => one !== undefined && Number.isSafeInteger(one) && one >= least))
      throw wrongField(name, field, value, `a list of lengths of ${least} or more`);
    return list as number[];
  };
  const [whole, chunk] = [lengths(shape, fields[0], 0), lengths(chunks, fields[1], 1)];
  if (whole.length !== chunk.length) throw wrongField(name, fields[1], chunks, `${whole.length} lengths, one for each axis`);
  return whole.map((length, axis) => Math.ceil(length / chunk[axis]!));
}
