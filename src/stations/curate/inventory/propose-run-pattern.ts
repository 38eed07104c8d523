import type { Archive } from "./archive.js";

/** How the folders of an archive that hold volumes seem to be called. */
export interface RunPatternProposal {
  /** A regular expression for `--run-pattern`. */
  readonly pattern: string;
  /** Distinct names that it matches. */
  readonly names: number;
  readonly example: string;
}

/** Names of one shape that are counted; more make no difference. */
const NAMES_MAX = 10_000;

/**
 * The shape that most distinct names have among the folders with volumes and those above them: digits are `\d+`, everything else itself; or, where no two
 * names agree in that, letters are `[A-Za-z]+` as well. Undefined where no two names have one shape.
 */
export async function proposeRunPattern(archive: Archive, signal?: AbortSignal): Promise<RunPatternProposal | undefined> {
  const shapes = [new Map<string, Set<string>>(), new Map<string, Set<string>>()];
  for await (const { rel, files } of archive.folders({ signal })) {
    if (rel === "" || !files.some(({ kind }) => kind === "rec" || kind === "tilt" || kind === "model")) continue;
    for (const name of rel.split("/")) {
      if (!/\d/.test(name)) continue;
      for (const [at, shape] of [digitsOpen(name), lettersOpen(name)].entries()) {
        const names = shapes[at]!.get(shape) ?? new Set();
        if (names.size < NAMES_MAX) shapes[at]!.set(shape, names.add(name));
      }
    }
  }
  for (const byShape of shapes) {
    const [best] = [...byShape].sort(([, a], [, b]) => b.size - a.size);
    if (best && best[1].size > 1) return { pattern: best[0], names: best[1].size, example: [...best[1]][0]! };
  }
  return undefined;
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

const digitsOpen = (name: string): string =>
  name
    .split(/(\d+)/)
    .map((part, at) => (at % 2 === 1 ? "\\d+" : escaped(part)))
    .join("");

const lettersOpen = (name: string): string =>
  name
    .split(/([A-Za-z]+|\d+)/)
    .map((part, at) => (at % 2 === 0 ? escaped(part) : /^\d/.test(part) ? "\\d+" : "[A-Za-z]+"))
    .join("");
