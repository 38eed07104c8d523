/** Names that every version of copick takes: `_` stands between the parts of its file names, and its listings are globs. */

/** An object, a user, a session or a kind of tomogram. @returns a name without `_`, blanks and signs that paths and globs use; never empty. */
export function partName(text: string): string {
  const name = text.replace(/[<>:"/\\|?*[\]{}\p{Cc}\s_]/gu, "-").replace(/^[-.]+|-+$/g, "");
  return name === "" ? "unnamed" : name;
}

/** An object's, in lower case as copick writes those of the portal. Masks whose names hold `multilabel` are taken for masks of many objects. */
export function objectName(text: string): string {
  return partName(text).toLowerCase().replaceAll("multilabel", "multi-label");
}

/** A run's: a folder of its own, where `_` is free. */
export function runName(text: string): string {
  return text.replace(/[\\/?*[\]{}\p{Cc}]/gu, "-").replace(/^\.+/, "");
}

/** What decides how copick calls a tomogram of the portal. */
export interface TomogramKind {
  readonly reconstructionMethod: string;
  readonly processing: string;
  readonly processingSoftware?: string | undefined;
  readonly ctfCorrected: boolean;
}

/** `wbp-raw`, `sirt-denoised-cryocare-ctfdeconv`: the name that copick itself gives a tomogram of the portal. */
export function tomogramType({ reconstructionMethod, processing, processingSoftware, ctfCorrected }: TomogramKind): string {
  const words = [reconstructionMethod, processing, ...(processingSoftware ? [processingSoftware] : [])].map(camelCase);
  return partName([...words, ...(ctfCorrected ? ["ctfdeconv"] : [])].join("-"));
}

/** As copick's `camel`, which begins each run of letters with a capital, as Python's `str.title` does, and the first with none. */
function camelCase(text: string): string {
  const words = text.replace(/[_-]+/g, " ").replace(/\p{L}+/gu, (word) => word[0]!.toUpperCase() + word.slice(1).toLowerCase());
  const joined = words.replaceAll(" ", "");
  return joined.slice(0, 1).toLowerCase() + joined.slice(1);
}

/** @returns names in the items' order: what is there once stays, of the others each gets its own mark behind. */
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
