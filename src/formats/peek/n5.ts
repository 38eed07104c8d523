import { EmporiumError } from "../../core/errors.js";
import type { JsonObject } from "../../core/json.js";
import { member } from "../../core/json-fields.js";
import { toNumber } from "../../core/number.js";
import { isN5Dataset, n5DatasetFromJson, parseN5Attributes } from "../n5/attributes.js";
import { type N5Calibration, n5Calibration, n5Factors, n5Levels } from "../n5/multiscale.js";
import { isArray } from "../zarr/json.js";
import { allKnown, emptyFacts, finite, type PeekFacts } from "./facts.js";
import { despiteCodecs, type ReadKey } from "./zarr.js";

/**
 * Facts of an N5 dataset, or of the finest level of a multiscale group, from one to three documents. Undefined if there is
 * neither.
 *
 * @throws {EmporiumError} as `n5DatasetFromJson`; FORMAT_UNKNOWN for a group without levels.
 */
export async function peekN5(read: ReadKey, name: string): Promise<PeekFacts | undefined> {
  const own = await read("attributes.json");
  const attributes = own ? parseN5Attributes(own, `${name}/attributes.json`) : {};
  if (isN5Dataset(attributes)) return n5Facts(name, attributes, {}, undefined);
  const [first = { path: "s0", factors: undefined, calibration: undefined }] = n5Levels(attributes) ?? [];
  const bytes = await read(`${first.path}/attributes.json`);
  if (!bytes) {
    if (!own) return undefined;
    throw new EmporiumError("FORMAT_UNKNOWN", `${name}: a group without ${first.path}/attributes.json; expected a dataset`, {
      place: { file: name },
      hint: "name the dataset within the container, such as volumes/raw or em/fibsem-uint16/s0",
    });
  }
  const level = parseN5Attributes(bytes, `${name}/${first.path}/attributes.json`);
  return n5Facts(name, level, attributes, first.calibration);
}

function n5Facts(name: string, attributes: JsonObject, group: JsonObject, listed: N5Calibration | undefined): PeekFacts {
  const warnings: string[] = [];
  const dataset = despiteCodecs(warnings, (plain) =>
    n5DatasetFromJson(plain ? { ...attributes, compression: { type: "raw" } } : attributes, name),
  );
  const { shape } = dataset;
  const fitting = (one: N5Calibration | undefined) => (one?.voxelSize.length === shape.length ? one : undefined);
  const own = fitting(n5Calibration(attributes));
  const shared = fitting(n5Calibration(group));
  const calibration = own ?? fitting(listed) ?? shared;
  // the group's size is that of its finest level, and so is the one that viewers copy into every level beside its factors
  const factors = n5Factors(attributes);
  const scaled = member(attributes, "transform") === undefined && factors?.length === shape.length ? factors : undefined;
  const voxelSize = shape.map((_, axis) => finite(calibration && calibration.voxelSize[axis]! * (scaled?.[axis] ?? 1)));
  const [min, max] = limitsOf(attributes);
  const facts = emptyFacts({
    name,
    format: "n5",
    shape: [...shape],
    axes: calibration?.axes ?? ["t", "c", "z", "y", "x"].slice(-shape.length),
    dtype: dataset.dtype,
    voxelSize,
    unit: shape.map((_, axis) => calibration?.unit?.[axis] ?? null),
    offset: shape.map((_, axis) => (calibration?.offset ? finite(calibration.offset[axis]) : null)),
    contrast: min !== undefined && max !== undefined && min < max ? { min, max } : null,
    warnings,
    raw: { group, attributes },
  });
  if (facts.axes.length !== shape.length) facts.axes = shape.map((_, axis) => `dim_${axis}`);
  facts.sources = {
    shape: "file",
    dtype: "file",
    ...(allKnown(voxelSize) ? { voxelSize: scaled ? "derived" : "file" } : {}),
    ...(facts.contrast ? { contrast: "file" } : {}),
  };
  return facts;
}

/** Contrast limits as Janelia writes them: `contrastLimits` among the dataset's attributes. */
function limitsOf(attributes: JsonObject): (number | undefined)[] {
  const limits = member(attributes, "contrastLimits");
  return isArray(limits) && limits.length === 2 ? limits.map(toNumber) : [];
}
