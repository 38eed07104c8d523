import { EmporiumError } from "../core/errors.js";

/** Reference to what a page asks about, written in addresses: `tomogram:12` of the catalogue, or a place and a key. */
export type Ref =
  | { readonly kind: "place"; readonly place: string; readonly key: string }
  | { readonly kind: EntityRefKind; readonly id: number };

/** Entities that have voxels or points. */
export type EntityRefKind = "tomogram" | "tiltseries" | "frame" | "annotationfile";

const ENTITY = /^(tomogram|tiltseries|frame|annotationfile):([1-9]\d{0,9})$/;
const PLACED = /^([a-z0-9-]+):(.*)$/s;

/** Writes a reference for an address: letters, digits, `-`, `_`, and `:` of an entity. A place and its key are base64url. */
export function printRef(ref: Ref): string {
  if (ref.kind !== "place") return `${ref.kind}:${ref.id}`;
  const bytes = new TextEncoder().encode(`${ref.place}:${ref.key}`);
  const text = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  return text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/**
 * Address of the page of a volume in a place, relative to the first page. The key stays readable, as far as addresses allow its
 * letters.
 */
export function viewAddress(place: string, key: string): string {
  return `view/at/${/^[\w./~-]+$/.test(key) ? `${place}/${key}` : printRef({ kind: "place", place, key })}`;
}

/**
 * Reference, as `printRef` writes it, of the volume that a page below `view/` shows: `["tomogram", "12"]`, `["at", place, key…]`,
 * `["at", ref]`. Undefined without one.
 */
export function refOfView([kind, first, ...rest]: readonly string[]): string | undefined {
  if (kind === undefined || first === undefined) return undefined;
  if (kind !== "at") return `${kind}:${first}`;
  // without a key it is a reference, which holds both
  return rest.some(Boolean) ? printRef({ kind: "place", place: first, key: rest.join("/") }) : first;
}

/**
 * Parses a reference. The key is not checked: its reader has to do that.
 *
 * @throws {EmporiumError} NAME_UNSAFE for anything that `printRef` does not give
 */
export function parseRef(text: string): Ref {
  const [, kind, id] = ENTITY.exec(text) ?? [];
  if (kind !== undefined) return { kind: kind as EntityRefKind, id: Number(id) };
  const [, place, key] = PLACED.exec(plainOf(text)) ?? [];
  if (place !== undefined && key !== undefined) {
    const ref: Ref = { kind: "place", place, key };
    if (printRef(ref) === text) return ref;
  }
  throw new EmporiumError("NAME_UNSAFE", "the reference names neither an entity of the catalogue nor a key of a location");
}

function plainOf(text: string): string {
  if (!/^[\w-]+$/.test(text)) return "";
  try {
    const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
      Uint8Array.from(binary, (sign) => sign.charCodeAt(0)),
    );
  } catch {
    return ""; // no base64, or no UTF-8
  }
}
