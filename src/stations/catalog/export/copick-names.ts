/** Names that every version of copick accepts: `_` separates the parts of its file names, and its listings are globs. */

/**
 * The name of an object, user, session or kind of tomogram: without `_`, blanks and characters of paths and globs; never empty.
 */
export function partName(text: string): string {
  const name = text.replace(/[<>:"/\\|?*[\]{}\p{Cc}\s_]/gu, "-").replace(/^[-.]+|-+$/g, "");
  return name === "" ? "unnamed" : name;
}

/** An object's name, in lower case as in copick. copick takes a mask with `multilabel` in its name for one of many objects. */
export function objectName(text: string): string {
  return partName(text).toLowerCase().replaceAll("multilabel", "multi-label");
}

/** A run's name: a folder, where `_` is allowed. */
export function runName(text: string): string {
  return text.replace(/[\\/?*[\]{}\p{Cc}]/gu, "-").replace(/^\.+/, "");
}

/** The facts that decide copick's name of a tomogram. */
export interface TomogramKind {
  readonly reconstructionMethod: string;
  readonly processing: string;
  readonly processingSoftware?: string | undefined;
  readonly ctfCorrected: boolean;
}

/** copick's own name of a portal's tomogram: `wbp-raw`, `sirt-denoised-cryocare-ctfdeconv`. */
export function tomogramType({ reconstructionMethod, processing, processingSoftware, ctfCorrected }: TomogramKind): string {
  const words = [reconstructionMethod, processing, ...(processingSoftware ? [processingSoftware] : [])].map(camelCase);
  return partName([...words, ...(ctfCorrected ? ["ctfdeconv"] : [])].join("-"));
}

/** As copick's `camel`: a capital begins each run of letters but the first, as in Python's `str.title`. */
function camelCase(text: string): string {
  const words = text.replace(/[_-]+/g, " ").replace(/\p{L}+/gu, (word) => word[0]!.toUpperCase() + word.slice(1).toLowerCase());
  const joined = words.replaceAll(" ", "");
  return joined.slice(0, 1).toLowerCase() + joined.slice(1);
}

/** @returns names in the items' order. A name that comes once stays; others get a mark behind. */
export function distinctNames<T>(items: readonly T[], nameOf: (item: T) => string, markOf: (item: T) => string): string[] {
  const plain = items.map(nameOf);
  const counts = new Map<string, number>();
  for (const name of plain) counts.set(name, (counts.get(name) ?? 0) + 1);
  const taken = new Set<string>();
  return items.map((item, i) => {
    const name = plain[i]!;
    const marked = counts.get(name) === 1 ? name : `${name}-${markOf(item)}`;
    let free = marked;
    for (let n = 2; taken.has(free); n++) free = `${marked}-${n}`;
    taken.add(free);
    return free;
  });
}
