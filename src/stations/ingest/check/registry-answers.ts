import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../../core/clock.js";
import { type Json, parseJson, printJson } from "../../../core/json.js";
import { toNumber } from "../../../core/number.js";

/** A registry's answer about an identifier: whether it exists, and its names. */
export interface Term {
  readonly known: boolean;
  /** Label and synonyms; empty where any name will do. */
  readonly names: readonly string[];
}

/** Answers that were given before, in the workspace: a registry is asked once for each identifier. */
export interface Answers {
  /** The kept answer to a question, or a new one. */
  get(question: string, ask: () => Promise<Term>): Promise<Term>;
  save(): Promise<void>;
}

const DAY_MS = 24 * 3600 * 1000;
/** Milliseconds that an answer is kept: a known identifier remains known, an unknown one may have been registered since. */
const KEEP_MS = { known: 30 * DAY_MS, unknown: DAY_MS };

/** @param workspace undefined: nothing is kept beyond this process. */
export async function openAnswers(workspace: string | undefined, clock: Clock): Promise<Answers> {
  const path = workspace === undefined ? undefined : join(workspace, "cache", "registries.json");
  const kept =
    path === undefined ? new Map<string, Term & { atMs: number }>() : parse(await readFile(path, "utf8").catch(() => "{}"));
  const asked = new Map<string, Promise<Term>>();
  let changed = false;
  const fresh = ({ known, atMs }: Term & { atMs: number }) => clock.now() - atMs < (known ? KEEP_MS.known : KEEP_MS.unknown);
  return {
    get(question, ask) {
      const before = kept.get(question);
      if (before && fresh(before)) return Promise.resolve(before);
      const running = asked.get(question);
      if (running) return running;
      const answer = ask().then((term) => {
        kept.set(question, { ...term, atMs: clock.now() });
        changed = true;
        return term;
      });
      asked.set(question, answer);
      return answer;
    },
    async save() {
      if (path === undefined || !changed) return;
      await mkdir(join(path, ".."), { recursive: true });
      const table = Object.fromEntries([...kept].filter(([, entry]) => fresh(entry)).map(([key, entry]) => [key, { ...entry }]));
      const part = `${path}.${process.pid}.part`;
      await writeFile(part, printJson(table as Json, { indent: 1 }));
      await rename(part, path);
    },
  };
}

/** A damaged file is no loss: the registries are asked again. */
function parse(text: string): Map<string, Term & { atMs: number }> {
  const kept = new Map<string, Term & { atMs: number }>();
  let table: unknown;
  try {
    table = parseJson(text);
  } catch {
    return kept;
  }
  if (typeof table !== "object" || table === null) return kept;
  for (const [question, entry] of Object.entries(
    table as Record<string, { known?: unknown; names?: unknown; atMs?: unknown } | null>,
  )) {
    const atMs = toNumber(entry?.atMs);
    if (typeof entry?.known !== "boolean" || !Array.isArray(entry.names) || atMs === undefined) continue;
    kept.set(question, { known: entry.known, names: entry.names.map(String), atMs });
  }
  return kept;
}
