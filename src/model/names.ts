import { EmporiumError, type Place } from "../core/errors.js";

const NAME_BYTES_MAX = 255;
const encoder = new TextEncoder();

/**
 * The reason why a name cannot be one segment of a key, or undefined when it can. Stricter than what stores accept: a leading dot
 * would hide the entity from people and from globs, and a control character or a blank at an end is always a mistake.
 */
export function nameFault(name: string): string | undefined {
  if (name === "") return "is empty";
  if (name.includes("/") || name.includes("\\")) return "holds a slash";
  if (name.startsWith(".")) return "begins with a dot";
  if (/[\u0000-\u001f\u007f]/.test(name)) return "holds a control character";
  if (name !== name.trim()) return "begins or ends with a blank";
  if (/[\ud800-\udfff]/u.test(name)) return "is not valid Unicode";
  if (encoder.encode(name).length > NAME_BYTES_MAX) return `is longer than ${NAME_BYTES_MAX} bytes`;
  return undefined;
}

/**
 * Checks a name from a configuration or a source before it becomes part of a key.
 *
 * @param what the name's owner in messages: `run`, `dataset`.
 * @throws {EmporiumError} NAME_UNSAFE
 */
export function checkName(name: string, what: string, place?: Place): string {
  const fault = nameFault(name);
  if (fault === undefined) return name;
  const shown = JSON.stringify(name.length > 100 ? `${name.slice(0, 100)}…` : name);
  throw new EmporiumError("NAME_UNSAFE", `the ${what} name ${shown} ${fault}; expected a plain folder name`, {
    place,
    hint: "narrow the glob, or extract the name with name_regex",
  });
}
