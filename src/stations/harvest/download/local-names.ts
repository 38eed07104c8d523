import { EmporiumError } from "../../../core/errors.js";
import { checkKey, unsafe, windowsFault } from "../../../stores/keys.js";

/** What a disk makes of names: `A` and `a`, or `é` composed and decomposed, may be one file there. */
export interface Folding {
  case: boolean;
  unicode: boolean;
}

export interface NamesOptions {
  folding: Folding;
  /** Refuse what Windows gives another meaning. */
  windows: boolean;
  /** Top names below the destination that are our own. */
  kept?: readonly string[] | undefined;
}

/** The relative paths of one destination: each that is taken is inside of it, and stands for one object alone. */
export interface LocalNames {
  /**
   * @param rel path with `/`, as an untrusted listing or link made it.
   * @throws {EmporiumError} NAME_UNSAFE, or CONFIG_COLLISION when another object already stands there.
   */
  take(rel: string): void;
}

/** Linux' own limit is 4096 bytes for a whole path; the destination needs some of them. */
const PATH_BYTES_MAX = 3_000;
const DEPTH_MAX = 128;
/** Of the last name: `.part.json` stands behind it while the file is being fetched. */
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
      // Whatever the disk: a tree that is copied to a folding one later must not meet our manifest there.
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
 * Refuses what cannot safely be a path below a folder: `..`, absolute paths, empty parts, backslashes, control characters, halves of
 * surrogate pairs, names that are too long, and on Windows its devices and streams.
 *
 * @throws {EmporiumError} NAME_UNSAFE
 */
export function checkLocalName(rel: string, windows: boolean): void {
  checkKey(rel);
  if (/[\u0000-\u001f\u007f-\u009f]/.test(rel)) throw unsafe(rel, "holds a control character");
  const names = rel.split("/");
  if (names.length > DEPTH_MAX) throw unsafe(rel, `is ${names.length} folders deep`);
  if (rel.length > PATH_BYTES_MAX / 3 && Buffer.byteLength(rel) > PATH_BYTES_MAX) throw unsafe(rel, "is too long");
  if (Buffer.byteLength(names.at(-1)!) > NAME_BYTES_MAX) throw unsafe(rel, `has a name of more than ${NAME_BYTES_MAX} bytes`);
  for (const name of windows ? names : []) {
    const fault = windowsFault(name);
    if (fault) throw unsafe(rel, fault);
  }
}

/** The name of a folder or file as one segment that may stand below a destination: what no name allows becomes `_`. */
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
