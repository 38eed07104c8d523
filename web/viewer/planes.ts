import type { AbsentChunks } from "../../src/arrays/plane/plane.js";
import type { Clock } from "../../src/core/clock.js";
import { EmporiumError } from "../../src/core/errors.js";
import { Recent } from "../../src/core/recent.js";
import type { VolumeFacts } from "../../src/model/page-api.js";
import { PLANE_AXES } from "./geometry.js";
import type { Axis, OwnLayers } from "./overlay.js";

/** Bytes of planes that a page keeps. */
export const CACHE_BYTES = 192 * 2 ** 20;
/** Planes that are fetched before they are asked for, in the direction of movement. */
const RING = 24;
/** Requests under way for a pane. */
const FLIGHTS = 2;
/** Milliseconds without a movement after which the plane is shown as it is. */
export const REST_MS = 80;
/** Milliseconds after which a plane that is not there yet is said to be on its way. */
const SLOW_MS = 150;
const RETRY_MS = 2000;
/** Boxes begin and end at multiples of it, so that a small move of the picture needs nothing new. */
const TILE = 512;
/** Most voxels that are read at level 0 at rest; larger views show the level that fits them. */
const SHARP_VOXELS = 4 * 2 ** 20;

export type Samples = Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array | Float32Array;

/** One request for a plane. */
export interface PlaneAsk {
  readonly axis: Axis;
  /** Section of level 0. */
  readonly at: number;
  readonly level: number;
  /** `[row0, column0, row1, column1]` in voxels of the level. */
  readonly box: readonly [number, number, number, number];
  readonly slab: number;
  readonly as: "native" | "f16" | "u8";
  /** For `u8`: the numbers that become 0 and 255. */
  readonly window?: readonly [low: number, high: number] | undefined;
}

/** Numbers of a plane, row by row. */
export interface Plane extends PlaneAsk {
  readonly rows: number;
  readonly columns: number;
  /** Type of `data`: `float16` is in an Uint16Array. Types that no texture has are float32. */
  readonly dtype: "uint8" | "int8" | "uint16" | "int16" | "uint32" | "int32" | "float16" | "float32";
  readonly data: Samples;
  /** Chunks that are not stored: how many, and the key of one. */
  readonly absent?: AbsentChunks | undefined;
}

/** Source of a volume's planes. */
export interface PlaneSource {
  readonly facts: VolumeFacts;
  read(ask: PlaneAsk, signal: AbortSignal): Promise<Plane>;
  close(): void;
  /** Layers of a volume that is not of the server. Undefined: the server's. */
  readonly layers?: OwnLayers | undefined;
}

export const keyOf = ({ axis, at, level, box, slab, as, window }: PlaneAsk): string =>
  [axis, at, level, box.join(), slab, as, window?.join() ?? ""].join(" ");

/**
 * Numbers as textures take them: 64-bit ones become float32.
 *
 * @throws {EmporiumError} FORMAT_FIELD where the bytes are not `count` numbers of the type
 */
export function samplesOf(dtype: string, bytes: ArrayBuffer, count: number): Pick<Plane, "dtype" | "data"> {
  const found = READERS[dtype]?.(bytes);
  if (found === undefined || found.data.length !== count)
    throw new EmporiumError("FORMAT_FIELD", `a plane of ${count} ${dtype} came with ${bytes.byteLength} bytes`);
  return found;
}

const READERS: Readonly<Record<string, (bytes: ArrayBuffer) => Pick<Plane, "dtype" | "data">>> = {
  uint8: (bytes) => ({ dtype: "uint8", data: new Uint8Array(bytes) }),
  bool: (bytes) => ({ dtype: "uint8", data: new Uint8Array(bytes) }),
  int8: (bytes) => ({ dtype: "int8", data: new Int8Array(bytes) }),
  uint16: (bytes) => ({ dtype: "uint16", data: new Uint16Array(bytes) }),
  int16: (bytes) => ({ dtype: "int16", data: new Int16Array(bytes) }),
  uint32: (bytes) => ({ dtype: "uint32", data: new Uint32Array(bytes) }),
  int32: (bytes) => ({ dtype: "int32", data: new Int32Array(bytes) }),
  float16: (bytes) => ({ dtype: "float16", data: new Uint16Array(bytes) }),
  float32: (bytes) => ({ dtype: "float32", data: new Float32Array(bytes) }),
  float64: (bytes) => ({ dtype: "float32", data: Float32Array.from(new Float64Array(bytes)) }),
  int64: (bytes) => ({ dtype: "float32", data: Float32Array.from(new BigInt64Array(bytes), Number) }),
  uint64: (bytes) => ({ dtype: "float32", data: Float32Array.from(new BigUint64Array(bytes), Number) }),
};

/** One number of a plane. */
export function sampleAt({ dtype, data }: Plane, place: number): number {
  const value = data[place]!;
  return dtype === "float16" ? fromHalf(value) : value;
}

let halfNumbers: Float32Array | undefined;
/** The number that each pattern of 16 bits is. */
export function halves(): Float32Array {
  halfNumbers ??= Float32Array.from({ length: 65_536 }, (_, bits) => fromHalf(bits));
  return halfNumbers;
}

function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function planeShape({ levels }: VolumeFacts, axis: Axis, level: number): readonly [rows: number, columns: number] {
  const { row, column } = PLANE_AXES[axis];
  const { shape } = levels[level]!;
  return [shape[row], shape[column]];
}

export function isWhole(facts: VolumeFacts, { axis, level, box }: PlaneAsk): boolean {
  const [rows, columns] = planeShape(facts, axis, level);
  return box[0] === 0 && box[1] === 0 && box[2] === rows && box[3] === columns;
}

/** The value of the voxel of level 0 that is nearest to what a plane has there; undefined outside of it. */
export function valueIn(facts: VolumeFacts, plane: Plane, row: number, column: number): number | undefined {
  const axes = PLANE_AXES[plane.axis];
  const { scale } = facts.levels[plane.level]!;
  const [r, c] = [Math.floor(row / scale[axes.row]) - plane.box[0], Math.floor(column / scale[axes.column]) - plane.box[1]];
  return r >= 0 && c >= 0 && r < plane.rows && c < plane.columns ? sampleAt(plane, r * plane.columns + c) : undefined;
}

/** The part of a section that a pane needs, and its scale. */
export interface PlaneNeed {
  readonly axis: Axis;
  readonly at: number;
  readonly slab: number;
  /** Voxels of level 0 in sight: `[row0, column0, row1, column1]`. */
  readonly visible: readonly [number, number, number, number];
  /** Device pixels a voxel of level 0, the smaller one of both directions. */
  readonly pixelsPerVoxel: number;
}

/** While moving: little, and soon. At rest: the voxels as they are, unless there are far more of them than pixels. */
export function asksFor(facts: VolumeFacts, need: PlaneNeed): { readonly rough: PlaneAsk; readonly sharp: PlaneAsk } {
  const { axis, at, slab, pixelsPerVoxel } = need;
  const { row, column } = PLANE_AXES[axis];
  const last = facts.levels.length - 1;
  let fitting = 0;
  while (fitting < last && Math.max(...steps(fitting + 1)) * pixelsPerVoxel <= 1.001) fitting++;
  const at0 = boxAt(0);
  const isSmall = (box: PlaneAsk["box"]) => (box[2] - box[0]) * (box[3] - box[1]) <= TILE ** 2 / 2;
  const sharpLevel = (at0[2] - at0[0]) * (at0[3] - at0[1]) <= SHARP_VOXELS ? 0 : fitting;
  const roughLevel = isSmall(boxAt(fitting)) ? fitting : Math.min(fitting + 1, last);
  const ask = (level: number, as: PlaneAsk["as"]): PlaneAsk => ({ axis, at, level, box: boxAt(level), slab, as });
  return { rough: ask(Math.max(roughLevel, sharpLevel), halved(facts, slab)), sharp: ask(sharpLevel, "native") };

  function steps(level: number): readonly [number, number] {
    const { scale } = facts.levels[level]!;
    return [scale[row], scale[column]];
  }
  function boxAt(level: number): PlaneAsk["box"] {
    const [byRow, byColumn] = steps(level);
    const [rows, columns] = planeShape(facts, axis, level);
    const start = (value: number, step: number) => Math.floor(value / step / TILE) * TILE;
    const stop = (value: number, step: number, count: number) => Math.min(Math.ceil(value / step / TILE) * TILE, count);
    const [row0, column0, row1, column1] = need.visible;
    return [start(row0, byRow), start(column0, byColumn), stop(row1, byRow, rows), stop(column1, byColumn, columns)];
  }
}

/** Half floats where they halve the bytes and hold the numbers. */
function halved({ dtype, histogram: { min, max } }: VolumeFacts, slab: number): PlaneAsk["as"] {
  const isWide = dtype === "float32" || dtype === "float64" || slab > 1;
  const size = Math.max(Math.abs(min), Math.abs(max));
  return isWide && size < 30_000 && max - min > 0.01 && max - min > size / 50 ? "f16" : "native";
}

export interface LoaderState {
  /** Something that is wanted has not come for a while. */
  readonly isSlow: boolean;
  /** Error for which the plane will not come, unless it is asked for again. */
  readonly error?: unknown;
}

export interface LoaderOptions {
  readonly source: PlaneSource;
  readonly cache: Recent<string, Plane>;
  readonly clock: Clock;
  /** A plane to be shown from now on. */
  show(plane: Plane): void;
  state(state: LoaderState): void;
  /** Whether a failure may be over soon. */
  passes(error: unknown): boolean;
  /** The source is another one now: what was read is shown, and nothing more is asked for. */
  isOver(): boolean;
  /** A key is held: there is no rest, however long the next step takes to be heard of. */
  isHeld(): boolean;
  /** Planes may be read ahead: nobody waits for one, and here it is that one moves. */
  mayReadAhead(): boolean;
  /** Nothing is waited for here now. */
  settled(): void;
}

export const makeCache = (): Recent<string, Plane> => new Recent(CACHE_BYTES, ({ data }) => data.byteLength);

interface Flight {
  readonly ask: PlaneAsk;
  readonly key: string;
  readonly isAhead: boolean;
  readonly isRough: boolean;
  readonly turn: number;
  readonly abort: AbortController;
}

/** Fetches planes for one pane. While the section changes only rough ones are asked for; no more than two requests are under way. */
export class PlaneLoader {
  private flights: Flight[] = [];
  private wanted: { rough: PlaneAsk; sharp: PlaneAsk; ahead: readonly PlaneAsk[] } | undefined;
  private isMoving = false;
  private turn = 0;
  private shownTurn = -1;
  private shownKey = "";
  private rest = new AbortController();
  private slow = new AbortController();
  private failed: unknown;
  private isClosed = false;

  constructor(private readonly options: LoaderOptions) {}

  want(need: PlaneNeed, { isMoving, direction }: { isMoving: boolean; direction: 1 | -1 }): void {
    const { facts } = this.options.source;
    const { rough, sharp } = asksFor(facts, need);
    if (this.wanted && keyOf(this.wanted.sharp) === keyOf(sharp) && keyOf(this.wanted.rough) === keyOf(rough)) {
      this.pump();
      return;
    }
    const count = facts.shape[{ z: 0, y: 1, x: 2 }[need.axis]]!;
    const planeBytes = (rough.box[2] - rough.box[0]) * (rough.box[3] - rough.box[1]) * 4;
    const ring = facts.isSequential ? 0 : Math.min(RING, Math.floor(CACHE_BYTES / 6 / planeBytes));
    const ahead = Array.from({ length: ring }, (_, i) => need.at + direction * (i + 1))
      .filter((at) => at >= 0 && at < count)
      .map((at) => ({ ...rough, at }));
    this.wanted = { rough, sharp, ahead };
    this.isMoving = isMoving;
    this.turn++;
    this.failed = undefined;
    this.rest.abort();
    if (!this.offer(sharp)) this.offer(rough);
    if (isMoving) this.settle(REST_MS);
    this.slow.abort();
    if (this.isWaiting()) this.waitSlow();
    else this.tell(false);
    this.pump();
  }

  /** Asks again for what was fetched in vain. */
  retry(): void {
    this.failed = undefined;
    this.pump();
  }

  /** Others wait for nothing any more. */
  goOn(): void {
    this.pump();
  }

  close(): void {
    this.isClosed = true;
    this.rest.abort();
    this.slow.abort();
    for (const { abort } of this.flights) abort.abort();
  }

  private settle(ms: number): void {
    this.rest = new AbortController();
    void this.options.clock.sleep(ms, this.rest.signal).then(
      () => {
        if (this.options.isHeld()) return this.settle(ms);
        this.isMoving = false;
        this.failed = undefined;
        this.pump();
      },
      () => {},
    );
  }

  private waitSlow(): void {
    this.slow = new AbortController();
    void this.options.clock.sleep(SLOW_MS, this.slow.signal).then(
      () => this.isWaiting() && this.tell(true),
      () => {},
    );
  }

  private tell(isSlow: boolean): void {
    if (!this.isClosed) this.options.state({ isSlow, error: this.failed });
  }

  /** Somebody looks at this pane, and does not see yet what will come. */
  get isBusy(): boolean {
    return this.isWaiting() && this.failed === undefined;
  }

  private isWaiting(): boolean {
    if (!this.wanted || this.options.isOver()) return false;
    const { rough, sharp } = this.wanted;
    return this.shownKey !== keyOf(sharp) && !(this.isMoving && this.shownKey === keyOf(rough));
  }

  private cached(ask: PlaneAsk): Plane | undefined {
    return this.options.cache.get(this.cacheKey(ask));
  }

  private cacheKey(ask: PlaneAsk): string {
    return `${this.options.source.facts.ref} ${this.options.source.facts.etag} ${keyOf(ask)}`;
  }

  /** Shows what is there already. */
  private offer(ask: PlaneAsk): boolean {
    const plane = this.cached(ask);
    if (plane) this.show(plane, keyOf(ask), this.turn);
    return plane !== undefined;
  }

  private show(plane: Plane, key: string, turn: number): void {
    // a rough plane never takes the place of the sharp one of the same section
    if (turn < this.shownTurn || (this.wanted && this.shownKey === keyOf(this.wanted.sharp) && turn === this.shownTurn)) return;
    this.shownTurn = turn;
    this.shownKey = key;
    this.options.show(plane);
  }

  private pump(): void {
    if (this.isClosed || !this.wanted || this.failed || this.options.isOver()) return;
    const { rough, sharp, ahead } = this.wanted;
    const isSharp = this.cached(sharp) !== undefined;
    // the sharp one comes after the rough one: beside each other both would come later, where one takes long
    const isRoughFirst = !this.cached(rough) && (this.isMoving || keyOf(rough) !== keyOf(sharp));
    if (!isSharp && (isRoughFirst || !this.isMoving)) {
      const next = isRoughFirst ? rough : sharp;
      if (this.flights.some(({ key }) => key === keyOf(next))) return;
      if (this.flights.length < FLIGHTS || this.makeRoom()) this.start(next, { isAhead: false, isRough: isRoughFirst });
    } else if (this.options.mayReadAhead() && this.flights.length < FLIGHTS - 1) {
      const next = ahead.find((one) => !this.cached(one) && !this.flights.some(({ key }) => key === keyOf(one)));
      if (next) this.start(next, { isAhead: true, isRough: true });
    }
  }

  /**
   * While one moves, rough planes that are on their way are left to arrive: the picture follows as fast as answers come, and no work of the
   * server is in vain. At rest nothing is waited for but what is wanted.
   */
  private makeRoom(): boolean {
    const { rough, sharp } = this.wanted!;
    const isWanted = ({ key }: Flight) => key === keyOf(rough) || key === keyOf(sharp);
    const isSpare = (flight: Flight) => !isWanted(flight) && !(this.isMoving && flight.isRough);
    const spare = this.flights.find(({ isAhead }) => isAhead) ?? this.flights.findLast(isSpare);
    if (!spare) return false;
    spare.abort.abort();
    this.flights = this.flights.filter((flight) => flight !== spare);
    return true;
  }

  private start(ask: PlaneAsk, as: Pick<Flight, "isAhead" | "isRough">): void {
    const flight: Flight = { ask, key: keyOf(ask), ...as, turn: this.turn, abort: new AbortController() };
    this.flights.push(flight);
    void this.options.source.read(ask, flight.abort.signal).then(
      (plane) => this.arrived(flight, plane),
      (error: unknown) => this.missed(flight, error),
    );
  }

  private arrived(flight: Flight, plane: Plane): void {
    this.flights = this.flights.filter((one) => one !== flight);
    if (this.isClosed || flight.abort.signal.aborted || this.options.isOver()) return;
    this.options.cache.set(this.cacheKey(flight.ask), plane);
    const { rough, sharp } = this.wanted!;
    const isNow = flight.key === keyOf(rough) || flight.key === keyOf(sharp);
    if (isNow || !flight.isAhead) this.show(plane, flight.key, isNow ? this.turn : flight.turn);
    if (!this.isWaiting()) {
      this.slow.abort();
      this.tell(false);
    }
    this.pump();
    if (!flight.isAhead && !this.isBusy) this.options.settled();
  }

  private missed(flight: Flight, error: unknown): void {
    this.flights = this.flights.filter((one) => one !== flight);
    if (this.isClosed || flight.abort.signal.aborted) return;
    if (flight.isAhead) return;
    this.failed = error;
    this.tell(false);
    // the server may be back soon; anything else stays as it is
    if (this.options.passes(error)) this.settle(RETRY_MS);
  }
}
