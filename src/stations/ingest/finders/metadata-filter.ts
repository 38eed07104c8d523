import type { Json } from "../../../core/json.js";
import { isJsonObject } from "../../../core/json-fields.js";
import { toNumber } from "../../../core/number.js";
import type { MetadataFilter } from "../config/finder.js";
import { toJson } from "../config/nodes.js";
import { isTruthy } from "../metadata.js";

/**
 * Whether a metadata document meets one condition of a `destination_filter`. The key is walked member by member; of an array the member of
 * each object in it is taken, and the walk ends at the first empty value. An array at the end must contain the value, anything else must equal it.
 */
export function matchesFilter(metadata: Json, { key, value }: MetadataFilter): boolean {
  const wanted = toJson(value);
  let found: Json | undefined = metadata;
  for (const member of key) {
    if (!isTruthy(found)) break;
    found = Array.isArray(found)
      ? (found as readonly Json[]).filter(isJsonObject).flatMap((item) => memberOf(item, member) ?? [])
      : memberOf(found, member);
  }
  if (Array.isArray(found) && !Array.isArray(wanted)) return (found as readonly Json[]).some((item) => equal(item, wanted));
  return equal(found, wanted);
}

function memberOf(value: Json | undefined, member: string): Json | undefined {
  return isJsonObject(value) && Object.hasOwn(value, member) ? value[member] : undefined;
}

/** Numbers are equal by value, whatever their kind; a number and a text are not. */
function equal(a: Json | undefined, b: Json): boolean {
  const [left, right] = [toNumber(a), toNumber(b)];
  if (left !== undefined || right !== undefined) return left === right;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, i) => equal(item, b[i]!));
  if (isJsonObject(a) && isJsonObject(b)) {
    const keys = Object.keys(a);
    return keys.length === Object.keys(b).length && keys.every((name) => equal(a[name], b[name] ?? null));
  }
  return a === b;
}
