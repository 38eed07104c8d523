import type { RandomAccess, ReadOptions } from "../../core/bytes.js";
import { EmporiumError } from "../../core/errors.js";
import { isJsonObject } from "../../core/json-fields.js";
import { LIMITS } from "../../core/limits.js";
import { counted } from "../../core/units.js";
import { jsonWords } from "./json-words.js";
import type { PointBatch, ReadPoints } from "./points.js";

const BATCH_POINTS = 16_384;

/**
 * copick's picks: one JSON document with a list of points in ångström, so `binning` is the voxel spacing. `columns` and `order`
 * mean nothing here.
 *
 * The matrix is the upper left 3×3 of `transformation_`, identity where there is none. Its last column is skipped, as the portal
 * does; copick's own documentation adds it to the location. An instance's id is the file's own where any of the file is not 0,
 * else, and always with `compat`, its place in the list. A document without points has none.
 *
 * Cost: the document sits in memory, about 800 bytes a point as copick writes it.
 * @throws {EmporiumError} FORMAT_LIMIT past `LIMITS.tableBytes`, FORMAT_CORRUPT for what is no JSON, FORMAT_FIELD with the path
 *   in the document.
 */
export const readCopick: ReadPoints = async function* (source, { kind, binning, compat }, read): AsyncGenerator<PointBatch> {
  const points = pointsOf(await readJson(source, read), source.name);
  const ids = kind === "instancePoint" ? idsOf(points, source.name, compat === true) : undefined;
  for (let from = 0; from < points.length; from += BATCH_POINTS) {
    const count = Math.min(BATCH_POINTS, points.length - from);
    const positions = new Float64Array(3 * count);
    const rotations = kind === "orientedPoint" ? new Float64Array(9 * count) : undefined;
    for (let i = 0; i < count; i++) {
      const path = `points.${from + i}`;
      const point = asRecord(points[from + i], source.name, path);
      const location = asRecord(point.location, source.name, `${path}.location`);
      for (const [axis, name] of AXES.entries()) {
        positions[3 * i + axis] = asNumber(location[name], source.name, `${path}.location.${name}`) / binning;
      }
      if (rotations) fillRotation(point.transformation_, source.name, `${path}.transformation_`, rotations, 9 * i);
    }
    yield { count, positions, rotations, instanceIds: ids?.subarray(from, from + count) };
  }
};

const AXES = ["x", "y", "z"] as const;

async function readJson(source: RandomAccess, read: ReadOptions | undefined): Promise<unknown> {
  const size = await source.size();
  if (size > LIMITS.tableBytes) {
    throw new EmporiumError(
      "FORMAT_LIMIT",
      `${source.name}: ${counted(size, "byte")} of JSON; at most ${LIMITS.tableBytes} are read`,
      {
        place: { file: source.name },
        hint: "split the list of picks into several files",
      },
    );
  }
  const text = new TextDecoder().decode(await source.read({ offset: 0, length: size }, read));
  try {
    return JSON.parse(text);
  } catch (cause) {
    const numbers = withoutNaN(text);
    if (numbers !== undefined) return numbers;
    const message = cause instanceof Error ? cause.message : String(cause);
    const hint = "check that the file was copied whole: picks of copick are JSON";
    throw new EmporiumError("FORMAT_CORRUPT", `${source.name}: ${message}`, { place: { file: source.name }, hint, cause });
  }
}

/** Python writes a NaN score as `NaN`, which is no JSON: replaces it by null. Undefined if that was not the error. */
function withoutNaN(text: string): unknown {
  if (!/NaN|Infinity/.test(text)) return undefined;
  try {
    return JSON.parse(
      text.replace(/"[^"\\]*(?:\\.[^"\\]*)*"|-?\b(?:NaN|Infinity)\b/g, (word) => (word.startsWith('"') ? word : "null")),
    );
  } catch {
    return undefined;
  }
}

function pointsOf(document: unknown, file: string): readonly unknown[] {
  const { points } = asRecord(document, file, "");
  if (points === undefined || points === null) return [];
  if (!Array.isArray(points)) throw wrong(file, "points", points, "a list");
  return points;
}

function idsOf(points: readonly unknown[], file: string, positionsOnly: boolean): Float64Array {
  const ids = new Float64Array(points.length);
  if (!positionsOnly) {
    for (const [i, point] of points.entries()) {
      const id = asRecord(point, file, `points.${i}`).instance_id ?? 0;
      if (!Number.isSafeInteger(id) || (id as number) < 0) {
        throw wrong(file, `points.${i}.instance_id`, id, "a whole number from 0");
      }
      ids[i] = id as number;
    }
    if (ids.some((id) => id !== 0)) return ids;
  }
  return ids.map((_, i) => i);
}

const IDENTITY = [1, 0, 0, 0, 1, 0, 0, 0, 1];

function fillRotation(rows: unknown, file: string, path: string, out: Float64Array, offset: number): void {
  if (rows === undefined || rows === null) {
    out.set(IDENTITY, offset);
    return;
  }
  if (!Array.isArray(rows) || rows.length !== 4) throw wrong(file, path, rows, "4 rows of 4 numbers");
  for (const [row, values] of rows.entries()) {
    if (!Array.isArray(values) || values.length !== 4) throw wrong(file, `${path}.${row}`, values, "4 numbers");
    for (const [column, value] of values.entries()) {
      const number = asNumber(value, file, `${path}.${row}.${column}`);
      if (row < 3 && column < 3) out[offset + 3 * row + column] = number;
    }
  }
}

function asRecord(value: unknown, file: string, path: string): Readonly<Record<string, unknown>> {
  if (isJsonObject(value)) return value as Record<string, unknown>;
  throw wrong(file, path, value, "an object");
}

function asNumber(value: unknown, file: string, path: string): number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw wrong(file, path, value, "a finite number");
}

function wrong(file: string, path: string, found: unknown, wanted: string): EmporiumError {
  return new EmporiumError("FORMAT_FIELD", `${file}: ${path || "the document"} is ${jsonWords(found)}; expected ${wanted}`, {
    place: { file, path: path || undefined },
    hint: "check that this is a pick file of copick: its points have location {x, y, z}, transformation_ and instance_id",
  });
}
