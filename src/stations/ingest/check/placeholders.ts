import type { ErrorRecord } from "../../../core/errors.js";
import { counted } from "../../../core/units.js";
import { askedLines, PLEASE } from "../../../formats/yaml/yaml-text.js";
import { NO_ORCID } from "../../../model/identifier-forms.js";
import { type ConfigNode, placeOfValue, type Scalar, type ScalarNode } from "../config/nodes.js";
import type { Placeholder } from "../config/schema.js";

/*
 * `ingest new` and `curate package` write placeholders (valid, but not true) and guesses for unknown values. Each has a comment
 * that ends with the value in brackets. A value that differs from the one in brackets is confirmed, with or without the comment.
 * A guess is confirmed by deleting its comment. Values that can only be placeholders ("First Last") are recognised without a
 * comment. A question about files that contradict each other stands in the heading, with its answers below it; it is open, or a guess where an
 * answer was taken, until its line is gone.
 */

/** Values that nobody means, by the path of the field. */
const NEVER_MEANT: readonly [path: RegExp, value: string, what: string][] = [
  [/(^|\.)authors\.\d+\.name$/, "First Last", "full name"],
  [/(^|\.)dates\.\w+$/, "2000-01-01", "a day"],
  [/\.deposition_title$/, "Title of the deposition", "title"],
  [/\.dataset_title$/, "Title of the dataset", "title"],
  [/\.deposition_description$/, "What was deposited.", "a few sentences, like an abstract"],
  [/\.dataset_description$/, "What the dataset shows.", "a few sentences, like an abstract"],
  [/\.(sample|grid)_preparation$/, "Not described yet.", "how it was prepared, or delete the line"],
];
/** Values that may be meant: placeholders only in a file that has others. */
const RARELY_MEANT: readonly [path: RegExp, value: string, what: string][] = [
  [/\.ORCID$/, NO_ORCID, "ORCID, or delete the line"],
  [/(^|\.)(deposition_id|deposition_identifier|dataset_identifier)$/, "1", "number at the portal"],
  [/\.taxonomy_id$/, "1", "number in NCBI's taxonomy"],
];

/** Finds values that a program wrote into a configuration and that no person has replaced, in the order of lines. */
export function findPlaceholders(root: ConfigNode, text: string): Placeholder[] {
  const questions = openQuestions(text, placeOfValue(root).file);
  const asked = text.includes("# please ") ? askedLines(text) : [];
  const scalars = scalarsByPlace(root);
  const found = new Map<ScalarNode, Placeholder>();
  const add = (node: ScalarNode, kind: Placeholder["kind"], what: string, group: readonly ScalarNode[] = [node]) => {
    if (found.has(node)) return;
    const { path, ...place } = placeAt(node);
    // several values are called as what holds them
    const own = group.length > 1 ? path?.replace(/\.[^.]*$/, "") : path;
    const value = group.map((one) => plainText(one.value)).join(", ");
    found.set(node, { kind, place: { ...place, ...(own === undefined ? {} : { path: own }) }, value, what });
  };
  /** Further values of lists and maps that one comment asks for. */
  const asWhole = new Set<ScalarNode>();
  const groups = asked.length > 0 ? groupsByLine(root) : new Map<number, ScalarNode[][]>();
  const lastLine = Math.max(0, ...groups.keys());
  for (const { line, isTrailing, please, what, written } of asked) {
    let at = isTrailing ? line : line + 1;
    while (!groups.has(at) && at < lastLine) at++;
    // a text in quotes may hold such words
    const isText = (group: readonly ScalarNode[]) => group.some(({ value }) => String(value).includes("# please "));
    const isStill = (group: readonly ScalarNode[]) =>
      written === undefined ? !isText(group) : isSame(group.map(({ value }) => plainText(value)).join(", "), written);
    const group = groups.get(at)?.find(isStill) ?? [];
    if (group[0]) add(group[0], please === PLEASE ? "placeholder" : "guess", what, group);
    for (const other of group.slice(1)) asWhole.add(other);
  }
  match(NEVER_MEANT);
  if (asked.length > 0 || found.size > 0) match(RARELY_MEANT);
  return [...questions, ...found.values()].sort((a, b) => a.place.line - b.place.line);

  function match(table: typeof NEVER_MEANT): void {
    for (const node of scalars) {
      const value = plainText(node.value);
      const known = table.find(([path, meant]) => meant === value && path.test(node.place.path ?? ""));
      if (known && !asWhole.has(node)) add(node, "placeholder", known[2]);
    }
  }
}

/** Stands behind the answer that is taken while a question is open. */
export const TAKEN = "(default)";
/** The same, also as it was written before. */
const IS_TAKEN = / \((?:default|taken until you answer)\): /;
/** The heading's questions, each with the lines of its answers (`questionLines` of `laboratory/account.ts`). */
const QUESTION = /^# question (\S+): (.+)((?:\r?\n# {3}.*)*)/gm;

function openQuestions(text: string, file: string | undefined): Placeholder[] {
  return [...text.matchAll(QUESTION)].map(({ index, 1: id = "", 2: what = "", 3: answers = "" }): Placeholder => {
    const [taken] = answers.split(/\r?\n/).flatMap((line) => {
      const [answer, ...says] = line.replace(/^# +/, "").split(IS_TAKEN);
      return says.length > 0 ? [answer] : [];
    });
    const place = { ...(file === undefined ? {} : { file }), line: text.slice(0, index).split("\n").length };
    return { kind: taken === undefined ? "question" : "guess", place, value: taken === undefined ? id : `${id}: ${taken}`, what };
  });
}

/** The warning of `ingest check` about a placeholder or a guess. */
export function placeholderWarning({ kind, place, value, what }: Placeholder): ErrorRecord {
  if (kind === "question")
    return {
      ...{ code: "CONFIG_PLACEHOLDER", message: `question ${value} is open, and its files are left out: ${what}`, ...place },
      hint: "answer it in the file of decisions and give that to ingest new with --decisions, or delete the question's line to leave the files out",
    };
  // of a list's entry, the list: `value is 1`
  const key = place.path?.split(".").findLast((part) => !/^\d+$/.test(part)) ?? "question";
  const named = key === "question" ? "question" : `${key}:`;
  const hint = kind === "guess" ? "correct it, or delete the comment if it is right" : "give the value, and delete the comment";
  return { code: "CONFIG_PLACEHOLDER", message: `${named} ${value} is a ${kind} (${what})`, ...place, hint };
}

/** `40 lines to fill in, 1 question to answer and 6 guesses to check`, as `ingest new` says it. */
export function countPlaceholders(found: readonly Placeholder[]): string {
  const count = (of: Placeholder["kind"], one: string, many?: string) => {
    const number = found.filter(({ kind }) => kind === of).length;
    return number === 0 ? [] : [counted(number, one, many)];
  };
  const counts = [
    ...count("placeholder", "line to fill in", "lines to fill in"),
    ...count("question", "question to answer", "questions to answer"),
    ...count("guess", "guess to check", "guesses to check"),
  ];
  return [counts.slice(0, -1).join(", "), counts.at(-1)].filter((text) => text).join(" and ");
}

/** The first few lines, for a message. */
export function linesOf(found: readonly Placeholder[], most = 5): string {
  const shown = found.slice(0, most).map(({ place, value }) => `${place.line} (${value.slice(0, 40)})`);
  return `${shown.join(", ")}${found.length > most ? ` and ${counted(found.length - most, "more line")}` : ""}`;
}

/** Each scalar where it is written, once, however many aliases mean it. */
function scalarsByPlace(root: ConfigNode): ScalarNode[] {
  const byPlace = new Map<string, ScalarNode>();
  const visit = (node: ConfigNode): void => {
    if (node.kind === "map") for (const child of node.entries.values()) visit(child);
    else if (node.kind === "list") node.items.forEach(visit);
    else {
      const { line, column } = placeOfValue(node);
      const key = `${line}:${column}`;
      if (!byPlace.has(key)) byPlace.set(key, node);
    }
  };
  visit(root);
  return [...byPlace.values()];
}

/**
 * Values that a comment on or above each line may refer to: every key and list entry there, with its scalars, inner ones first.
 */
function groupsByLine(root: ConfigNode): Map<number, ScalarNode[][]> {
  const groups = new Map<number, ScalarNode[][]>();
  const offer = (line: number | undefined, scalars: ScalarNode[]) => {
    if (line === undefined || scalars.length === 0) return;
    const known = groups.get(line);
    if (known) known.push(scalars);
    else groups.set(line, [scalars]);
  };
  const seen = new Set<string>();
  const visit = (node: ConfigNode): ScalarNode[] => {
    if (node.kind === "scalar") return [node];
    const place = placeOfValue(node);
    const key = `${node.kind} ${place.line}:${place.column}`;
    const isNew = !seen.has(key);
    seen.add(key);
    if (node.kind === "list") {
      return node.items.flatMap((item) => {
        const below = visit(item);
        if (isNew && item.kind === "scalar") offer(placeOfValue(item).line, below);
        return below;
      });
    }
    return [...node.entries].flatMap(([name, child]) => {
      const below = visit(child);
      // what an alias means has its comments where it is written
      if (isNew && !child.written) offer(node.keyPlaces.get(name)!.line, below);
      return below;
    });
  };
  visit(root);
  return groups;
}

const placeAt = (node: ScalarNode): Placeholder["place"] => {
  const { file, line = 1, column, path } = placeOfValue(node);
  return { file, line, ...(column === undefined ? {} : { column }), ...(path === undefined ? {} : { path }) };
};

function plainText(value: Scalar): string {
  return value === null ? "null" : String(value);
}

/** `3` and `3.0` are the same value. */
function isSame(text: string, written: string): boolean {
  if (text === written) return true;
  const [a, b] = [Number(text), Number(written)];
  return text.trim() !== "" && written.trim() !== "" && a === b;
}
