import { normalised } from "../inventory/run-name.js";
import type { Label, Vocabulary } from "./vocabulary.js";

/**
 * The class of a model's name. `annotation`: a label of the vocabulary, unresolved terms among them; `unlisted`: a name that the
 * vocabulary does not have, presumably made by a person; `automatic`: a program's, no annotation.
 */
type NameClass = "annotation" | "unlisted" | "automatic";

export interface Classified {
  readonly class: NameClass;
  /** The label in tables and pictures. */
  readonly label: string;
  /** The words of a compound: MSC is MS and C. One entry for all other labels. */
  readonly parts: readonly string[];
  readonly meaning: string;
  readonly status: Label["status"] | "unlisted" | "automatic";
}

export type Classify = (stem: string) => Classified;

/**
 * Makes the function that finds the label of a name: a label or alias; a compound of known words; either with a number behind it
 * (`MS2`, `hat_3`), unless that is a label of its own; then patterns of automatic models. Case is ignored, and blanks, `_` and
 * `-` are alike: between the words of a compound they may be left out, too.
 */
export function classifier(vocabulary: Vocabulary): Classify {
  const spellings = new Map<string, Label>();
  for (const label of vocabulary.labels)
    for (const name of [label.name, ...label.aliases]) spellings.set(normalised(name), label);
  const automatic = vocabulary.automatic.map(({ pattern, meaning }) => ({ test: wildcard(pattern), meaning }));
  const known = new Map<string, Classified>();

  const named = (stem: string): Classified | undefined => {
    const words = compoundParts(stem, vocabulary.compounds);
    // MS_C is MSC, which is a label
    const label = spellings.get(normalised(stem)) ?? (words && spellings.get(normalised(words.join(""))));
    if (label) {
      const parts = compoundParts(label.name, vocabulary.compounds) ?? [label.name];
      return { class: "annotation", label: label.name, parts, meaning: label.meaning, status: label.status };
    }
    if (!words) return undefined;
    const meaning = words.map((word) => vocabulary.compounds.find(({ name }) => name === word)!.meaning).join(", ");
    return { class: "annotation", label: words.join(""), parts: words, meaning, status: "known" };
  };
  const classify = (stem: string): Classified => {
    const exact = named(stem);
    if (exact) return exact;
    const program = automatic.find(({ test }) => test.test(stem));
    if (program) return { class: "automatic", label: stem, parts: [stem], meaning: program.meaning, status: "automatic" };
    const numbered = /^(.*?)[\s_-]*\d+$/.exec(stem)?.[1];
    const base = numbered ? named(numbered) : undefined;
    return base ?? { class: "unlisted", label: stem, parts: [stem], meaning: "", status: "unlisted" };
  };
  return (stem) => {
    let found = known.get(stem);
    if (!found) {
      found = classify(stem);
      // names repeat; names of automatic models do not, so the cache is limited
      if (known.size < 100_000) known.set(stem, found);
    }
    return found;
  };
}

/** Splits a name greedily into words of a list; undefined if a rest remains. */
function compoundParts(name: string, words: readonly Label[]): string[] | undefined {
  const parts: string[] = [];
  const spelt = words.map((word) => ({ word, key: normalised(word.name) })).filter(({ key }) => key !== "");
  let rest = normalised(name);
  if (rest === "") return undefined;
  while (rest !== "") {
    const found = spelt.find(({ key }) => rest.startsWith(key));
    if (!found) return undefined;
    parts.push(found.word.name);
    rest = rest.slice(found.key.length).replace(/^-/, "");
  }
  return parts;
}

/** `*` matches any text; case is ignored. */
function wildcard(pattern: string): RegExp {
  return new RegExp(
    `^${pattern
      .split("*")
      .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"))
      .join("[^]*")}$`,
    "i",
  );
}
