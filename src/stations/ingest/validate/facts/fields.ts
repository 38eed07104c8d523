import type { Json, JsonObject } from "../../../../core/json.js";
import { isJsonObject, member } from "../../../../core/json-fields.js";
import { toNumber } from "../../../../core/number.js";
import { isArray, show } from "../../../../formats/zarr/json.js";
import { Missing } from "./fact.js";

/** A metadata document and where it is. */
export interface Document {
  readonly key: string;
  readonly json: JsonObject;
}

/** The value at a dotted path (`tilt_range.min`, `scales.0`), or undefined. */
export function valueAt({ json }: Pick<Document, "json">, path: string): Json | undefined {
  let value: Json | undefined = json;
  for (const step of path.split(".")) {
    if (isArray(value)) value = value[Number(step)];
    else value = isJsonObject(value) ? member(value, step) : undefined;
  }
  return value;
}

/** A finite number at a path, or undefined for anything else. */
export function numberAt(document: Pick<Document, "json">, path: string): number | undefined {
  const number = toNumber(valueAt(document, path));
  return number !== undefined && Number.isFinite(number) ? number : undefined;
}

export function textAt(document: Pick<Document, "json">, path: string): string | undefined {
  const value = valueAt(document, path);
  return typeof value === "string" ? value : undefined;
}

/** The value at a path, as a message shows it. */
export function shownAt(document: Pick<Document, "json">, path: string): string {
  return `${path} is ${show(valueAt(document, path))}`;
}

/** @throws {Missing} */
export function needNumber(document: Document, path: string): number {
  const number = numberAt(document, path);
  if (number === undefined) throw missing(document, path, "a number");
  return number;
}

/** @throws {Missing} */
export function needText(document: Document, path: string): string {
  const text = textAt(document, path);
  if (text === undefined || text === "") throw missing(document, path, "a text");
  return text;
}

/** A list of objects, each with its dotted path. @throws {Missing} */
export function needList(document: Document, path: string): { readonly path: string; readonly value: Json }[] {
  const list = valueAt(document, path);
  if (!isArray(list)) throw missing(document, path, "a list");
  return list.map((value, i) => ({ path: `${path}.${i}`, value }));
}

/** `{z, y, x}` of whole numbers as `[z, y, x]`. @throws {Missing} */
export function needSize(document: Document, path: string): [z: number, y: number, x: number] {
  const axes = ["z", "y", "x"].map((axis) => numberAt(document, `${path}.${axis}`));
  if (axes.some((length) => length === undefined)) throw missing(document, path, "whole numbers x, y and z");
  return axes as [number, number, number];
}

function missing(document: Document, path: string, wanted: string): Missing {
  return new Missing({ found: shownAt(document, path), wanted, place: { key: document.key, path } });
}
