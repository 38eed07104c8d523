import { ITEM_BYTES } from "../../../core/dtype.js";
import { EmporiumError } from "../../../core/errors.js";
import { type Json, type JsonObject, printJson } from "../../../core/json.js";
import { isJsonObject, jsonObject, member } from "../../../core/json-fields.js";
import { Float, toNumber } from "../../../core/number.js";
import { counted } from "../../../core/units.js";
import { isN5Dataset, type N5Dataset, n5DatasetFromJson, parseN5Attributes } from "../../../formats/n5/attributes.js";
import { decodeN5Block } from "../../../formats/n5/block.js";
import { n5Calibration, n5Factors, n5Levels } from "../../../formats/n5/multiscale.js";
import { n5BlockKey } from "../../../formats/n5/read.js";
import { encodeN5Block, WRITTEN_COMPRESSIONS } from "../../../formats/n5/write.js";
import { positions } from "../../../formats/zarr/chunks.js";
import { isArray } from "../../../formats/zarr/json.js";
import { writingCodecs } from "./codecs.js";
import { type CropArray, cropGrid, cropShape } from "./crop-array.js";
import { type CropPlan, type CropSource, chosenLevels, type LevelRequest, textBytes } from "./plan.js";
import { clean, type Starts, shiftedMultiscales, shiftedTransform, unmovedMultiscales, unmovedTransform } from "./shifted.js";
import { arrayName, type FoundLevel, guessedAxes, planLevels } from "./zarr-levels.js";

interface N5Level extends FoundLevel {
  dataset: N5Dataset;
  /** The level's position from the group's metadata, in Janelia's form. */
  transform?: JsonObject | undefined;
}

/** More levels than any pyramid has. They are searched for if the group does not name them. */
const LEVELS_MAX = 32;

/**
 * A crop of an N5 dataset, or of the levels of a multiscale group.
 *
 * @returns undefined if there is neither
 * @throws {EmporiumError} FORMAT_UNKNOWN for a group without levels
 */
export async function planN5(source: CropSource, request: LevelRequest): Promise<CropPlan | undefined> {
  const { name } = source;
  const own = await source.read("attributes.json");
  const attributes = own ? parseN5Attributes(own, `${name}/attributes.json`) : {};
  const documents = new Map<string, JsonObject>();
  let levels: readonly N5Level[];
  if (isN5Dataset(attributes)) {
    levels = chosenLevels([levelOf("", attributes, name)], request, name);
  } else {
    const found = await levelsOf(source, attributes);
    if (found.length === 0) {
      if (!own) return undefined;
      throw new EmporiumError("FORMAT_UNKNOWN", `${name}: a group without levels; expected a dataset`, {
        place: { file: name },
        hint: "name the dataset within the container, such as volumes/raw or em/fibsem-uint16/s0",
      });
    }
    levels = chosenLevels(found, request, name);
  }
  const planned = planLevels(levels, request, name);
  // one level of a group becomes a dataset: the metadata of groups cannot name a single level that is not the first
  const alone = request.scale !== "all" && levels[0]!.path !== "";
  const arrays: CropArray[] = [];
  const warnings = guessedAxes(levels, name);
  for (const [i, level] of levels.entries()) {
    const { box } = planned[i]!;
    const target = writable(level.dataset, level.path, request);
    const path = alone ? "" : level.path;
    const kept = alone ? standingAlone(level, target, attributes) : target.attributes;
    documents.set(`${path === "" ? "" : `${path}/`}attributes.json`, {
      ...shiftedDataset(kept, box.start, attributes),
      dimensions: [...cropShape(box)].reverse(),
    });
    warnings.push(...unmovedDataset(kept, box.start, attributes, arrayName(name, level.path)));
    arrays.push(arrayOf(source, level, target, box, path));
  }
  if (own && !isN5Dataset(attributes) && !alone) {
    const starts = new Map(levels.map(({ path }, i) => [path, planned[i]!.box.start]));
    documents.set("attributes.json", shiftedGroup(attributes, levels, starts));
    warnings.push(...unmovedGroup(attributes, levels, starts, name));
  }
  // readers look for the version in the root's attributes
  const root = documents.get("attributes.json") ?? {};
  documents.set("attributes.json", { n5: member(root, "n5") ?? "2.0.0", ...root });
  return {
    format: "n5",
    documents: new Map([...documents].map(([key, document]) => [key, textBytes(printJson(document, { indent: 2 }))])),
    arrays,
    levels: planned.map(({ cropped }) => ({ ...cropped, path: alone ? "" : cropped.path })),
    warnings: [...new Set(warnings)],
  };
}

/** The levels that the group names, else the existing ones of `s0`, `s1`, … */
async function levelsOf(source: CropSource, group: JsonObject): Promise<N5Level[]> {
  const named = n5Levels(group);
  const levels: N5Level[] = [];
  for (let i = 0; i < (named?.length ?? LEVELS_MAX); i++) {
    const path = named ? named[i]!.path : `s${i}`;
    const bytes = await source.read(`${path}/attributes.json`);
    if (!bytes) {
      if (!named) break;
      throw new EmporiumError(
        "STORE_ABSENT",
        `${source.name}/${path}/attributes.json does not exist, though the group names it`,
        {
          place: { file: `${source.name}/${path}` },
        },
      );
    }
    const level = levelOf(path, parseN5Attributes(bytes, `${source.name}/${path}/attributes.json`), source.name);
    const listed = named?.[i];
    levels.push({
      ...level,
      scale: listed?.factors ?? listed?.calibration?.voxelSize ?? level.scale,
      transform: listed?.calibration && listedTransform(group, i),
    });
  }
  const comparable = levels.every(({ scale, shape }) => scale?.length === shape.length);
  return comparable ? levels : levels.map((level) => ({ ...level, scale: undefined }));
}

function listedTransform(group: JsonObject, level: number): JsonObject | undefined {
  const multiscales = member(group, "multiscales");
  const first = isArray(multiscales) ? multiscales[0] : undefined;
  const datasets = isJsonObject(first) ? member(first, "datasets") : undefined;
  const dataset = isArray(datasets) ? datasets[level] : undefined;
  const transform = isJsonObject(dataset) ? member(dataset, "transform") : undefined;
  return jsonObject(transform);
}

/** Attributes of a level, with the voxel facts of its group. */
function standingAlone({ transform }: N5Level, { attributes }: N5Dataset, group: JsonObject): JsonObject {
  const shared = ["pixelResolution", "resolution", "units", "axes"].flatMap((key) => {
    const value = member(group, key);
    return value === undefined ? [] : [[key, value] as const];
  });
  return { ...(transform ? { transform } : {}), ...Object.fromEntries(shared), ...attributes };
}

/** Voxel sizes by level: `downsamplingFactors` first, since viewers copy the finest level's voxel size to every level. */
function levelOf(path: string, attributes: JsonObject, name: string): N5Level {
  const dataset = n5DatasetFromJson(attributes, `${name}/${path === "" ? "" : `${path}/`}attributes.json`);
  const scale =
    n5Factors(attributes) ?? (member(attributes, "transform") === undefined ? undefined : n5Calibration(attributes)?.voxelSize);
  return { path, dataset, shape: dataset.shape, axes: undefined, scale };
}

/** The dataset for writing: with gzip if its compression can only be read. */
function writable(dataset: N5Dataset, path: string, { log }: LevelRequest): N5Dataset {
  if ((WRITTEN_COMPRESSIONS as readonly string[]).includes(dataset.compression.type)) return dataset;
  log.info(`${path || "the dataset"}: blocks of ${dataset.compression.type} are written with gzip`);
  const attributes = { ...dataset.attributes, compression: { type: "gzip", level: -1 }, compressionType: undefined };
  return { ...dataset, attributes, compression: { type: "gzip", useZlib: false } };
}

/** Attributes of a dataset with another start. Without a `transform`, `offset` is moved, in unit and order of the voxel size. */
function shiftedDataset(attributes: JsonObject, start: readonly number[], group: JsonObject): JsonObject {
  const transformed = shiftedTransform(attributes, start);
  if (Object.keys(transformed).length > 0 || start.every((at) => at === 0)) return { ...attributes, ...transformed };
  const calibration = n5Calibration(attributes) ?? n5Calibration(group);
  if (calibration?.voxelSize.length !== start.length) return attributes;
  const factors = n5Factors(attributes);
  const before = member(attributes, "offset");
  const offset = [...start].reverse().map((at, i) => {
    const axis = start.length - 1 - i;
    const moved = at * calibration.voxelSize[axis]! * (factors?.length === start.length ? factors[axis]! : 1);
    return new Float(clean(((isArray(before) ? toNumber(before[i]) : undefined) ?? 0) + moved));
  });
  return { ...attributes, offset };
}

/** A warning if `shiftedDataset` leaves the position of the whole. */
function unmovedDataset(attributes: JsonObject, start: readonly number[], group: JsonObject, name: string): string[] {
  const found = unmovedTransform(attributes, start, name);
  if (found.length > 0 || start.every((at) => at === 0)) return found;
  if ([attributes, group].some((one) => member(one, "transform") !== undefined)) return [];
  const size = (n5Calibration(attributes) ?? n5Calibration(group))?.voxelSize;
  if (size === undefined || size.length === start.length) return [];
  return [
    `${name}: its voxel size has ${counted(size.length, "number")} for ${counted(start.length, "axis", "axes")}: the crop has no offset`,
  ];
}

/** Attributes of the group: `multiscales` and `scales` with the kept levels. */
function shiftedGroup(group: JsonObject, levels: readonly N5Level[], starts: Starts): JsonObject {
  const changed: Record<string, Json> = {};
  if (member(group, "multiscales") !== undefined) changed.multiscales = shiftedMultiscales(member(group, "multiscales"), starts);
  const scales = member(group, "scales");
  if (isArray(scales)) changed.scales = scales.filter((_, i) => levels.some(({ path }) => path === `s${i}`));
  const [finest] = levels;
  const start = finest && starts.get(finest.path);
  return { ...group, ...(start && isJsonObject(member(group, "transform")) ? shiftedTransform(group, start) : {}), ...changed };
}

function unmovedGroup(group: JsonObject, [finest]: readonly N5Level[], starts: Starts, name: string): string[] {
  const start = finest && starts.get(finest.path);
  return [
    ...(start ? unmovedTransform(group, start, name) : []),
    ...unmovedMultiscales(member(group, "multiscales"), starts, name),
  ];
}

function arrayOf(source: CropSource, level: N5Level, target: N5Dataset, box: CropArray["box"], path: string): CropArray {
  const { dataset } = level;
  const folder = (of: string) => (of === "" ? "" : `${of}/`);
  const name = arrayName(source.name, level.path);
  const itemBytes = ITEM_BYTES[dataset.dtype];
  const codecs = writingCodecs(itemBytes);
  const array: CropArray = {
    path,
    name,
    shape: dataset.shape,
    unit: dataset.blocks,
    box,
    itemBytes,
    fill: new Uint8Array(itemBytes),
    padded: false,
    sameCodec: target === dataset,
    fetch: (cell, signal) => source.read(folder(level.path) + n5BlockKey(cell), signal),
    async decode(stored, cell) {
      const block = await decodeN5Block(stored, dataset, `${name}/${n5BlockKey(cell)}`);
      return { bytes: block.plain, shape: block.shape };
    },
    encode: (plain) => encodeN5Block(plain.bytes, plain.shape, target, codecs),
    *files() {
      const grid = cropGrid(array);
      for (const cell of positions(
        grid.map(() => 0),
        grid,
      )) {
        yield { key: folder(path) + n5BlockKey(cell), units: [{ cell, entry: 0 }] };
      }
    },
  };
  return array;
}
