import type { ErrorRecord } from "../../../../core/errors.js";
import { nearest } from "../../../../core/nearest.js";
import { toNumber } from "../../../../core/number.js";
import { knownText } from "../../../../formats/yaml/document-kinds.js";
import { formFault, hasForm } from "../../../../model/identifier-forms.js";
import { type ConfigNode, describe, type ListNode, type MapNode, placeOfValue, type ScalarNode } from "../nodes.js";
import { isDayOf } from "../scalars.js";
import { CONFIG } from "./config.js";
import {
  type BooleanShape,
  type ListShape,
  type MapShape,
  type NumberShape,
  type Shape,
  type TextShape,
  wanted,
} from "./shape.js";

export type OnFault = (fault: ErrorRecord) => void;

/** Sections all of whose strings may be templates for numbers; elsewhere only what stands below `sources`. */
const TEMPLATED_SECTIONS = new Set(["tiltseries", "tomograms"]);
const FLOAT = /^float\s*\{[a-zA-Z0-9_-]+\}\s*$/;
const INTEGER = /^int\s*\{[a-zA-Z0-9_-]+\}\s*$/;
/** Templates that the grammar itself allows in some fields, wherever these stand. */
const FIELD_TEMPLATES = { float: /^float[ ]*\{[a-zA-Z0-9_-]+\}[ ]*$/, int: /^int[ ]*\{[a-zA-Z0-9_-]+\}[ ]*$/ };
/** Unknown keys of one map that are reported one by one: a map with more of them is not the expected one. */
export const UNKNOWN_TOLD = 100;
/** Text that metadata documents have for a field of a sample that the configuration leaves out. */
const NOT_REPORTED = "not_reported";
const WORD_TEMPLATE = /^[ ]*\{[a-zA-Z0-9_-]+\}[ ]*$/;

/**
 * Checks a configuration against the grammar: names, types, ranges, vocabularies, forms of identifiers. All errors are reported,
 * in the order of the grammar. Rules between fields are elsewhere.
 *
 * An error has the place where the value is written: for an alias that is the anchor, while `path` leads to the use. A missing
 * field has the place of the map that lacks it.
 */
export function checkGrammar(root: ConfigNode, onFault: OnFault): void {
  new Walk(onFault).shape(root, CONFIG, false, { key: "", says: "sections with their blocks" });
}

/**
 * The same for a metadata document: values that exist must have the types, ranges and words of a configuration. A document may
 * have other keys, may lack some, and has no templates, because they are filled in.
 *
 * @param shape grammar of metadata of the document's kind.
 */
export function checkValues(document: ConfigNode, shape: MapShape, onFault: OnFault): void {
  new Walk(onFault, true).shape(document, shape, false, { key: "", says: shape.name });
}

/** Position of the walk: the last key, and the description of its field. */
interface Spot {
  readonly key: string;
  readonly says: string;
}

class Walk {
  readonly #onFault: OnFault;
  readonly #isDocument: boolean;

  constructor(onFault: OnFault, isDocument = false) {
    this.#onFault = onFault;
    this.#isDocument = isDocument;
  }

  /** @param templated whether `float {x}` and `int {x}` stand for numbers here. */
  shape(node: ConfigNode, shape: Shape, templated: boolean, spot: Spot): void {
    switch (shape.kind) {
      case "any":
        return;
      case "map":
        if (node.kind === "map") this.#map(node, shape, templated);
        else this.#onFault(mismatch(node, shape, spot));
        return;
      case "list":
        if (node.kind === "list") this.#list(node, shape, templated, spot);
        else this.#onFault(mismatch(node, shape, spot, "write - before each entry"));
        return;
      default:
        if (node.kind === "scalar") this.#scalar(node, shape, templated, spot);
        else this.#onFault(mismatch(node, shape, spot));
    }
  }

  #map(node: MapNode, shape: MapShape, templated: boolean): void {
    const { fields } = shape;
    let unknown = 0;
    for (const [key, child] of node.entries) {
      const field = Object.hasOwn(fields, key) ? fields[key]! : undefined;
      if (!field) {
        if (!this.#isDocument && ++unknown <= UNKNOWN_TOLD) this.#onFault(unknownKey(node, key, shape));
        continue;
      }
      const mayBeNull = this.#isDocument || field.nullable || field.shape.kind === "any";
      if (child.kind === "scalar" && child.value === null && mayBeNull) continue;
      const within = templated || key === "sources" || (shape === CONFIG && TEMPLATED_SECTIONS.has(key));
      this.shape(child, field.shape, within, { key, says: field.says });
    }
    if (this.#isDocument) return;
    if (unknown > UNKNOWN_TOLD) {
      const message = `${unknown - UNKNOWN_TOLD} more unknown keys in this map (${shape.name})`;
      this.#onFault(faultOf(node, message, "this looks like a list or a table"));
    }
    for (const [key, field] of Object.entries(fields)) {
      if (!field.required || node.entries.has(key)) continue;
      const message = `${key} is missing from the ${shape.name} (expected ${wanted(field.shape)})`;
      this.#onFault(faultOf(node, message, `add ${key}: ${field.says}`));
    }
  }

  #list(node: ListNode, shape: ListShape, templated: boolean, spot: Spot): void {
    if (node.items.length < shape.least) {
      this.#onFault(mismatch(node, shape, spot, "add an entry, or leave the key out if it may be"));
    }
    for (const item of node.items) this.shape(item, shape.items, templated, spot);
  }

  #scalar(node: ScalarNode, written: ScalarShape, templated: boolean, spot: Spot): void {
    if (this.#isDocument && node.value === NOT_REPORTED) return;
    const shape = this.#isDocument && written.kind !== "boolean" ? { ...written, template: false } : written;
    const fault = fits(node, shape, templated)
      ? digitFault(node, shape, spot.key)
      : mismatch(node, shape, spot, hintFor(node, shape, templated));
    if (fault) this.#onFault(fault);
  }
}

type ScalarShape = TextShape | NumberShape | BooleanShape;

function fits({ value }: ScalarNode, shape: ScalarShape, templated: boolean): boolean {
  // as in the portal's own validation, a template counts as the number 1 before anything else is checked
  const isNumber = templated && typeof value === "string" && (FLOAT.test(value) || INTEGER.test(value));
  if (shape.kind === "boolean") return typeof value === "boolean";
  if (shape.kind === "number") return fitsNumber(isNumber ? 1 : value, shape);
  return !isNumber && fitsText(value, shape);
}

function digitFault(node: ScalarNode, shape: ScalarShape, key: string): ErrorRecord | undefined {
  const { value } = node;
  if (shape.kind !== "text" || typeof value !== "string") return undefined;
  const form = shape.forms?.find((one) => hasForm(value, one));
  const fault = form && formFault(value, form);
  if (fault === undefined) return undefined;
  const message = `${key} is ${describe(node)}: ${fault}`;
  return faultOf(node, message, "look it up again: a digit is wrong, or two are exchanged");
}

function mismatch(
  node: ConfigNode,
  shape: Shape,
  { key, says }: Spot,
  hint = key === "" ? says : `${key}: ${says}`,
): ErrorRecord {
  const subject = key === "" ? "" : `${key} is `;
  return faultOf(node, `${subject}${describe(node)}; expected ${wanted(shape)}`, hint);
}

function unknownKey(node: MapNode, key: string, shape: MapShape): ErrorRecord {
  const known = Object.keys(shape.fields);
  const near = nearest(key, known);
  const what = shape === CONFIG ? "section" : "key";
  const message = `unknown ${what} ${JSON.stringify(key)}${near === undefined ? `; ${knownText(known)}` : ""}`;
  const hint =
    near === undefined
      ? "leave it out, or look its name up in docs/reference/ingestion-config.schema.json"
      : `did you mean ${near}?`;
  return faultOf(node, message, hint, node.keyPlaces.get(key));
}

function faultOf(node: ConfigNode, message: string, hint: string, place = placeOfValue(node)): ErrorRecord {
  return { code: "CONFIG_FIELD", message, ...place, hint };
}

/** A number of either kind; a float without a fraction counts as whole, as it does in JSON. */
function fitsNumber(value: unknown, { whole, least, most, template }: NumberShape): boolean {
  if (typeof value === "string") return template && FIELD_TEMPLATES[whole ? "int" : "float"].test(value);
  const number = toNumber(value);
  if (number === undefined || !Number.isFinite(number)) return false;
  if (whole && !Number.isInteger(number)) return false;
  return (least === undefined || number >= least) && (most === undefined || number <= most);
}

function fitsText(value: unknown, { words, forms, template, date }: TextShape): boolean {
  if (typeof value !== "string") return false;
  if (template && WORD_TEMPLATE.test(value)) return true;
  if (words) return words.includes(value);
  if (forms) return forms.some((form) => hasForm(value, form));
  return !date || isDay(value);
}

/** ISO's calendar date, and a day that there is. */
export function isDay(text: string): boolean {
  const match = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text);
  return match !== null && isDayOf(Number(match[1]), Number(match[2]), Number(match[3]));
}

function hintFor(node: ScalarNode, shape: Shape, templated: boolean): string | undefined {
  const { value } = node;
  if (shape.kind === "text" && shape.words && typeof value === "string") {
    const near = nearest(value, shape.words);
    return near === undefined ? "use one of the words as it is spelled here" : `did you mean ${near}?`;
  }
  if (value === null) return "give a value, or leave the key out if it may be";
  if (shape.kind === "text" && shape.date) return "write year, month and day with two digits each: 2026-01-05";
  if (shape.kind === "text" && typeof value !== "string") return "put it in quotes";
  if (shape.kind === "number" && typeof value === "string") {
    if (/^[-+]?\d*\.?\d+(?:[eE][-+]?\d+)?$/.test(value)) {
      return /e/i.test(value) ? "YAML 1.1 needs a point and a sign: 1.0e+3" : "remove the quotes";
    }
    if (value.includes("{"))
      return shape.template || templated ? "write float {column} or int {column}" : "a template cannot stand here";
  }
  if (shape.kind === "boolean" && typeof value === "string") return "write true or false without quotes";
  return undefined;
}
