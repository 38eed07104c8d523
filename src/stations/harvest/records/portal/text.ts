import type { Quantity } from "../../../../formats/peek/facts.js";
import { type Length, nanometres, quantity } from "../quantities.js";

/** Certain facts of prose about an image. */
export interface TextFacts {
  voxelSize: Partial<Record<"x" | "y" | "z", Length>>;
  acquisition: Record<string, Quantity | string>;
}

/**
 * Reads descriptions as people write them: `8nm/px in xy and 50nm per section (z)`, `voxel size 5 × 5 × 5 nm³`, `1,9 kV`, `0.5 µs
 * dwell`. The first mention counts; of triples, the one next to a word for voxels. Ambiguous numbers are ignored: a field of view
 * has a length too.
 */
export function readText(prose: string): TextFacts {
  const text = plainText(prose.slice(0, PROSE_MAX));
  return { voxelSize: voxelSizeOf(text), acquisition: acquisitionOf(text) };
}

/** Longer descriptions are articles about many things. */
const PROSE_MAX = 64 * 1024;

/** Normalises characters: micro signs, ångströms, times signs, HTML entities, blanks, raised digits. */
function plainText(prose: string): string {
  return prose
    .replace(/<[^<>]{0,200}>/g, " ")
    .replace(/&(micro|mu|times|nbsp|Aring|plusmn|thinsp|#181|#956|#215|#160);/g, (_, name: string) => ENTITIES[name] ?? " ")
    .normalize("NFKC")
    .replace(/[×✕✖⨯∗]/g, "x")
    .replace(/[‐‑‒–—−]/g, "-")
    .replace(/\s+/g, " ");
}

const ENTITIES: Readonly<Record<string, string>> = {
  micro: "µ",
  mu: "µ",
  "#181": "µ",
  "#956": "µ",
  times: "×",
  "#215": "×",
  Aring: "Å",
};

/** `1.5`, `1,5`, `2,159`; not the end of a range, a word or a longer number. */
const NUMBER = String.raw`(?<![\w.,])(?<!\d ?- ?)(\d{1,3}(?:,\d{3}){1,4}(?:\.\d{1,9})?|\d{1,15}(?:[.,]\d{1,15})?)`;
/** The same inside a product, where a letter may precede it. */
const FACTOR = String.raw`(?<![\d.,])(\d{1,9}(?:[.,]\d{1,9})?)`;
/** NFKC has made one of both micro signs. */
const LENGTH = `(nm|nanomet(?:er|re)s?|μm|um|microns?|micromet(?:er|re)s?|Å|[Aa]ngstr(?:o|ö)ms?)(?![A-Za-z])`;
/** With the exponent of an area or volume, perhaps followed by the next factor. */
const LENGTH_CUBED = String.raw`(nm|μm|um|microns?|Å|nanomet(?:er|re)s?|micromet(?:er|re)s?|[Aa]ngstr(?:o|ö)ms?)(?:\^?[23])?(?![A-Wa-wYyZz0-9])`;
const TIMES = String.raw`\s?(?:x|X|by|\*)\s?`;
const PER_PIXEL = String.raw`\s?(?:/|per|-per-)\s?(?:px|pix|pixels?|voxels?|vx)\b`;
const OF = String.raw`(?:\s?(?:size|width|spacing|pitch|dimensions?|resolution|of|is|was|were|are|approximately|about|approx\.?|ca\.?|~|:|=|\(|in xy|in x-y|in x and y|xy|x-y|lateral|each)){0,4}\s?`;

const TRIPLE = new RegExp(
  String.raw`${FACTOR}\s?(?:${LENGTH_CUBED})?${TIMES}${FACTOR}\s?(?:${LENGTH_CUBED})?${TIMES}${FACTOR}\s?${LENGTH_CUBED}`,
  "g",
);
const LISTED_TRIPLE = new RegExp(String.raw`\(\s?${FACTOR},\s?${FACTOR},\s?${FACTOR}\s?\)\s?${LENGTH_CUBED}`, "g");
const PAIR = new RegExp(String.raw`${FACTOR}\s?(?:${LENGTH_CUBED})?${TIMES}${FACTOR}\s?${LENGTH_CUBED}`, "g");
/** Words that mark the adjacent numbers as a voxel size. `voxels` alone is ambiguous: it may be a count. */
const VOXEL_WORDS =
  /resolution|(?:voxel|pixel)s?[ -](?:size|dimension|spacing|pitch|width)|(?:each|per|isotropic|cubic) (?:voxel|pixel)|(?:voxel|pixel)s? (?:of|are|is|was|were|measur)|sampling|grid spacing|voxelsize|pixelsize/gi;
/** The most characters between a triple and such a word, and the range of the search. */
const NEAR = 80;
const AROUND = 120;

function voxelSizeOf(text: string): TextFacts["voxelSize"] {
  const triple = tripleNear(text, LISTED_TRIPLE) ?? tripleNear(text, TRIPLE);
  if (triple) return triple;
  const found: TextFacts["voxelSize"] = {};
  const plane = planeSize(text);
  if (plane) Object.assign(found, plane);
  const depth = first(text, DEPTHS);
  if (depth) found.z = depth;
  return found;
}

function tripleNear(text: string, form: RegExp): TextFacts["voxelSize"] | undefined {
  let best: { distance: number; facts: TextFacts["voxelSize"] } | undefined;
  for (const match of text.matchAll(form)) {
    const listed = match.length === 5;
    const [numbers, units] = listed
      ? [match.slice(1, 4), [match[4], match[4], match[4]]]
      : [
          [match[1], match[3], match[5]],
          [match[2] ?? match[6], match[4] ?? match[6], match[6]],
        ];
    const lengths = numbers.map((number, axis) => lengthOf(number, units[axis]));
    const distance = Math.min(distanceToWord(text, match.index, match[0].length), adjoining(text, match.index, match[0].length));
    if (lengths.some((length) => length === undefined) || distance > NEAR) continue;
    const [x, y, z] = lengths as [Length, Length, Length];
    if (!best || distance < best.distance) best = { distance, facts: { x, y, z } };
  }
  return best?.facts;
}

/** Characters between a match and the nearest word for voxels in its sentence; Infinity if there is none. */
function distanceToWord(text: string, at: number, length: number): number {
  // the full stop at the end of a sentence is followed by a blank and a capital
  const before = text.slice(Math.max(0, at - AROUND), at).replace(/^.*[.;!?] (?=[A-Z(])/s, "");
  const behind = text.slice(at + length, at + length + AROUND).replace(/[.;!?](?: [A-Z(]|$).*$/s, "");
  let nearest = Number.POSITIVE_INFINITY;
  for (const { index, 0: word } of before.matchAll(VOXEL_WORDS)) nearest = Math.min(nearest, before.length - index - word.length);
  for (const { index } of behind.matchAll(VOXEL_WORDS)) nearest = Math.min(nearest, index);
  return nearest;
}

/** `5x5x5 nm voxels`, `voxels (5x5x5 nm)`: the word is next to a length. */
function adjoining(text: string, at: number, length: number): number {
  const before = /\b(?:voxels?|pixels?)[ :(=]{1,3}$/i.test(text.slice(Math.max(0, at - 12), at));
  const behind = /^\)? ?(?:isotropic |cubic )?(?:voxels?|pixels?)\b/i.test(text.slice(at + length, at + length + 24));
  return before || behind ? 0 : Number.POSITIVE_INFINITY;
}

const PIXEL_SIZES = [
  `${NUMBER}[ -]?${LENGTH}${PER_PIXEL}`,
  `(?:pixel|xy|x-y|lateral|in-plane)[ -]?(?:size|resolution|spacing|sampling|width)${OF}${NUMBER}[ -]?${LENGTH}`,
  `${NUMBER}[ -]?${LENGTH}\\s?(?:(?:xy|x-y|lateral|in-plane) )?(?:pixels?(?: size)?|(?:lateral |xy |x-y |in-plane )(?:pixel |resolution|sampling))`,
  `${NUMBER}[ -]?${LENGTH}\\s(?:resolution )?in (?:the )?(?:xy|x-y|x/y|x and y|x, ?y)`,
];
const VOXEL_SIZES = [
  `(?:voxel[ -]?size|isotropic[a-z ]{0,24})${OF}${NUMBER}[ -]?${LENGTH}`,
  `${NUMBER}[ -]?${LENGTH}[ -](?:isotropic|cubic|voxels?\\b)`,
  `${NUMBER}[ -]?${LENGTH}\\s?(?:/|per)\\s?voxel`,
];
const DEPTHS = [
  `${NUMBER}[ -]?${LENGTH}\\s?(?:/|per|-per-)\\s?(?:section|slice|cut|z)`,
  `(?:section|slice|slicing|cutting|cut)(?:ing)?[ -](?:thickness|depth|interval)${OF}${NUMBER}[ -]?${LENGTH}`,
  `${NUMBER}[ -]?${LENGTH}[ -](?:thick |ultrathin |serial |thin )*(?:sections?|slices|cuts)\\b`,
  `${NUMBER}[ -]?${LENGTH}[ -]thick`,
  `\\b(?:z|axial)[ -](?:step|spacing|resolution|slices?|interval|sampling|thickness|axis)(?: size)?${OF}${NUMBER}[ -]?${LENGTH}`,
  `${NUMBER}[ -]?${LENGTH}\\s(?:resolution |steps? )?(?:in|along) (?:the )?z\\b`,
  `(?:sectioned|cut|sliced|milled) (?:at|every|in steps of)${OF}${NUMBER}[ -]?${LENGTH}`,
];

function planeSize(text: string): TextFacts["voxelSize"] | undefined {
  for (const match of text.matchAll(PAIR)) {
    const [x, y] = [lengthOf(match[1], match[2] ?? match[4]), lengthOf(match[3], match[4])];
    const near = Math.min(distanceToWord(text, match.index, match[0].length), adjoining(text, match.index, match[0].length));
    if (x && y && near <= NEAR) return { x, y };
  }
  const voxel = first(text, VOXEL_SIZES);
  if (voxel) return { x: voxel, y: voxel, z: voxel };
  const pixel = first(text, PIXEL_SIZES);
  return pixel && { x: pixel, y: pixel };
}

/** The first of several forms that the text contains. */
function first(text: string, forms: readonly string[]): Length | undefined {
  for (const form of forms) {
    const match = new RegExp(form, "i").exec(text);
    const length = match && lengthOf(match[1], match[2]);
    if (length) return length;
  }
  return undefined;
}

function lengthOf(number: string | undefined, unit: string | undefined): Length | undefined {
  const value = numberOf(number);
  const length = value === undefined || unit === undefined ? undefined : { value, unit: unitName(unit) };
  return length && value! > 0 && nanometres(length) !== undefined ? length : undefined;
}

function unitName(unit: string): string {
  if (/^(?:μm|um|micro)/i.test(unit)) return "µm";
  if (/^nano/i.test(unit)) return "nm";
  return /^(?:Å|ang)/i.test(unit) ? "Å" : unit;
}

/** A comma before three digits separates thousands; any other is a decimal point. */
function numberOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const plain = /^[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?$/.test(text) ? text.replaceAll(",", "") : text.replace(",", ".");
  const value = Number(plain);
  return Number.isFinite(value) ? value : undefined;
}

function acquisitionOf(text: string): TextFacts["acquisition"] {
  const facts: TextFacts["acquisition"] = {};
  const take = (key: string, form: string, unit: (found: string) => string, unlessBehind?: RegExp) => {
    if (facts[key] !== undefined) return;
    for (const match of text.matchAll(new RegExp(form, "g"))) {
      const value = numberOf(match[1]);
      if (value === undefined || unlessBehind?.test(clauseBefore(text, match.index))) continue;
      const found = quantity(value, unit(match[2] ?? ""));
      if (found) facts[key] = found;
      return;
    }
  };
  take("beam_energy", String.raw`${NUMBER}\s?(k(?:e)?V)\b`, () => "keV", /bias|stage/i);
  take("beam_energy", String.raw`${NUMBER}\s?(eV)\b`, () => "eV", /bias|loss|slit/i);
  take("beam_current", String.raw`${NUMBER}\s?(pA|nA)\b`, (unit) => unit, /mill|ion beam|Ga\+|gallium/i);
  const time = `(μs(?:ec)?|us(?:ec)?|usec|microseconds?|ns|ms|s)`;
  take("dwell_time", String.raw`${NUMBER}\s?${time}\b\s?(?:pixel |per[- ]pixel |beam )?[Dd]well`, timeUnit);
  take("dwell_time", String.raw`[Dd]well(?:[ -]?time)?(?: per pixel)?${OF}${NUMBER}\s?${time}\b`, timeUnit);
  take("dwell_time", String.raw`${NUMBER}\s?(μs(?:ec)?|us(?:ec)?|microseconds?)\s?(?:/|per) ?(?:px|pixel|voxel)`, timeUnit);
  take(
    "scan_rate",
    String.raw`(?:[Ss]can|[Pp]ixel|[Ss]ampling|[Dd]igiti[sz]ation)[a-z -]{0,12}(?:rate|speed|frequency)${OF}${NUMBER}\s?(MHz|kHz)`,
    (unit) => unit,
  );
  take("scan_rate", String.raw`${NUMBER}\s?(MHz|kHz) (?:scan|pixel|sampling)`, (unit) => unit);
  take("bias_voltage", String.raw`[Bb]ias(?: voltage)?${OF}-?${NUMBER}\s?(kV|V)\b`, (unit) => unit);
  take("bias_voltage", String.raw`${NUMBER}\s?(kV|V) (?:[a-z]+ )?bias`, (unit) => unit);
  take("magnification", `[Mm]agnification(?: of| was| is|:|,)? ?(?:x ?)?${NUMBER}()`, () => "");
  take("magnification", `${NUMBER} ?x()(?: nominal)? magnification`, () => "");
  const microscope = MICROSCOPE.exec(text)?.[0];
  if (microscope !== undefined) facts.microscope = microscope.replace(/[ ,;.-]+$/, "");
  return facts;
}

/** The words of the same clause before a position. */
function clauseBefore(text: string, at: number): string {
  return text.slice(Math.max(0, at - 32), at).replace(/^.*[,;.(] /s, "");
}

function timeUnit(found: string): string {
  if (/^(?:μs|us|micro)/.test(found)) return "µs";
  return found;
}

/** A maker, the model, and its suffix: `FEI Magellan400`, `Zeiss Merlin`, `JEOL JEM-2100`, `Thermo Scientific Krios G4`. */
const MICROSCOPE = new RegExp(
  [
    String.raw`\b(?:FEI|Thermo(?: ?Fisher)?(?: Scientific)?|(?:Carl )?Z(?:eiss|EISS)|JEOL|Hitachi|TESCAN|Tescan|Philips|Delong)`,
    String.raw`\s(?!Company|Microscopy|Technolog|Inc\b|Corp|Electron|Scientific|Instruments|Ltd|GmbH)[A-Z0-9][\w-]*`,
    String.raw`(?:\s(?:Krios|Arctica|Polara|Halo|Nano[Ll]ab|NanoSEM|DualBeam|Dual Beam|FEG|FIB|FIB-SEM|SEM|Plus|Compact|VP|[IVX]{1,4}|[A-Z]{0,3}\d{1,4}[A-Za-z]{0,3})\b)*`,
  ].join(""),
);
