import { concat, type RandomAccess, type ReadOptions } from "../../core/bytes.js";
import { EmporiumError } from "../../core/errors.js";
import { counted } from "../../core/units.js";
import { lineBlocks } from "./csv-lines.js";
import { jsonWords } from "./json-words.js";
import type { PointBatch, PointKind } from "./points.js";

/** Lines that are put together before they become bytes: what fits a processor's cache is a third faster than long text. */
const LINES_AT_ONCE = 128;
const BATCH_POINTS = 16_384;

/**
 * Points as lines of the portal's point files, one JSON object and one newline each: batches after one another make the file.
 *
 * Keys, their order and the blanks are those of Python's `json.dumps`. A number has the shortest digits that read back equal, and
 * stays a float in languages that tell: `1.0`, `-0.0`. Instance ids are integers.
 *
 * @param first place of the batch's first point in its file, from 0, for error messages.
 * @throws {EmporiumError} METADATA_VALUE for a number that is not finite, an instance id that is no whole number from 0, or a
 *   batch without what its kind needs.
 *
 * Cost: a million oriented points, 330 MB, in less than 2 s on one core; more than half of it is the printing of 12 million
 * numbers.
 */
export function encodePoints(kind: PointKind, batch: PointBatch, first = 0): Uint8Array {
  check(kind, batch, first);
  const pieces: Uint8Array[] = [];
  const encoder = new TextEncoder();
  for (let from = 0; from < batch.count; from += LINES_AT_ONCE) {
    pieces.push(encoder.encode(LINES[kind](batch, from, Math.min(from + LINES_AT_ONCE, batch.count))));
  }
  return concat(pieces);
}

/** Points of a file in the portal's form, and their kind. One file holds one kind. */
export interface PointLineBatch extends PointBatch {
  readonly kind: PointKind;
}

/**
 * The points of a point file. Blank lines, CRLF and a missing last newline are accepted; an empty file has no points. Keys beyond
 * those of the portal are skipped.
 *
 * @throws {EmporiumError} FORMAT_FIELD with the line for what is no point, or a point of another kind than the first;
 *   FORMAT_LIMIT for a line past `LIMITS.recordLength`.
 */
export async function* readPointLines(source: RandomAccess, read?: ReadOptions): AsyncGenerator<PointLineBatch> {
  let kind: PointKind | undefined;
  let points: PointLine[] = [];
  for await (const { firstLine, lines } of lineBlocks(source, read)) {
    for (const [at, text] of lines.entries()) {
      if (text.trim() === "") continue;
      const place = { file: source.name, line: firstLine + at };
      const point = parseLine(text, place);
      kind ??= point.type;
      if (point.type !== kind) throw noPoint(place, `a point of type ${point.type} after those of type ${kind}`);
      points.push(point);
      if (points.length === BATCH_POINTS) {
        yield gather(kind, points);
        points = [];
      }
    }
  }
  if (kind && points.length > 0) yield gather(kind, points);
}

/** Counts of points for an annotation's metadata: filled while they are written, or from a file by `countPoints`. */
export class PointTally {
  /** Points, which is lines of the file. */
  lines = 0;
  readonly #ids = new Set<number>();

  add({ count, instanceIds }: PointBatch): void {
    this.lines += count;
    if (instanceIds) for (let i = 0; i < count; i++) this.#ids.add(instanceIds[i]!);
  }

  /** Distinct instance ids: 0 where the points have none. */
  get instances(): number {
    return this.#ids.size;
  }
}

/** @throws {EmporiumError} as `readPointLines`. */
export async function countPoints(source: RandomAccess, read?: ReadOptions): Promise<PointTally> {
  const tally = new PointTally();
  for await (const batch of readPointLines(source, read)) tally.add(batch);
  return tally;
}

type Lines = (batch: PointBatch, from: number, to: number) => string;

// One template a line: text that is put together in steps costs a quarter more.
const LINES: Readonly<Record<PointKind, Lines>> = {
  point: ({ positions: p }, from, to) => {
    let text = "";
    for (let i = from; i < to; i++) {
      const at = 3 * i;
      text += `{"type": "point", "location": {"x": ${float(p[at]!)}, "y": ${float(p[at + 1]!)}, "z": ${float(p[at + 2]!)}}}\n`;
    }
    return text;
  },
  orientedPoint: ({ positions: p, rotations }, from, to) => {
    const r = rotations!;
    let text = "";
    for (let i = from; i < to; i++) {
      const [at, m] = [3 * i, 9 * i];
      text += `{"type": "orientedPoint", "location": {"x": ${float(p[at]!)}, "y": ${float(p[at + 1]!)}, "z": ${float(p[at + 2]!)}}, "xyz_rotation_matrix": [[${float(r[m]!)}, ${float(r[m + 1]!)}, ${float(r[m + 2]!)}], [${float(r[m + 3]!)}, ${float(r[m + 4]!)}, ${float(r[m + 5]!)}], [${float(r[m + 6]!)}, ${float(r[m + 7]!)}, ${float(r[m + 8]!)}]]}\n`;
    }
    return text;
  },
  instancePoint: ({ positions: p, instanceIds }, from, to) => {
    let text = "";
    for (let i = from; i < to; i++) {
      const at = 3 * i;
      // + 0: an id of −0 is 0
      text += `{"type": "instancePoint", "location": {"x": ${float(p[at]!)}, "y": ${float(p[at + 1]!)}, "z": ${float(p[at + 2]!)}}, "instance_id": ${instanceIds![i]! + 0}}\n`;
    }
    return text;
  },
};

/** A float of JSON as Python reads it: `1` is an integer and `-0` is 0, so a fraction or exponent (from 1e21) is needed. */
function float(value: number): string {
  if (!Number.isInteger(value)) return `${value}`;
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  return Math.abs(value) < 1e21 ? `${value}.0` : `${value}`;
}

function check(kind: PointKind, { count, positions, rotations, instanceIds }: PointBatch, first: number): void {
  const fault = (point: number, found: string) =>
    new EmporiumError("METADATA_VALUE", `point ${first + point} (from 0): ${found}`, {
      hint: "check this point in the source file",
    });
  const finite = (values: Float64Array | undefined, each: number, what: string) => {
    if (!values || values.length < count * each) {
      throw fault(0, `${values?.length ?? 0} numbers of ${what} for ${counted(count, "point")}; expected ${each} each`);
    }
    for (let i = 0; i < count * each; i++) {
      if (!Number.isFinite(values[i])) throw fault(Math.floor(i / each), `${what} holds ${values[i]}; expected finite numbers`);
    }
  };
  finite(positions, 3, "location");
  if (kind === "orientedPoint") finite(rotations, 9, "xyz_rotation_matrix");
  if (kind !== "instancePoint") return;
  finite(instanceIds, 1, "instance_id");
  for (let i = 0; i < count; i++) {
    const id = instanceIds![i]!;
    if (!Number.isSafeInteger(id) || id < 0) throw fault(i, `instance_id is ${id}; expected a whole number from 0`);
  }
}

interface PointLine {
  type: PointKind;
  x: number;
  y: number;
  z: number;
  matrix: readonly number[];
  instanceId: number;
}

function parseLine(text: string, place: { file: string; line: number }): PointLine {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw noPoint(place, `${jsonWords(text)} is not JSON`);
  }
  const { type, location, xyz_rotation_matrix: rows, instance_id: instanceId } = record(value) ?? {};
  if (type !== "point" && type !== "orientedPoint" && type !== "instancePoint") {
    throw noPoint(place, `type is ${jsonWords(type)}; expected "point", "orientedPoint" or "instancePoint"`);
  }
  const { x, y, z } = record(location) ?? {};
  if (!isNumber(x) || !isNumber(y) || !isNumber(z))
    throw noPoint(place, `location is ${jsonWords(location)}; expected numbers x, y, z`);
  let matrix: readonly number[] = [];
  if (type === "orientedPoint") {
    const flat = Array.isArray(rows) && rows.every((one) => Array.isArray(one) && one.length === 3) ? rows.flat() : [];
    if (flat.length !== 9 || !flat.every(isNumber)) {
      throw noPoint(place, `xyz_rotation_matrix is ${jsonWords(rows)}; expected three rows of three numbers`);
    }
    matrix = flat;
  }
  if (type === "instancePoint" && !(Number.isSafeInteger(instanceId) && (instanceId as number) >= 0)) {
    throw noPoint(place, `instance_id is ${jsonWords(instanceId)}; expected a whole number from 0`);
  }
  return { type, x, y, z, matrix, instanceId: instanceId as number };
}

function gather(kind: PointKind, points: readonly PointLine[]): PointLineBatch {
  const count = points.length;
  const positions = new Float64Array(3 * count);
  const rotations = kind === "orientedPoint" ? new Float64Array(9 * count) : undefined;
  const instanceIds = kind === "instancePoint" ? new Float64Array(count) : undefined;
  for (const [i, { x, y, z, matrix, instanceId }] of points.entries()) {
    positions[3 * i] = x;
    positions[3 * i + 1] = y;
    positions[3 * i + 2] = z;
    rotations?.set(matrix, 9 * i);
    if (instanceIds) instanceIds[i] = instanceId;
  }
  return { kind, count, positions, rotations, instanceIds };
}

function record(value: unknown): Record<string, unknown> | undefined {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function noPoint(place: { file: string; line: number }, found: string): EmporiumError {
  const hint = "write one JSON object with type and location on each line";
  return new EmporiumError("FORMAT_FIELD", `${place.file}: ${found}, in line ${place.line}`, { place, hint });
}
