import { EmporiumError } from "../../core/errors.js";
import type { Json, JsonObject } from "../../core/json.js";
import { member } from "../../core/json-fields.js";
import { LIMITS } from "../../core/limits.js";
import { toNumber } from "../../core/number.js";
import { counted } from "../../core/units.js";
import { isArray, show, wrongField } from "../zarr/json.js";

/** Members of `info` documents: each reader gives the value or an error that names the document and the member. */

export function text(object: JsonObject, of: string, name: string, path?: string): string {
  const value = member(object, of);
  if (typeof value === "string") return value;
  throw wrongField(name, below(path, of), value, "a text");
}

/** A whole number, in a float's form as well (`3.0`). */
export function whole(value: Json | undefined, least: number, most: number, name: string, path: string): number {
  const number = toNumber(value);
  if (number === undefined || !Number.isInteger(number)) throw wrongField(name, path, value, "a whole number");
  if (number > most) throw tooMuch(name, path, `${show(value)}; at most ${most} is read`);
  if (number < least) throw wrongField(name, path, value, `${least} or more`);
  return number + 0; // "-0" is an integer of JSON
}

export function positive(value: Json | undefined, name: string, path: string): number {
  const number = toNumber(value);
  if (number !== undefined && Number.isFinite(number) && number > 0) return number;
  throw wrongField(name, path, value, "a number above 0");
}

/** A list of exactly `length` finite numbers. */
export function numbers(value: Json | undefined, length: number, name: string, path: string): number[] {
  if (!isArray(value) || value.length !== length) throw wrongField(name, path, value, `${counted(length, "number")}`);
  return value.map((one, i) => {
    const number = toNumber(one);
    if (number !== undefined && Number.isFinite(number)) return number;
    throw wrongField(name, `${path}.${i}`, one, "a finite number");
  });
}

interface ListOptions {
  path?: string;
  least?: number;
  most?: number;
  /** Takes a member that is absent as empty. */
  optional?: boolean;
}

export function list(object: JsonObject, of: string, name: string, options: ListOptions = {}): readonly Json[] {
  const { path, least = 0, most = LIMITS.tagCount, optional = false } = options;
  const value = member(object, of);
  if (value === undefined && optional) return [];
  if (!isArray(value)) throw wrongField(name, below(path, of), value, "a list");
  if (value.length < least) throw wrongField(name, below(path, of), value, `a list of ${least} or more`);
  if (value.length > most) throw tooMuch(name, below(path, of), `${counted(value.length, "member")}; at most ${most} are read`);
  return value;
}

const KEY_MAX = 1024;

/**
 * The name of a file or folder relative to the document's folder. `../` is allowed, since published volumes use it; absolute
 * paths, URLs and drives are not.
 */
export function key(value: Json | undefined, name: string, path: string): string {
  const fault = typeof value === "string" ? keyFault(value) : "";
  if (fault === undefined) return value as string;
  throw wrongField(name, path, value, `a relative path${fault && `, not ${fault}`}`);
}

export function optionalKey(object: JsonObject, of: string, name: string): string | undefined {
  const value = member(object, of) ?? null;
  return value === null ? undefined : key(value, name, of);
}

function keyFault(value: string): string | undefined {
  if (value === "") return "an empty one";
  if (value.length > KEY_MAX) return `one of ${counted(value.length, "character")}`;
  if (/[\u0000-\u001f\u007f\\]/.test(value)) return "one with control characters or backslashes";
  if (value.startsWith("/")) return "an absolute one";
  if (/^[a-z][a-z0-9+.-]*:/i.test(value)) return "a URL";
  return undefined;
}

/**
 * A key of an `info` document as a key of the store.
 *
 * @param folder folder of the document; empty for the root of the store.
 * @throws {EmporiumError} NAME_UNSAFE if it climbs out of the store.
 */
export function resolveKey(folder: string, relative: string): string {
  const parts = folder.split("/").filter((part) => part !== "");
  for (const part of relative.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined) {
      throw new EmporiumError("NAME_UNSAFE", `${JSON.stringify(relative)} from ${JSON.stringify(folder)} leaves the store`, {
        place: { path: relative },
        hint: "open the folder above, so that the key stays inside",
      });
    }
  }
  return parts.join("/");
}

export function tooMuch(name: string, path: string, message: string): EmporiumError {
  return new EmporiumError("FORMAT_LIMIT", `${name}: ${path}: ${message}`, { place: { file: name, path } });
}

function below(path: string | undefined, of: string): string {
  return path === undefined ? of : `${path}.${of}`;
}
