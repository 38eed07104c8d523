import type { RandomAccess } from "../../../../core/bytes.js";
import type { Json } from "../../../../core/json.js";
import { jsonObject } from "../../../../core/json-fields.js";
import { lineBlocks } from "../../../../formats/points/csv-lines.js";
import { show } from "../../../../formats/zarr/json.js";
import { rotationError } from "../../ops/point-check.js";

/** A value and the line that it stands in. */
export interface Extreme {
  readonly value: number;
  readonly line: number;
}

/** Lines that break one rule: how many, and the first. */
export interface Faults {
  count: number;
  line: number;
  /** Description of the first fault. */
  shown: string;
}

/** Facts of a point file that checks use. Collecting them takes the memory of one line and of the distinct instance ids. */
export interface PointFacts {
  /** Lines that are points. */
  readonly count: number;
  readonly low: Readonly<Record<Axis, Extreme>>;
  readonly high: Readonly<Record<Axis, Extreme>>;
  /** Distinct instance ids. */
  readonly instances: number;
  readonly matrices: number;
  /** Lines that are no points. */
  readonly noPoint: Faults;
  readonly notThreeByThree: Faults;
  readonly determinant: Faults;
  readonly unitRows: Faults;
  readonly orthogonal: Faults;
}

type Axis = "x" | "y" | "z";
const AXES = ["x", "y", "z"] as const;

/** numpy's `isclose`, with which the portal compares: relative to 1. */
const TOLERANCE = 1e-5 + 1e-8;

/** Reads a file of points, one JSON object a line, and skips nothing: a line that is not a point is counted as such. */
export async function readPointFacts(source: RandomAccess, signal?: AbortSignal): Promise<PointFacts> {
  const tally = new Tally();
  for await (const { firstLine, lines } of lineBlocks(source, { signal })) {
    for (const [at, text] of lines.entries()) if (text.trim() !== "") tally.add(text, firstLine + at);
  }
  return tally;
}

class Tally implements PointFacts {
  count = 0;
  matrices = 0;
  readonly low = extremes(Number.POSITIVE_INFINITY);
  readonly high = extremes(Number.NEGATIVE_INFINITY);
  readonly noPoint = noFaults();
  readonly notThreeByThree = noFaults();
  readonly determinant = noFaults();
  readonly unitRows = noFaults();
  readonly orthogonal = noFaults();
  readonly #ids = new Set<unknown>();

  get instances(): number {
    return this.#ids.size;
  }

  add(text: string, line: number): void {
    const point = parsed(text);
    const places = point && AXES.map((axis) => point.location?.[axis]);
    if (!point || !places?.every((place) => typeof place === "number")) {
      note(this.noPoint, line, text.slice(0, 60));
      return;
    }
    this.count++;
    for (const [i, axis] of AXES.entries()) {
      const value = places[i] as number;
      if (value < this.low[axis].value) this.low[axis] = { value, line };
      if (value > this.high[axis].value) this.high[axis] = { value, line };
    }
    if (point.instance_id !== undefined) this.#ids.add(point.instance_id);
    if (point.type === "orientedPoint" || point.xyz_rotation_matrix !== undefined)
      this.#addMatrix(point.xyz_rotation_matrix, line);
  }

  #addMatrix(rows: unknown, line: number): void {
    this.matrices++;
    const isMatrix =
      Array.isArray(rows) &&
      rows.length === 3 &&
      rows.every((row) => Array.isArray(row) && row.length === 3 && row.every((value) => typeof value === "number"));
    if (!isMatrix) {
      note(this.notThreeByThree, line, rows === undefined ? "no matrix" : show(rows as Json));
      return;
    }
    const m = Float64Array.from((rows as number[][]).flat());
    if (rotationError(m, 0) <= TOLERANCE) return;
    const [a, b, c, d, e, f, g, h, i] = m as unknown as Nine;
    const determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
    if (!(Math.abs(determinant - 1) <= TOLERANCE)) note(this.determinant, line, String(Number(determinant.toPrecision(7))));
    const lengths = [Math.hypot(a, b, c), Math.hypot(d, e, f), Math.hypot(g, h, i)];
    const wrong = lengths.find((length) => !(Math.abs(length - 1) <= TOLERANCE));
    if (wrong !== undefined) note(this.unitRows, line, String(Number(wrong.toPrecision(7))));
    const products = [a * d + b * e + c * f, a * g + b * h + c * i, d * g + e * h + f * i];
    const slanted = products.find((product) => !(Math.abs(product) <= TOLERANCE));
    if (slanted !== undefined) note(this.orthogonal, line, String(Number(slanted.toPrecision(7))));
  }
}

type Nine = readonly [number, number, number, number, number, number, number, number, number];

interface Line {
  readonly type?: unknown;
  readonly location?: Readonly<Record<string, unknown>> | null;
  readonly xyz_rotation_matrix?: unknown;
  readonly instance_id?: unknown;
}

function parsed(text: string): Line | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return jsonObject(value);
  } catch {
    return undefined;
  }
}

function extremes(value: number): Record<Axis, Extreme> {
  return { x: { value, line: 0 }, y: { value, line: 0 }, z: { value, line: 0 } };
}

function noFaults(): Faults {
  return { count: 0, line: 0, shown: "" };
}

function note(faults: Faults, line: number, shown: string): void {
  if (faults.count++ === 0) Object.assign(faults, { line, shown });
}
