import type { ByteRange } from "../core/bytes.js";

/**
 * The part of an object that a `Range` header requests: a part, `unsatisfiable` (416), or undefined where the whole is to be
 * sent. That is also the answer to several ranges at once, to other units and to what cannot be parsed: RFC 9110 §14.2 lets a
 * server ignore the header.
 */
export function parseRange(header: string | null, size: number): ByteRange | "unsatisfiable" | undefined {
  const found = /^bytes\s*=\s*(\d*)\s*-\s*(\d*)$/i.exec(header ?? "");
  if (!found) return undefined;
  const [, first = "", last = ""] = found;
  if (first === "" && last === "") return undefined;
  if (first === "") {
    const length = Math.min(Number(last), size);
    return length === 0 ? "unsatisfiable" : { offset: size - length, length };
  }
  const offset = Number(first);
  if (last !== "" && Number(last) < offset) return undefined;
  if (offset >= size) return "unsatisfiable";
  const end = last === "" ? size : Math.min(Number(last) + 1, size);
  return { offset, length: end - offset };
}
