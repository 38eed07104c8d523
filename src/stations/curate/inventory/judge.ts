import type { FileRow, FolderRecord } from "./folder-facts.js";
import { type HygieneFlag, hygieneOf, twinsAmong } from "./hygiene-flags.js";
import { type Kind, kindOf } from "./kind.js";

/** The kind of a file, and its anomalies. */
export interface Judgement {
  readonly kind: Kind;
  readonly hygiene: readonly HygieneFlag[];
}

/** Files of each kind, and with each flag. */
export interface FolderTally {
  readonly kinds: Readonly<Partial<Record<Kind, number>>>;
  readonly hygiene: Readonly<Partial<Record<HygieneFlag, number>>>;
}

const NO_NAMES: ReadonlySet<string> = new Set();

/** Makes the function that judges a folder's files. It compares each with the other names of the folder. */
export function judgeOf(record: Pick<FolderRecord, "files" | "folders">): (row: FileRow) => Judgement {
  const twins = twinsAmong(record);
  const sidecars = record.files.some(([name]) => name.startsWith("._"));
  const siblings = sidecars ? new Set([...record.files.map(([name]) => name), ...record.folders]) : NO_NAMES;
  return ([name, size, , more]) => {
    const head = more?.head;
    const apple = head?.format === "appledouble" || head?.format === "applesingle";
    const kind = apple ? "sidecar" : more?.type === undefined ? kindOf(name, size) : "aux";
    return { kind, hygiene: hygieneOf({ name, size, kind, type: more?.type, head, twin: twins.get(name), siblings }) };
  };
}

export function tallyOf(record: Pick<FolderRecord, "files" | "folders">): FolderTally {
  const judge = judgeOf(record);
  const kinds: Partial<Record<Kind, number>> = {};
  const hygiene: Partial<Record<HygieneFlag, number>> = {};
  for (const row of record.files) {
    const judged = judge(row);
    kinds[judged.kind] = (kinds[judged.kind] ?? 0) + 1;
    for (const flag of judged.hygiene) hygiene[flag] = (hygiene[flag] ?? 0) + 1;
  }
  return { kinds, hygiene };
}
