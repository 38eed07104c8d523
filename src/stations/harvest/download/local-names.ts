import { EmporiumError } from "../../../core/errors.js";
import { counted } from "../../../core/units.js";
import { checkKey, unsafe, windowsFault } from "../../../stores/keys.js";

/** Names that a disk takes for one file: `A` and `a`, or `é` composed and decomposed. */
export interface Folding {
  case: boolean;
  unicode: boolean;
}

export interface NamesOptions {
  folding: Folding;
  /** Refuse names with a special meaning on Windows. */
  windows: boolean;
  /** This program's own names at the top of the destination. */
  kept?: readonly string[] | undefined;
}

/** The relative paths of one destination. Each is inside it, and belongs to one object. */
export interface LocalNames {
  /**
   * @param rel path with `/` from an untrusted listing or link
   * @throws {EmporiumError} NAME_UNSAFE; CONFIG_COLLISION if the path belongs to another object
   */
  take(rel: string): void;
}

/** The most bytes of a relative path. Linux allows 4096 for a whole path, the destination included. */
const PATH_BYTES_MAX = 3_000;
const DEPTH_MAX = 128;
/** The most bytes of a path's last name. `.part.json` is appended while the file is fetched. */
const NAME_BYTES_MAX = 245;
const WORKING = /\.part(?:\.json)?$/;

export function localNames({ folding, windows, kept = [] }: NamesOptions): LocalNames {
  const files = new Map<string, string>();
  const folders = new Map<string, string>();
  const own = new Set(kept.map((name) => fold(name, { case: true, unicode: true })));

  return {
    take(rel) {
      checkLocalName(rel, windows);
      const names = rel.split("/");
      // The tree may be copied to a disk that folds names, where none may collide with our manifest.
      if (own.has(fold(names[0]!, { case: true, unicode: true })))
        throw unsafe(rel, "is a name that the download keeps for itself");
      const key = fold(rel, folding);
      const other = files.get(key) ?? folders.get(key);
      if (other !== undefined) throw collision(rel, other);
      const working = [rel.replace(WORKING, ""), `${rel}.part`, `${rel}.part.json`].map((name) => fold(name, folding));
      for (const name of working)
        if (name !== key && files.has(name)) throw collision(rel, `${files.get(name)} while it is being fetched`);
      for (let depth = 1; depth < names.length; depth++) {
        const folder = names.slice(0, depth).join("/");
        const folded = fold(folder, folding);
        const file = files.get(folded);
        const twin = folders.get(folded);
        if (file !== undefined) throw collision(rel, file);
        if (twin !== undefined && twin !== folder) throw collision(rel, `${twin}/…`);
      }
      for (let depth = 1; depth < names.length; depth++) {
        const folder = names.slice(0, depth).join("/");
        const folded = fold(folder, folding);
        if (!folders.has(folded)) folders.set(folded, folder);
      }
      files.set(key, rel);
    },
  };
}

/**
 * Refuses an unsafe relative path: `..`, absolute paths, empty parts, backslashes, control characters, single surrogates, long
 * names, and on Windows its devices and streams.
 *
 * @throws {EmporiumError} NAME_UNSAFE
 */
export function checkLocalName(rel: string, windows: boolean): void {
  checkKey(rel);
  if (/[\u0000-\u001f\u007f-\u009f]/.test(rel)) throw unsafe(rel, "holds a control character");
  const names = rel.split("/");
  if (names.length > DEPTH_MAX) throw unsafe(rel, `is ${counted(names.length, "folder")} deep`);
  if (rel.length > PATH_BYTES_MAX / 3 && Buffer.byteLength(rel) > PATH_BYTES_MAX) throw unsafe(rel, "is too long");
  if (Buffer.byteLength(names.at(-1)!) > NAME_BYTES_MAX) throw unsafe(rel, `has a name of more than ${NAME_BYTES_MAX} bytes`);
  for (const name of windows ? names : []) {
    const fault = windowsFault(name);
    if (fault) throw unsafe(rel, fault);
  }
}

/** A text as one safe segment of a path: other characters become `_`. */
export function plainName(text: string, fallback: string): string {
  const name = text
    .replace(/[\u0000-\u001f\u007f-\u009f/\\]/g, "_")
    .replace(/^\.+$/, "")
    .slice(0, 200);
  return name === "" || /[\ud800-\udfff]/u.test(name) ? fallback : name;
}

function fold(text: string, folding: Folding): string {
  const form = folding.unicode ? text.normalize("NFC") : text;
  return folding.case ? form.toLowerCase().toUpperCase() : form;
}

function collision(rel: string, other: string): EmporiumError {
  return new EmporiumError("CONFIG_COLLISION", `${rel} and ${other} would be one file on this disk`, {
    hint: "fetch them one at a time into two folders, or leave one out with --exclude",
  });
}
