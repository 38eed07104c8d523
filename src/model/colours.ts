import { type Json, type JsonObject, printJson } from "../core/json.js";
import { isJsonObject } from "../core/json-fields.js";
import { md5 } from "../core/md5.js";
import { roundHalfEven } from "../core/number.js";
import { pythonRandom } from "./mersenne-twister.js";

/** Red, green and blue from 0 to 1. Kept as floats: a later colour keeps its distance from these, not from their bytes. */
export type Colour = readonly [red: number, green: number, blue: number];

/** The properties of an annotation that determine its colours. */
export interface ColouredAnnotation {
  /** Metadata of the annotation, from which its colours are derived. */
  metadata: JsonObject;
  /** The portal's name of the shape: `SegmentationMask`, `InstanceSegmentationMask`, `Point`… */
  shape: string;
  /** Colours wanted: one for each instance. Default 1. */
  count?: number | undefined;
}

/** Instances beyond these repeat the colours from the first on. */
export const DIFFERENT_MAX = 20;

/** Shapes whose objects each have a colour of their own, so that later layers need not keep away from them. */
const INSTANCE_SHAPES: ReadonlySet<string> = new Set(["InstanceSegmentation", "InstanceSegmentationMask"]);

/**
 * Colours of the layers of one view, in their order, as the portal gives them: each is as far as possible from those of the
 * layers before. Layers of instances keep away from the others as well, and are themselves not kept away from.
 *
 * @returns `count` colours for each annotation.
 */
export function colourLayers(annotations: readonly ColouredAnnotation[]): Colour[][] {
  const taken: Colour[] = [];
  return annotations.map(({ metadata, shape, count = 1 }) => {
    const colours = colourInstances(count, colourSeed(metadata, shape), taken);
    if (!INSTANCE_SHAPES.has(shape)) taken.push(...colours.slice(0, 1));
    return colours;
  });
}

/**
 * The seed of an annotation's colours: its method, object (id and name), deposition and ground truth status with its shape, as Python prints
 * them, hashed. Whether the deposition's id is a number or a text matters; what is missing counts as null.
 *
 * @returns an integer from 0 to 2^32 − 2.
 */
export function colourSeed(metadata: JsonObject, shape: string): number {
  const own = (object: JsonObject, key: string): Json => (Object.hasOwn(object, key) ? (object[key] ?? null) : null);
  const object = own(metadata, "annotation_object");
  const text = pythonText({
    annotation_method: own(metadata, "annotation_method"),
    annotation_object: isFilled(object) ? { id: own(object, "id"), name: own(object, "name") } : object,
    deposition_id: own(metadata, "deposition_id"),
    ground_truth_status: own(metadata, "ground_truth_status"),
    shape,
  });
  const digest = md5(new TextEncoder().encode(text));
  return Number(digest.reduce((number, byte) => (number << 8n) | BigInt(byte), 0n) % 0xffffffffn);
}

/**
 * One colour per instance. Twenty are different; they repeat from the twenty-first on.
 *
 * @param exclude colours to keep away from.
 */
export function colourInstances(count: number, seed: number, exclude: readonly Colour[] = []): Colour[] {
  const different = distinctColours(Math.min(count, DIFFERENT_MAX), seed, exclude);
  return Array.from({ length: count }, (_, i) => different[i % DIFFERENT_MAX]!);
}

/**
 * Colours far from each other and from those excluded; nearly grey and nearly black ones are left out.
 *
 * Source: distinctipy 1.3.4 (`get_colors` with `rng=seed`), reproduced bit for bit, and the portal's filter around it. The metric is that of
 * <https://www.compuphase.com/cmetric.htm>. Golden: `test/golden/colours`.
 */
export function distinctColours(count: number, seed: number, exclude: readonly Colour[] = []): readonly Colour[] {
  const key = `${count} ${seed} ${exclude.flat().join(" ")}`;
  const found = remembered.get(key) ?? newColours(count, seed, exclude);
  if (remembered.size >= REMEMBERED_MAX) remembered.clear();
  remembered.set(key, found);
  return found;
}

/** The runs of a deposition mostly have the same annotations, and twenty colours take 10 ms. */
const remembered = new Map<string, readonly Colour[]>();
const REMEMBERED_MAX = 1000;

function newColours(count: number, seed: number, exclude: readonly Colour[]): readonly Colour[] {
  const known = [...exclude];
  const kept: Colour[] = [];
  while (kept.length < count) {
    // A generator of its own for each turn: the portal starts anew, with all that was made so far excluded.
    const random = pythonRandom(seed);
    for (let missing = count - kept.length; missing > 0; missing--) {
      const colour = nextColour(known, random);
      known.push(colour);
      if (isVisible(colour)) kept.push(colour);
    }
  }
  return kept;
}

/** `#rrggbb`. */
export function colourHex(colour: Colour): string {
  return `#${colourBytes(colour)
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("")}`;
}

/** 0 to 255, halves to even as Python rounds them. */
export function colourBytes([red, green, blue]: Colour): [red: number, green: number, blue: number] {
  const byte = (value: number) => roundHalfEven(value * 255, 0);
  return [byte(red), byte(green), byte(blue)];
}

const ATTEMPTS = 1000;

function nextColour(known: readonly Colour[], random: () => number): Colour {
  if (known.length === 0) return [random(), random(), random()];
  const others = Float64Array.from(known.flat());
  let best: Colour | undefined;
  let farthest = 0;
  // As distinctipy: while the best distance is 0, whatever comes next replaces it.
  const consider = (red: number, green: number, blue: number) => {
    const distance = distanceToNearest(red, green, blue, others, farthest);
    if (farthest === 0 || distance > farthest) [farthest, best] = [distance, [red, green, blue]];
  };
  for (const point of POINTS_OF_INTEREST) if (!known.some((colour) => isSame(colour, point))) consider(...point);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) consider(random(), random(), random());
  return best!;
}

/**
 * @param others red, green and blue of each colour that is there, one after the other.
 * @param enough a distance that is not above it needs not be right: it is not chosen.
 */
function distanceToNearest(red: number, green: number, blue: number, others: Float64Array, enough: number): number {
  let nearest = Infinity;
  for (let i = 0; i < others.length && nearest > enough; i += 3) {
    const mean = (red + others[i]!) / 2;
    const dr = red - others[i]!;
    const dg = green - others[i + 1]!;
    const db = blue - others[i + 2]!;
    const distance = (2 + mean) * (dr * dr) + 4 * (dg * dg) + (3 - mean) * (db * db);
    if (distance < nearest) nearest = distance;
  }
  return nearest;
}

function isSame(a: Colour, b: Colour): boolean {
  return a[0] === b[0] && a[1] === b[1] && a[2] === b[2];
}

/** Whether a colour has a saturation above 0.15 and a value above 0.25 (HSV): paler or darker ones are lost on a grey section. */
function isVisible(colour: Colour): boolean {
  const value = Math.max(...colour);
  const range = value - Math.min(...colour);
  return value > 0.25 && range / value > 0.15;
}

/** Corners of the RGB cube, then points of its faces, then of its inside. The order decides ties. */
const POINTS_OF_INTEREST: readonly Colour[] = [
  [1, 1, 1],
  [0, 0, 0],
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
  [0, 1, 1],
  [1, 1, 0],
  [1, 0, 1],
  [0, 0.5, 0],
  [0, 0, 0.5],
  [0, 1, 0.5],
  [0, 0.5, 1],
  [0, 0.5, 0.5],
  [0.5, 0, 0],
  [0.5, 0.5, 0],
  [0.5, 1, 0],
  [0.5, 0, 0.5],
  [0.5, 0, 1],
  [0.5, 1, 0.5],
  [0.5, 1, 1],
  [0.5, 0.5, 1],
  [1, 0.5, 0],
  [1, 0, 0.5],
  [1, 0.5, 0.5],
  [1, 1, 0.5],
  [1, 0.5, 1],
  [0.5, 0.5, 0.5],
  [0.75, 0.5, 0.5],
  [0.25, 0.5, 0.5],
  [0.5, 0.75, 0.5],
  [0.5, 0.25, 0.5],
  [0.5, 0.5, 0.75],
  [0.5, 0.5, 0.25],
];

/** Whether Python takes an object for true: an empty one is falsy, and is printed unchanged. */
function isFilled(value: Json): value is JsonObject {
  return isJsonObject(value) && Object.keys(value).length > 0;
}

/** JSON on one line as Python's `json.dumps(value, sort_keys=True)` prints it. */
function pythonText(value: Json): string {
  if (Array.isArray(value)) return `[${(value as readonly Json[]).map(pythonText).join(", ")}]`;
  if (!isJsonObject(value)) return printJson(value);
  const members = Object.keys(value).sort();
  return `{${members.map((key) => `${printJson(key)}: ${pythonText(value[key] ?? null)}`).join(", ")}}`;
}
