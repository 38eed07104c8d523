import { crc32 } from "node:zlib";
import { EmporiumError } from "../../../core/errors.js";
import { envOf, type GivenEnv } from "../../../engine/env.js";
import { refuseGone } from "../../../stores/gone.js";
import { emptyHint, type Store } from "../../../stores/store.js";
import { openStore, parseLocation } from "../../../stores/url.js";
import { checkGroup } from "./check-group.js";
import { type CheckContext, emptyTally } from "./context.js";
import { collectFindings, type Findings } from "./findings.js";
import { groupsOf, objectsOf, proofFolderOf } from "./groups.js";
import type { LevelsChecked } from "./hierarchy.js";
import { proofMoment, proofsOf } from "./proofs.js";
import { findRecords, type Records } from "./records.js";
import { makeReport, type VerifyReport } from "./report.js";
import { startWorkers, threadsOf } from "./threads.js";

export interface VerifyOptions extends GivenEnv {
  /** Folder of journals: receipts of the tree are looked for here. */
  workspace: string;
  /** URL at which the tree was written, if it has been moved since. */
  writtenAt?: string | undefined;
  /** Reads part of the objects: those whose key falls into share `part` (from 1) of `of`. All other checks are still made. */
  subset?: { part: number; of: number } | undefined;
  /**
   * Share of the pyramids that is compared: all, some chunks of each level, nothing. With `all`, also MRC files with level 0.
   * Default: some if a record proves the bytes, otherwise all.
   */
  levels?: LevelsChecked | undefined;
  /** Objects that nothing names are errors. */
  strict?: boolean | undefined;
  /** Leaves a proof in each dataset and deposition where nothing is wrong. */
  writeProof?: boolean | undefined;
  checksum?: "sha256" | undefined;
  jobs: number;
  /** For threads and their buffers: 32 MiB each, more for chunks that can only be decoded whole. */
  memoryBytes: number;
  /** Version of the program, for proofs. */
  version: string;
}

/**
 * Verifies a standardised tree, or a dataset or run of it: every object that metadata name or that was written exists, has the
 * recorded checksum, decodes, and each level of a pyramid follows from the one below.
 *
 * Checksums come from proofs in the tree (`emporium-proof.jsonl`) and from the journals of the workspace. Without either the
 * report says that bytes are not proven.
 *
 * @throws {EmporiumError} USAGE, LOCATION_UNKNOWN, STORE_ABSENT where there is nothing at all, STORE_… where the tree cannot be
 *   read.
 */
export async function verify(
  location: string,
  options: VerifyOptions & { anonymous?: boolean | undefined },
): Promise<VerifyReport> {
  const { anonymous, writeProof = false } = options;
  const { root, prefix } = await rootOf(location, anonymous);
  const store = await openStore(root, { anonymous, readOnly: !writeProof });
  return verifyTree(store, { ...options, prefix, writtenAt: options.writtenAt && parseLocation(options.writtenAt).url });
}

/** A dataset or run is a part of a tree: what its metadata say begins at the tree's root, one or two folders above it. */
export async function rootOf(location: string, anonymous: boolean | undefined): Promise<{ root: string; prefix: string }> {
  const place = parseLocation(location);
  const store = await openStore(place, { anonymous, readOnly: true });
  await refuseGone(store, "LOCATION", "STORE_ABSENT");
  const depth = (await store.stat("dataset_metadata.json")) ? 1 : (await store.stat("run_metadata.json")) ? 2 : 0;
  let at = place;
  let prefix = "";
  for (let i = 0; i < depth; i++) {
    if (at.key === "") return { root: place.url, prefix: "" };
    prefix = `${at.key}/${prefix}`;
    at = parseLocation(at.root);
  }
  return { root: at.url, prefix };
}

/** Groups of a tree that are checked, their records, and the findings so far. */
export interface Scene {
  readonly groups: readonly string[];
  readonly records: Records;
  readonly findings: Findings;
}

/** @throws {EmporiumError} STORE_ABSENT where there is nothing to check */
export async function lookAtTree(
  store: Store,
  { prefix, workspace, writtenAt = store.url }: { prefix: string; workspace: string; writtenAt?: string | undefined },
  signal: AbortSignal,
): Promise<Scene> {
  const findings = collectFindings();
  const present = await groupsOf(store, prefix, [], signal);
  const folders = new Set(present.map(proofFolderOf));
  const records = await findRecords(store, folders, { workspace, writtenAt, findings, signal });
  const groups = [...new Set([...present, ...(await groupsOf(store, prefix, records.groups(), signal))])].sort(byFolder);
  if (groups.length === 0) throw nothing(store);
  return { groups, records, findings };
}

/** A proof covers a whole dataset. @throws {EmporiumError} USAGE */
export function refusePartialProof({ writeProof = false, subset }: VerifyOptions, prefix: string): void {
  if (!writeProof || !(subset || prefix.split("/").length > 2)) return;
  throw new EmporiumError("USAGE", "a proof covers a whole dataset, not a part of one", {
    hint: "leave out --subset, and name the tree or a dataset",
  });
}

/** Tells which objects are read. */
export function askedBy(subset: VerifyOptions["subset"]): (key: string) => boolean {
  return (key) => !subset || crc32(key) % subset.of === subset.part - 1;
}

/** `verify` for a store that is open: the root of a tree, and the part of it to look at. */
export async function verifyTree(store: Store, options: VerifyOptions & { prefix?: string | undefined }): Promise<VerifyReport> {
  const { prefix = "", subset, levels = "sampled", strict = false, writeProof = false } = options;
  const { clock, signal = new AbortController().signal } = envOf(options);
  const threads = threadsOf(options);
  refusePartialProof(options, prefix);
  const begunMs = clock.monotonic();
  const { groups, records, findings } = await lookAtTree(store, { ...options, prefix }, signal);
  const tally = emptyTally();
  const progress = await progressOf(store, groups, options);
  const workers = startWorkers(store, { threads, memoryBytes: options.memoryBytes }, signal);
  const context: CheckContext = {
    store,
    records,
    findings,
    tally,
    workers,
    threads,
    levels,
    levelsGiven: options.levels !== undefined,
    isAsked: askedBy(subset),
    sha256: options.checksum === "sha256",
    signal,
    onBytes: progress.bytes,
  };
  const proofs = writeProof ? proofsOf(context, options.version, proofMoment(clock.now())) : undefined;
  try {
    await checkGroups(groups, context, proofs, progress);
  } finally {
    await workers.end();
    progress.over();
  }
  if (tally.objects === 0) throw nothing(store);
  const written = proofs?.written ?? [];
  const seconds = (clock.monotonic() - begunMs) / 1000;
  return makeReport(store, { prefix, findings, tally, records, subset, levels, strict, written, seconds });
}

/** One after the other; the proofs stand where all of them are checked. */
async function checkGroups(
  groups: readonly string[],
  context: CheckContext,
  proofs: ReturnType<typeof proofsOf> | undefined,
  progress: Awaited<ReturnType<typeof progressOf>>,
): Promise<void> {
  try {
    for (const group of groups) {
      context.signal.throwIfAborted();
      progress.begin(group);
      const start = proofs?.start();
      const lines = await checkGroup(group, context);
      if (start) await proofs!.add(group, lines, start);
      progress.end(group);
    }
    await proofs?.finish();
  } catch (error) {
    await proofs?.abort();
    throw error;
  }
}

export function nothing(store: Store): EmporiumError {
  return new EmporiumError("STORE_ABSENT", `${store.url} is empty; expected a standardised tree`, {
    place: store.local ? { file: store.local.path("") } : { url: store.url },
    hint: emptyHint(store.url, "check the name: give the OUTPUT of ingest run, or a dataset or run below it"),
  });
}

/** Groups of one proof follow each other. */
function byFolder(a: string, b: string): number {
  const key = (group: string) => `${proofFolderOf(group)}\0${group}`;
  return key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0;
}

/** Progress in the form of a run's: a group is a task. Without a listener nothing is counted beforehand. */
async function progressOf(store: Store, groups: readonly string[], options: GivenEnv) {
  const { clock, signal, onEvent } = envOf(options);
  const sizes = new Map<string, number>();
  if (options.onEvent) {
    for (const group of groups) {
      let bytes = 0;
      for (const { size } of (await objectsOf(store, group, signal)).values()) bytes += size;
      sizes.set(group, bytes);
    }
  }
  let current: string | undefined;
  let done = 0;
  const brief = (group: string) => ({ id: group, title: group || "the root", run: "verify", bytes: sizes.get(group) ?? 0 });
  const total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  onEvent({ kind: "plan", tasks: groups.length, bytes: total, resumed: false, createdMs: clock.now(), atMs: clock.monotonic() });
  return {
    begin(group: string) {
      current = group;
      done = 0;
      onEvent({ kind: "start", task: brief(group), threads: 1, notes: 0, atMs: clock.monotonic() });
    },
    bytes(bytes: number) {
      done += bytes;
      if (current !== undefined) onEvent({ kind: "progress", id: current, bytesDone: done, atMs: clock.monotonic() });
    },
    end(group: string) {
      onEvent({ kind: "settled", task: brief(group), state: "done", seconds: 0, atMs: clock.monotonic() });
    },
    over() {
      onEvent({ kind: "end", exitStatus: 0, seconds: 0, atMs: clock.monotonic() });
    },
  };
}
