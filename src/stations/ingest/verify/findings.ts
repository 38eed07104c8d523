import type { ErrorRecord } from "../../../core/errors.js";
import { objectName, type Store } from "../../../stores/store.js";

/**
 * Kinds of findings about an object.
 *
 * Wrong: `lost` (named or recorded, but missing), `changed` (not the recorded bytes), `undecodable`, `level` (does not follow
 * from the level below), `twin` (MRC and level 0 differ), `proof` (the proof itself is damaged), `unreadable` (a file that cannot
 * be read, or a link that leaves the tree where something else should be).
 * Unproven: `unmade` (metadata promise it, it was never made), `unrecorded` (metadata name it, no record has it), `unknown` (an
 * absent chunk: fill or lost), `unchecked` (of a kind that is not checked).
 * For information: `extra` (nothing names it). `--strict` makes it an error.
 */
export type FindingKind =
  | "lost"
  | "changed"
  | "undecodable"
  | "level"
  | "twin"
  | "proof"
  | "unreadable"
  | "unmade"
  | "unrecorded"
  | "unknown"
  | "unchecked"
  | "extra";

export type Severity = "wrong" | "unproven" | "note";

const SEVERITY: Readonly<Record<FindingKind, Severity>> = {
  lost: "wrong",
  changed: "wrong",
  undecodable: "wrong",
  level: "wrong",
  twin: "wrong",
  proof: "wrong",
  unreadable: "wrong",
  unmade: "unproven",
  unrecorded: "unproven",
  unknown: "unproven",
  unchecked: "unproven",
  extra: "note",
};

export interface Finding {
  kind: FindingKind;
  severity: Severity;
  /** Key below the location's root; a folder's ends with `/`. */
  key: string;
  message: string;
}

/** Findings that are listed one by one, at most; the others, as in a tree that lost its disk, are counted. */
const LISTED_MAX = 100_000;

/** One finding an object: what is said of it later is added to what was said first. */
export function collectFindings() {
  const byKey = new Map<string, Finding>();
  const counts: Partial<Record<FindingKind, number>> = {};
  return {
    counts,
    add(kind: FindingKind, key: string, message: string): void {
      const severity = SEVERITY[kind];
      const before = byKey.get(key);
      if (before?.severity === "wrong" || (before && severity !== "wrong")) {
        if (before.kind !== kind) before.message += `; ${message}`;
        return;
      }
      if (before) counts[before.kind]!--;
      counts[kind] = (counts[kind] ?? 0) + 1;
      if (byKey.size < LISTED_MAX || before) byKey.set(key, { kind, severity, key, message });
    },
    isWrong: (key: string): boolean => byKey.get(key)?.severity === "wrong",
    list: (): Finding[] => [...byKey.values()],
    count: (severity: Severity): number =>
      Object.entries(counts).reduce((sum, [kind, n]) => sum + (SEVERITY[kind as FindingKind] === severity ? n : 0), 0),
  };
}

export type Findings = ReturnType<typeof collectFindings>;

/** A wrong object as an error with a place. */
export function toErrorRecordOf(store: Store, { kind, key, message }: Finding): ErrorRecord {
  const name = objectName(store, key.replace(/\/$/, ""));
  const code = kind === "lost" ? "OBJECT_LOST" : "OBJECT_WRONG";
  return { code, message: `${key}: ${message}`, ...(store.local ? { file: name } : { url: name }), hint: HINTS[kind] };
}

const HINTS: Partial<Record<FindingKind, string>> = {
  lost: "copy the object again from the original tree, or run the ingest again",
  changed: "copy the object again from the original tree, or run the ingest again with --verify",
  undecodable: "copy the object again from the original tree, or run the ingest again",
  level: "make the volume again (ingest run --force-overwrite): its pyramid does not match its full resolution",
  twin: "copy the object again from the original tree, or make the volume again: ingest run --force-overwrite",
  proof: "copy the proof again, or make a new one with --write-proof",
  unreadable: "copy the object into the tree again, or correct its rights and its disk",
  extra: "remove the object, or keep it elsewhere: no document of the tree names it",
};
