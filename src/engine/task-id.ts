import { createHash } from "node:crypto";
import { EmporiumError } from "../core/errors.js";
import type { Plain, Task, TaskInput } from "./task.js";

/**
 * Name of a task: what it runs, what it is told, what it reads and what it writes, hashed. The order in which an object's keys
 * were set, the tasks it needs, its title, its estimates and the clock have no part in it, so the same work has the same id on
 * any machine and in any plan. Inputs and outputs count in their order.
 *
 * @returns 32 hexadecimal digits: the first 16 bytes of a SHA-256, far from a collision at the 10^7 tasks of the largest plan.
 * @throws {EmporiumError} INTERNAL when `params` holds what JSON cannot carry (NaN, an instance of a class).
 */
export function taskId({ run, params, inputs, outputs }: Pick<Task, "run" | "params" | "inputs" | "outputs">): string {
  const text = canonicalJson({ run, params, inputs: inputs.map(identityOf), outputs });
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}

/** Names a list of tasks, in their order: 32 hexadecimal digits. */
export function idsHash(tasks: Iterable<Pick<Task, "id">>): string {
  const hash = createHash("sha256");
  for (const { id } of tasks) hash.update(`${id}\n`);
  return hash.digest("hex").slice(0, 32);
}

/**
 * Identity of an object's version: its entity tag, or its time if there is none. (Some stores give a copy a new time but keep
 * the tag.)
 */
function identityOf({ key, size, etag, modifiedMs }: TaskInput): Plain {
  if (etag !== undefined) return { key, size, etag };
  return modifiedMs === undefined ? { key, size } : { key, size, modifiedMs };
}

/** JSON text without blanks, keys sorted by UTF-16 unit, members that are `undefined` left out: equal values give equal text. */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === "boolean" || typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number" && Number.isFinite(value)) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (isPlainObject(value)) {
    const members = Object.keys(value)
      .filter((key) => value[key] !== undefined)
      .sort()
      .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key])}`);
    return `{${members.join(",")}}`;
  }
  throw new EmporiumError("INTERNAL", `a task holds ${describe(value)}, only plain JSON can be hashed and resumed`);
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function describe(value: unknown): string {
  if (typeof value === "object" && value !== null) return `an instance of ${value.constructor.name}`;
  return typeof value === "number" ? String(value) : `a value of type ${typeof value}`;
}
