import { inNumbers } from "../../../core/natural-order.js";
import { ask } from "../../../formats/yaml/yaml-text.js";
import type { Item, ItemKind } from "./inventory.js";
import { stemOf } from "./run-names.js";
import { globOf, type Pattern, patternsOf } from "./templates.js";

/** Kinds whose files show the runs, those that most depositions name them by first. */
const KINDS: readonly ItemKind[] = ["tomogram", "tiltseries", "mdoc", "rawtlt", "frame"];

/**
 * Finders that find exactly these runs: by the files that most runs have; runs without them are found by other files. If a finder
 * would also find other names, its `match_regex` lists the runs.
 */
export function runSources(
  items: readonly Item[],
  names: readonly string[],
  runOf: (path: string) => string | undefined,
): object[] {
  const left = new Set(names);
  const sources: object[] = [];
  const patterns = KINDS.flatMap((kind) =>
    patternsOf(
      items.filter((item) => item.kind === kind),
      runOf,
    ),
  );
  while (left.size > 0) {
    const best = mostOf(patterns, left);
    if (!best) break;
    const runs = [...best.items.keys()].filter((run) => left.has(run));
    sources.push(sourceOf(best, runs, items, left.size < names.length));
    for (const run of runs) left.delete(run);
  }
  if (sources.length > 0) return sources;
  return [{ literal: { value: ask(names.length > 0 ? names : ["run_1"], "names of the runs") } }];
}

function mostOf(patterns: readonly Pattern[], left: ReadonlySet<string>): Pattern | undefined {
  const count = ({ items }: Pattern) => [...items.keys()].filter((run) => left.has(run)).length;
  let best: Pattern | undefined;
  for (const pattern of patterns) if (count(pattern) > (best ? count(best) : 0)) best = pattern;
  return best;
}

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** The pattern up to the first part that has the run's name: a folder, or the file. */
function sourceOf({ items: files }: Pattern, runs: readonly string[], items: readonly Item[], isRest: boolean): object {
  const [run, item] = [...files].find(([name]) => runs.includes(name))!;
  const parts = item.path.split("/");
  const depth = parts.findIndex((_, at) => globOf(parts.slice(0, at + 1).join("/"), run).includes("{run_name}"));
  const isFile = depth === parts.length - 1;
  const head = parts.slice(0, depth).join("/");
  const heads = new Set([...files.values()].map(({ path }) => path.split("/").slice(0, depth).join("/")));
  const folders = star(head).replace(/\d+/g, heads.size > 1 ? "*" : "$&");
  const glob = head === "" ? "" : `${folders}/`;
  const [before = "", after = ""] = partsAround(parts[depth]!, run);
  const extension = isFile ? parts[depth]!.slice(stemOf(parts[depth]!).length) : "";
  const tail = isFile ? after.slice(0, after.length - extension.length) : after;
  const list = `${glob}${star(before)}*${star(tail)}${star(extension)}`;
  const name = before === "" && after === "" ? undefined : `${escaped(before)}(.*)${escaped(after)}$`;
  const known = new Set(runs);
  const unrelated = unrelatedTo(items, { depth, isFile, before, after }, heads, known);
  const match =
    unrelated || isRest
      ? `/${escaped(before)}(${[...runs].sort(inNumbers).map(escaped).join("|")})${escaped(after)}$`
      : undefined;
  return { source_glob: { list_glob: list, match_regex: match, name_regex: name } };
}

function star(text: string): string {
  return text.replace(/[*?[]/g, "[$&]").replace(/[{}]/g, "$&$&");
}

function partsAround(part: string, run: string): [before: string, after: string] {
  const at = part.indexOf(run);
  return [part.slice(0, at), part.slice(at + run.length)];
}

/** Whether what the glob finds has other names than these. */
function unrelatedTo(
  items: readonly Item[],
  { depth, isFile, before, after }: { depth: number; isFile: boolean; before: string; after: string },
  heads: ReadonlySet<string>,
  known: ReadonlySet<string>,
): boolean {
  for (const { path } of items) {
    const parts = path.split("/");
    if (parts.length <= depth || (isFile && parts.length > depth + 1)) continue;
    if (!heads.has(parts.slice(0, depth).join("/"))) continue;
    const part = parts[depth]!;
    if (!part.startsWith(before) || !part.endsWith(after) || part.length <= before.length + after.length) continue;
    if (!known.has(part.slice(before.length, part.length - after.length))) return true;
  }
  return false;
}
