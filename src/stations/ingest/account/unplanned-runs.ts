import { matchesGlob, parseGlob } from "../../../core/glob.js";
import { escapeGlob } from "../finders/glob.js";
import type { Look, UseLedger } from "./ledger.js";

/** A file that a run's glob finds and that the same glob finds for a run with a longer name, which the command leaves out. */
export interface LongerFind {
  readonly look: Look;
  readonly key: string;
  readonly run: string;
}

/**
 * Files of runs that are found and not planned (`--filter-run-name`), among the files of a run whose name theirs begins with. The globs
 * of such a run are those of the planned one, with the other name in them.
 */
export function* longerFinds({ looks, runs }: Pick<UseLedger, "looks" | "runs">): Generator<LongerFind> {
  const planned = new Set([...looks.values()].map(({ spot }) => `${spot.dataset}\n${spot.run}`));
  for (const look of looks.values()) {
    const { dataset, run } = look.spot;
    if (run === undefined || dataset === undefined) continue;
    for (const other of runs.get(dataset) ?? []) {
      if (other === run || !other.startsWith(run) || planned.has(`${dataset}\n${other}`)) continue;
      const own = look.patterns.filter((pattern) => pattern.includes(escapeGlob(run)));
      const globs = own.map((pattern) => pattern.replaceAll(escapeGlob(run), escapeGlob(other)));
      for (const key of look.used.keys()) if (globs.some((glob) => matches(glob, key))) yield { look, key, run: other };
    }
  }
}

/** Part by part; `**` matches nothing here. */
function matches(glob: string, key: string): boolean {
  const [wanted, found] = [glob, key].map((text) => text.split("/").filter((part) => part !== "" && part !== "."));
  return wanted!.length === found!.length && wanted!.every((part, at) => matchesGlob(parseGlob(part), found![at]!));
}
