/**
 * Appearance of a model in 3dmod: bodies of the chunks that `readModDocument` keeps unread. Layout: README.md beside this file.
 */
import { float32, floats, readFields, text, uint32 } from "./fields.js";
import type { Xyz } from "./model.js";

/** The material of an object (`IMAT`), each 0 to 255. */
export interface ModMaterial {
  readonly ambient: number;
  readonly diffuse: number;
  readonly specular: number;
  readonly shininess: number;
  readonly fill: Xyz;
  /** Quality at which spheres are drawn. */
  readonly quality: number;
  readonly valueBlack: number;
  readonly valueWhite: number;
  readonly valueFlags: number;
}

/** Material of an object without `IMAT`. */
export const DEFAULT_MATERIAL: ModMaterial = {
  ambient: 102,
  diffuse: 255,
  specular: 127,
  shininess: 4,
  fill: [0, 0, 0],
  quality: 0,
  valueBlack: 0,
  valueWhite: 255,
  valueFlags: 0,
};

/** `asBytes`: bit 13 of the model's flags. Before it, the second and the fourth four bytes were integers of a little-endian machine. */
export function decodeMaterial(body: Uint8Array, asBytes: boolean): ModMaterial {
  const four = (at: number): number[] => Array.from(body.subarray(at, at + 4));
  const swappedFour = (at: number): number[] => (asBytes ? four(at) : four(at).reverse());
  const [ambient = 0, diffuse = 0, specular = 0, shininess = 0] = four(0);
  const [red = 0, green = 0, blue = 0, quality = 0] = swappedFour(4);
  const [valueBlack = 0, valueWhite = 0, valueFlags = 0] = swappedFour(12);
  return { ambient, diffuse, specular, shininess, fill: [red, green, blue], quality, valueBlack, valueWhite, valueFlags };
}

/** Clipping planes of an object (`CLIP`) or of a view (`MCLP`). */
export interface ModClips {
  readonly count: number;
  readonly flags: number;
  readonly transparency: number;
  readonly current: number;
  readonly planes: readonly { readonly normal: Xyz; readonly point: Xyz }[];
}

export function decodeClips(body: Uint8Array): ModClips {
  const view = viewOf(body);
  const [count = 0, flags = 0, transparency = 0, current = 0] = body;
  const stored = Math.max(0, Math.floor((body.length - 4) / 24));
  const planes = Array.from({ length: stored }, (_, i) => ({
    normal: floats(4 + 12 * i).get(view),
    point: floats(4 + 12 * (stored + i)).get(view),
  }));
  return { count: Math.min(count, stored), flags, transparency, current, planes };
}

/**
 * Planes of an object as IMOD takes them. One that was switched off counted none before 2011, and without bit 12 of the model's flags
 * (`several`) there is one, switched on.
 */
export function fixedClips(clips: ModClips, several: boolean): ModClips {
  const [first] = clips.planes;
  if (first === undefined) return clips;
  const used = [...first.point, ...first.normal].some((value, i) => value !== (i === 5 ? -1 : 0));
  if (clips.count === 0) return used ? { ...clips, count: 1, flags: clips.flags & 254 } : clips;
  return several ? clips : { ...clips, count: 1, flags: clips.flags | 1 };
}

/** A direction from which 3dmod shows the model (`VIEW`). */
export interface ModView {
  /** Degrees; 0 is parallel. */
  readonly fieldOfView: number;
  readonly near: number;
  readonly far: number;
  readonly rotation: Xyz;
  readonly translation: Xyz;
  readonly flags: number;
  readonly label: string;
  readonly depthCue: readonly [start: number, end: number];
  readonly light: readonly [x: number, y: number];
}

const VIEW = {
  fieldOfView: float32(0),
  near: float32(12),
  far: float32(16),
  rotation: floats(20),
  translation: floats(32),
  flags: uint32(120),
  label: text(124, 32),
};

const VIEW_BYTES = 176;

/** A view, or the number of the one that is shown, from 0. Shorter ones, of programs before 2002, have zeros at their end. */
export function decodeView(body: Uint8Array): ModView | number {
  if (body.length === 4) return viewOf(body).getInt32(0);
  const whole = new Uint8Array(Math.max(VIEW_BYTES, body.length));
  whole.set(body);
  const view = viewOf(whole);
  const at = (byte: number): number => view.getFloat32(byte);
  return { ...readFields(VIEW, view), depthCue: [at(156), at(160)], light: [at(164), at(168)] };
}

/** One of the values kept for parts of a model (`OBST`, `COST`, `MEST`, `MOST`). */
export interface ModStored {
  readonly type: number;
  readonly flags: number;
  /** Contour, surface (bit 6 of flags) or point, from 0; undefined where the item is of none. */
  readonly index: number | undefined;
  /** The two words as single-precision numbers. */
  readonly floats: readonly [index: number, value: number];
}

/** Types of stored items. */
const VALUE = 10;
const VALUE_RANGE = 11;

const ITEM_BYTES = 12;
const NOT_INDEXED = (1 << 4) | 3;
const FLOAT_INDEX = 1;
const REVERTS = 1 << 5;
const OF_SURFACE = 1 << 6;

/** Items in the order of their index, those without one at the end, as IMOD sorts them. */
export function decodeStore(body: Uint8Array): ModStored[] {
  const view = viewOf(body);
  const items = Array.from({ length: Math.floor(body.length / ITEM_BYTES) }, (_, i): ModStored => {
    const at = ITEM_BYTES * i;
    const flags = view.getUint16(at + 2);
    return {
      type: view.getInt16(at),
      flags,
      index: flags & NOT_INDEXED ? undefined : view.getInt32(at + 4),
      floats: [view.getFloat32(at + 4), view.getFloat32(at + 8)],
    };
  });
  const place = ({ index }: ModStored): number => index ?? Number.POSITIVE_INFINITY;
  return items.sort((a, b) => (place(a) === place(b) ? 0 : place(a) - place(b)));
}

/** Least and largest value of an object, from its store. */
export function valueRange(store: readonly ModStored[]): readonly [number, number] | undefined {
  return store.findLast(({ type, flags }) => type === VALUE_RANGE && (flags & 3) === FLOAT_INDEX)?.floats;
}

/** The value of a contour, from the store of its object. */
export function contourValue(store: readonly ModStored[], contour: number): number | undefined {
  return store.findLast(({ type, flags, index }) => type === VALUE && index === contour && !(flags & OF_SURFACE))?.floats[1];
}

/** The value of each point, from the store of its contour: each holds until the next, or until one that ends it. */
export function pointValues(store: readonly ModStored[], pointCount: number): (number | undefined)[] {
  const changes = store.filter(({ type, index }) => type === VALUE && index !== undefined);
  let next = 0;
  let value: number | undefined;
  return Array.from({ length: pointCount }, (_, point) => {
    for (; next < changes.length && changes[next]!.index! <= point; next++) {
      const { flags, floats } = changes[next]!;
      value = flags & REVERTS ? undefined : floats[1];
    }
    return value;
  });
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
