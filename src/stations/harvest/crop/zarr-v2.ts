import { type JsonObject, printJson } from "../../../core/json.js";
import { jsonObject, member } from "../../../core/json-fields.js";
import { areWritten } from "../../../formats/zarr/apply-steps.js";
import { chunkKey, positions } from "../../../formats/zarr/chunks.js";
import type { CodecRegistry, CompressorConfig } from "../../../formats/zarr/codecs.js";
import { fillElement } from "../../../formats/zarr/fill-element.js";
import { parseMetadata } from "../../../formats/zarr/json.js";
import {
  parseZattrs,
  printZattrs,
  printZgroup,
  type ZarrArrayMeta,
  zarrayFromJson,
  zarrSteps,
} from "../../../formats/zarr/metadata.js";
import { parseOmeZarr, unreadImages } from "../../../formats/zarr/ome.js";
import { readZarrArray } from "../../../formats/zarr/read.js";
import { writeZarrArray } from "../../../formats/zarr/write.js";
import { writingCodecs } from "./codecs.js";
import { type CropArray, cropGrid, cropShape } from "./crop-array.js";
import { type CropPlan, type CropSource, chosenLevels, type LevelRequest, PROVENANCE, textBytes } from "./plan.js";
import { type Starts, shiftedMultiscales, shiftedTransform, unmovedMultiscales, unmovedTransform } from "./shifted.js";
import { absentDocument, arrayName, type FoundLevel, guessedAxes, planLevels } from "./zarr-levels.js";

interface V2Level extends FoundLevel {
  meta: ZarrArrayMeta;
  document: JsonObject;
  /** Members that the crop's document has in place of the source's filters and compressor that can only be read. */
  target: { filters?: null; compressor?: CompressorConfig };
  attributes: JsonObject | undefined;
}

/** The compression if the source's own can only be read. */
const WRITTEN: CompressorConfig = { id: "zlib", level: 5 };

/**
 * A crop of a Zarr v2 array, or of the levels of an OME-Zarr image of 0.1 to 0.4.
 *
 * @returns undefined if there is neither
 */
export async function planZarrV2(source: CropSource, request: LevelRequest): Promise<CropPlan | undefined> {
  const { name } = source;
  const own = await source.read(".zattrs");
  const attributes = own ? parseZattrs(own, `${name}/.zattrs`) : {};
  const documents = new Map<string, JsonObject>();
  const levels: V2Level[] = [];
  const warnings: string[] = [];
  const isImage = member(attributes, "multiscales") !== undefined;
  if (isImage) {
    const image = parseOmeZarr(attributes, `${name}/.zattrs`);
    warnings.push(...unreadImages(image).map((note) => `${name}: ${note}`));
    for (const dataset of chosenLevels(image.datasets, request, name)) {
      levels.push({
        ...(await readLevel(source, dataset.path)),
        path: dataset.path,
        axes: image.spatialAxes,
        scale: dataset.scale,
      });
    }
  } else {
    const bytes = await source.read(".zarray");
    if (!bytes) {
      if (own) parseOmeZarr(attributes, `${name}/.zattrs`); // throws an error that explains it
      return undefined;
    }
    chosenLevels([bytes], request, name);
    levels.push({ ...(await readLevel(source, "")), path: "", axes: undefined, scale: undefined, attributes });
  }
  const planned = planLevels(levels, request, name);
  warnings.push(...guessedAxes(levels, name));
  for (const [i, { path, document, target, attributes: inner }] of levels.entries()) {
    const below = path === "" ? "" : `${path}/`;
    const { box } = planned[i]!;
    documents.set(`${below}.zarray`, { ...document, ...target, shape: cropShape(box) });
    if (inner && Object.keys(inner).length > 0) {
      documents.set(`${below}.zattrs`, { ...inner, ...shiftedTransform(inner, box.start) });
      warnings.push(...unmovedTransform(inner, box.start, arrayName(name, path)));
    }
    for (let parent = path; parent.includes("/"); ) {
      parent = parent.slice(0, parent.lastIndexOf("/"));
      documents.set(`${parent}/.zgroup`, { zarr_format: 2 });
    }
  }
  if (isImage) {
    const starts = new Map(levels.map(({ path }, i) => [path, planned[i]!.box.start]));
    documents.set(".zgroup", { zarr_format: 2 });
    const multiscales = member(attributes, "multiscales");
    documents.set(".zattrs", { ...attributes, multiscales: shiftedMultiscales(multiscales, starts) });
    warnings.push(...unmovedMultiscales(multiscales, starts, name), ...withoutPlace(levels, starts, name));
  }
  const files = new Map([...documents].map(([key, document]) => [key, textBytes(printed(key, document))]));
  if (await source.read(".zmetadata")) {
    const metadata = Object.fromEntries([...documents].sort(([a], [b]) => (a < b ? -1 : 1)));
    files.set(".zmetadata", textBytes(printJson({ metadata, zarr_consolidated_format: 1 })));
  }
  return {
    format: "zarr2",
    documents: files,
    arrays: levels.map((level, i) => arrayOf(source, level, planned[i]!.box)),
    levels: planned.map(({ cropped }) => cropped),
    warnings,
  };
}

/** Before version 0.4 a group need not say where its arrays begin. */
function withoutPlace([finest]: readonly V2Level[], starts: Starts, name: string): string[] {
  const isAtStart = finest && starts.get(finest.path)?.every((at) => at === 0);
  if (!finest || finest.scale || isAtStart) return [];
  return [`${name}: its metadata have no coordinateTransformations: the crop's position is in its ${PROVENANCE} alone`];
}

function printed(key: string, document: JsonObject): string {
  if (key.endsWith(".zgroup")) return printZgroup();
  return key.endsWith(".zattrs") ? printZattrs(document) : printJson(document, { sortKeys: true });
}

async function readLevel(
  source: CropSource,
  path: string,
): Promise<Pick<V2Level, "meta" | "document" | "target" | "attributes" | "shape">> {
  const below = path === "" ? "" : `${path}/`;
  const name = `${source.name}/${below}.zarray`;
  const bytes = await source.read(`${below}.zarray`);
  if (!bytes) throw absentDocument(name);
  const document = parseMetadata(bytes, name);
  const meta = zarrayFromJson(document, name);
  const attributes = path === "" ? undefined : await source.read(`${below}.zattrs`);
  const parsed = attributes && parseZattrs(attributes, `${source.name}/${below}.zattrs`);
  const target = !meta.filters && areWritten(zarrSteps(meta)) ? {} : { filters: null, compressor: WRITTEN };
  return { meta, document, target, shape: meta.shape, attributes: jsonObject(parsed) };
}

function arrayOf(source: CropSource, { meta, path, target }: V2Level, box: CropArray["box"]): CropArray {
  const below = path === "" ? "" : `${path}/`;
  const codecs: CodecRegistry = writingCodecs(meta.type.itemBytes);
  const one: ZarrArrayMeta = { ...meta, shape: meta.chunks };
  const sameCodec = target.compressor === undefined;
  const written: ZarrArrayMeta = sameCodec ? one : { ...one, filters: [], compressor: WRITTEN };
  const name = arrayName(source.name, path);
  const array: CropArray = {
    path,
    name,
    shape: meta.shape,
    unit: meta.chunks,
    box,
    itemBytes: meta.type.itemBytes,
    fill: fillElement(meta.fillValue, meta.type.dtype),
    padded: true,
    sameCodec,
    fetch: (cell, signal) => source.read(below + chunkKey(cell, meta.dimensionSeparator), signal),
    async decode(stored, cell) {
      const key = chunkKey(cell, meta.dimensionSeparator);
      const bytes = await readZarrArray(async () => stored, one, { name: `${name}/${key}`, bytesMax: Number.POSITIVE_INFINITY });
      return { bytes, shape: meta.chunks };
    },
    async encode(plain) {
      let stored: Uint8Array | undefined;
      const put = async (key: string, bytes: Uint8Array) => {
        if (!key.endsWith(".zarray")) stored = bytes;
      };
      await writeZarrArray(put, written, plain.bytes, codecs);
      return stored!;
    },
    *files() {
      const grid = cropGrid(array);
      for (const cell of positions(
        grid.map(() => 0),
        grid,
      )) {
        yield { key: below + chunkKey(cell, meta.dimensionSeparator), units: [{ cell, entry: 0 }] };
      }
    },
  };
  return array;
}
