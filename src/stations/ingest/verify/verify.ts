import { crc32 } from "node:zlib";
import { EmporiumError } from "../../../core/errors.js";
import { type Env, envOf, type GivenEnv } from "../../../engine/env.js";
import type { Store } from "../../../stores/store.js";
import { openStore, parseLocation } from "../../../stores/url.js";
import { fixedMoment } from "../moment.js";
import { checkGroup } from "./check-group.js";
import type { CheckContext, Tally } from "./context.js";
import { collectFindings } from "./findings.js";
import { groupsOf, objectsOf, proofFolderOf } from "./groups.js";
import type { LevelsChecked } from "./hierarchy.js";
import { PROOF_NAME, type ProofBasis, type ProofLine, proofWriter } from "./proof.js";
import { findRecords } from "./records.js";
import { makeReport, type VerifyReport } from "./report.js";
import { startWorkers } from "./threads.js";

export interface VerifyOptions extends GivenEnv {
  /** Folder of journals: receipts of the tree are looked for here. */
  workspace: string;
  /** Where the tree was written, if it has been moved since. */
  writtenAt?: string | undefined;
  /** Reads part of the objects: those whose key falls into share `part` (from 1) of `of`. All other checks are still made. */
  subset?: { part: number; of: number } | undefined;
  /**
   * How much of the pyramids is compared: all, some chunks of each level, nothing. With `all`, also MRC files with level 0.
   * Default: some if a record proves the bytes, otherwise all.
   */
  levels?: LevelsChecked | undefined;
  /** Leaves a proof in each dataset and deposition where nothing is wrong. */
  writeProof?: boolean | undefined;
  checksum?: "sha256" | undefined;
  jobs: number;
  /** For buffers. A thread takes 256 MiB for chunks of 64 MiB, so this bounds the threads. */
  memoryBytes: number;
  /** Of the program, for proofs. */
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

/** A stored chunk of 64 MiB, its copy in the decoder's memory with half of its voxels, and the chunk above it. */
const THREAD_BYTES = 256 * 1024 * 1024;

/** A dataset or run is a part of a tree: what its metadata say begins at the tree's root, one or two folders above it. */
async function rootOf(location: string, anonymous: boolean | undefined): Promise<{ root: string; prefix: string }> {
  const place = parseLocation(location);
  const store = await openStore(place, { anonymous, readOnly: true });
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

/** `verify` for a store that is open: the root of a tree, and the part of it to look at. */
export async function verifyTree(store: Store, options: VerifyOptions & { prefix?: string | undefined }): Promise<VerifyReport> {
  const { prefix = "", workspace, subset, levels = "sampled", writeProof = false } = options;
  const { clock, signal = new AbortController().signal } = envOf(options);
  const jobs = Math.max(1, Math.min(options.jobs, Math.floor(options.memoryBytes / THREAD_BYTES)));
  if (writeProof && (subset || prefix.split("/").length > 2)) {
    throw new EmporiumError("USAGE", "a proof covers a whole dataset, not a part of one", {
      hint: "leave out --subset, and name the tree or a dataset",
    });
  }
  const begunMs = clock.monotonic();
  const findings = collectFindings();
  const present = await groupsOf(store, prefix, [], signal);
  const folders = new Set(present.map(proofFolderOf));
  const writtenAt = options.writtenAt ?? store.url;
  const records = await findRecords(store, folders, { workspace, writtenAt, findings, signal });
  const groups = [...new Set([...present, ...(await groupsOf(store, prefix, records.groups(), signal))])].sort(byFolder);
  if (groups.length === 0) throw nothing(store);
  const tally = emptyTally();
  const progress = await progressOf(store, groups, options);
  const workers = startWorkers(store, jobs, signal);
  const context: CheckContext = {
    store,
    records,
    findings,
    tally,
    workers,
    threads: jobs,
    levels,
    levelsGiven: options.levels !== undefined,
    isAsked: (key) => !subset || crc32(key) % subset.of === subset.part - 1,
    sha256: options.checksum === "sha256",
    signal,
    onBytes: progress.bytes,
  };
  const proofs = writeProof ? proofsOf(context, clock, options.version) : undefined;
  try {
    await checkGroups(groups, context, proofs, progress);
  } finally {
    await workers.end();
    progress.over();
  }
  if (tally.objects === 0) throw nothing(store);
  const written = proofs?.written ?? [];
  return makeReport(store, {
    prefix,
    findings,
    tally,
    records,
    subset,
    levels,
    written,
    seconds: (clock.monotonic() - begunMs) / 1000,
  });
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

function nothing(store: Store): EmporiumError {
  return new EmporiumError("STORE_ABSENT", `${store.url} is empty, wanted a standardised tree`, {
    place: store.local ? { file: store.local.path("") } : { url: store.url },
    hint: "check the name: give the OUTPUT of ingest run, or a dataset or run below it",
  });
}

/** Groups of one proof follow each other. */
function byFolder(a: string, b: string): number {
  const key = (group: string) => `${proofFolderOf(group)}\0${group}`;
  return key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0;
}

function emptyTally(): Tally {
  return {
    objects: 0,
    bytes: 0,
    objectsRead: 0,
    bytesRead: 0,
    objectsProven: 0,
    objectsExtra: 0,
    bytesProven: 0,
    chunksDecoded: 0,
    chunksFill: 0,
    levelVoxels: 0,
    twinVoxels: 0,
    edges: { present: 0, zeros: 0 },
  };
}

/** Proofs folder by folder, while their groups are checked. A folder in which something is wrong gets none. */
function proofsOf({ store, findings, records, tally, signal }: CheckContext, clock: Env["clock"], version: string) {
  const madeMs = fixedMoment(process.env) ?? Math.floor(clock.now() / 1000) * 1000;
  let open: { folder: string; writer: ReturnType<typeof proofWriter>; wrong: number; proven: number; lines: number } | undefined;
  const written: string[] = [];
  /** Only what was proven by what ingest wrote down proves what ingest wrote. */
  const basisOf = ({ folder, proven, lines }: NonNullable<typeof open>): ProofBasis => {
    const before = records.proofs.find(({ key }) => key === folder + PROOF_NAME);
    const known = before ? before.basis === "receipts" : records.journals.length > 0;
    return known && tally.objectsProven - proven === lines ? "receipts" : "as found";
  };
  const close = async () => {
    const done = open;
    if (!done) return;
    open = undefined;
    if (findings.count("wrong") > done.wrong) return done.writer.abort();
    await done.writer.finish(basisOf(done));
    written.push(done.writer.key);
  };
  return {
    written,
    /** What is wrong and what is proven before a group is checked. */
    start: () => ({ wrong: findings.count("wrong"), proven: tally.objectsProven }),
    async add(group: string, lines: readonly ProofLine[], start: { wrong: number; proven: number }): Promise<void> {
      const folder = proofFolderOf(group);
      if (open?.folder !== folder) {
        await close();
        if (lines.length === 0) return;
        const head = {
          folder: records.names.get(folder) ?? folder,
          madeMs,
          program: `emporium ${version}`,
        };
        const writer = proofWriter(store, folder, head, signal);
        open = { folder, writer, wrong: start.wrong, proven: start.proven, lines: 0 };
      }
      for (const line of lines) await open.writer.add(line);
      open.lines += lines.length;
    },
    finish: close,
    async abort(): Promise<void> {
      await open?.writer.abort();
    },
  };
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
