import { lstatSync } from "node:fs";

/** A word of a command line, perhaps with a name for its record: `NAME=LOCATION`. */
export interface NamedWord {
  name: string | undefined;
  text: string;
}

/** `retina=https://…` → name and location. If a file of this whole name exists, the word is its name. */
export function namedWord(word: string): NamedWord {
  const [, name, text] = /^([\p{L}\p{N}_][\p{L}\p{N}_.-]*)=(.+)$/su.exec(word.trim()) ?? [];
  if (name === undefined || text === undefined || isHere(word)) return { name: undefined, text: word };
  return { name, text };
}

/** Whether a file or folder of this name exists on this machine. */
export function isHere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false; // too long for a path, or not readable
  }
}

/** Makes names unique: the second `tomo` becomes `tomo-2`. `errors` is a key of the document. */
export function nameGiver(): (wanted: string) => string {
  const taken = new Set<string>(["errors"]);
  return (wanted) => {
    const base = wanted === "" ? "image" : wanted;
    let name = base;
    for (let n = 2; taken.has(name); n++) name = `${base}-${n}`;
    taken.add(name);
    return name;
  };
}

/** The last name of a location: `tomo` for `…/tomo.mrc?token=1`. The image's number in its file stays: `a#1`. */
export function nameOfLocation(location: string): string {
  const [, bare = "", image = ""] = /^(.*?)(#\d+)?$/s.exec(location) ?? [];
  const path = (/^[a-z0-9]+:\/\//i.test(bare) ? bare.replace(/[?#].*$/s, "") : bare).replace(/[/\\]+$/, "");
  const last = path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
  const stem = last.replace(/(?:\.ome)?\.[a-z][a-z0-9]{0,4}(?:\.(?:gz|bz2))?$/i, "");
  return decoded(stem || last) + image;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
