import { mkdir, open, readFile, stat } from "node:fs/promises";
import type { RandomAccess } from "../../../core/bytes.js";
import { EmporiumError, type Place } from "../../../core/errors.js";
import { LIMITS } from "../../../core/limits.js";
import { uploadFile } from "../../../engine/atomic.js";
import type { Operation, TaskContext } from "../../../engine/task.js";
import { encodePoints } from "../../../formats/points/ndjson.js";
import type { PointKind } from "../../../formats/points/points.js";
import { POINT_READERS } from "../../../formats/points/readers.js";
import { openObject } from "../../../stores/store.js";
import { freeingPoints } from "../../../system/garbage.js";
import type { FitOptions } from "../point-fit.js";
import { filesBeside } from "./files-beside.js";
import { pointCheck } from "./point-check.js";
import { publishUnlessSame } from "./publish.js";

export interface PointsParams {
  source: string;
  key: string;
  format: string;
  kind: PointKind;
  binning: number;
  columns: "xyz" | "zyx";
  order: "xyz" | "zyx";
  delimiter: string;
  filterValue: string | null;
  /** Voxels `[z, y, x]` and Å of the tomogram that the points lie in; null where nothing tells. */
  tomogram: { shape: readonly [number, number, number]; voxelSpacingAngstrom: number } | null;
  /** An empty list is written where no row is of the tomogram. */
  allowEmpty: boolean;
  compat: boolean;
  /** Points outside of the tomogram are a failure. */
  strict?: boolean;
  force?: boolean;
}

/**
 * Reads a particle list in its format and writes the portal's: one JSON object a line, a batch of rows at a time.
 *
 * @throws {EmporiumError} FORMAT_… of the reader; FORMAT_FIELD for a matrix that is not a rotation; CONFIG_EMPTY if the tomogram
 *   has no row
 */
export const pointsOperation: Operation = async ({ params, bytes, place }, context) => {
  const { source, key, format, tomogram, filterValue, allowEmpty, compat, strict, force, ...options } =
    params as unknown as PointsParams;
  const { signal, progress } = context;
  const file = watched(await openObject(context.source, source, { signal }), (done) => progress(Math.min(bytes, done)));
  const check = pointCheck(file.name, { fit: fitOptions(params as unknown as PointsParams), compat });
  const folder = await context.scratch();
  await mkdir(folder, { recursive: true });
  const path = `${folder}/points.ndjson`;
  const out = await open(path, "w");
  const free = freeingPoints();
  let leftOut = 0;
  try {
    const reading = POINT_READERS[format]!.read(
      file,
      {
        ...options,
        compat,
        beside: filesBeside(context.source, source, signal),
        filterValue: filterValue ?? undefined,
        onLeftOut: (rows) => {
          leftOut = rows;
        },
        ...(tomogram
          ? {
              tomogram: {
                sizeVoxels: [tomogram.shape[2], tomogram.shape[1], tomogram.shape[0]],
                voxelSpacingAngstrom: tomogram.voxelSpacingAngstrom,
              },
            }
          : {}),
      },
      { signal },
    );
    for await (const batch of reading) {
      signal.throwIfAborted();
      check.add(batch);
      free(batch.count);
      await out.write(encodePoints(options.kind, batch, check.count - batch.count));
    }
    // the reference writes no newline after the last point
    if (compat && check.count > 0) await out.truncate((await out.stat()).size - 1);
  } finally {
    await out.close();
  }
  if (check.count === 0 && filterValue !== null && !allowEmpty && !compat) throw noRow(file.name, filterValue, place);
  const outside = check.outsideText();
  if (outside !== undefined && strict) {
    throw new EmporiumError("FORMAT_FIELD", outside, {
      place,
      hint: "correct the source as the message says, check that it belongs to this tomogram, or omit --strict",
    });
  }
  const warnings = [...(outside === undefined ? [] : [outside]), ...check.warnings()];
  if (check.count === 0) warnings.push(`${file.name} has no points${filterValue === null ? "" : ` of ${filterValue}`}`);
  return {
    outputs: [await publish(context, path, key, force)],
    warnings,
    facts: { points: check.count, outside: check.outside, ...(leftOut > 0 && { leftOut }) },
  };
};

/** Options that reverse the axes, by kind of points. */
const REVERSE = { point: "columns", orientedPoint: "order", instancePoint: "order" } as const;
/** Formats that tell their own axes: the option changes nothing. */
const OWN_AXES = new Set(["copick", "tardis"]);

function fitOptions({ tomogram, binning, format, kind }: PointsParams): FitOptions | undefined {
  if (!tomogram) return undefined;
  const [z, y, x] = tomogram.shape;
  const reverse = OWN_AXES.has(format) ? undefined : REVERSE[kind];
  return { size: [x, y, z], spacingAngstrom: tomogram.voxelSpacingAngstrom, binning, reverse };
}

function noRow(name: string, filterValue: string, place: Place | undefined): EmporiumError {
  return new EmporiumError("CONFIG_EMPTY", `${name} has no row of ${filterValue}`, {
    place,
    hint: "check filter_value, exclude the run by parent_filters, or let empty lists pass with --allow-empty",
  });
}

async function publish(context: TaskContext, path: string, key: string, force: boolean | undefined) {
  const contentType = "application/x-ndjson";
  const { size } = await stat(path);
  if (size > LIMITS.partBytesMin) return uploadFile(context, path, key, { contentType, onBytes: () => {} });
  return publishUnlessSame(context, key, await readFile(path), { contentType, force });
}

/** The same source, telling how far it has been read. */
function watched(source: RandomAccess, onBytes: (done: number) => void): RandomAccess {
  let done = 0;
  return {
    name: source.name,
    size: () => source.size(),
    async read(range, options) {
      const bytes = await source.read(range, options);
      done = Math.max(done, range.offset + bytes.length);
      onBytes(done);
      return bytes;
    },
  };
}
