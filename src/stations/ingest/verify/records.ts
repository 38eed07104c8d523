import { isEmporiumError } from "../../../core/errors.js";
import { findRunReceipts } from "../../../engine/cluster/run-receipts.js";
import { findTargetReceipts, type KnownReceipt, type TargetReceipts } from "../../../engine/journal-receipts.js";
import type { Store } from "../../../stores/store.js";
import type { Findings } from "./findings.js";
import { groupOf, proofFolderOf } from "./groups.js";
import { openProof, type Proof } from "./proof.js";

/** Size and checksums of an object, recorded when it was written. */
interface KnownSum {
  size: number;
  crc32: string;
  sha256?: string | undefined;
}

export interface GroupRecords {
  /** Checksums by key. More than one where several runs have written an object: any of them will do. */
  objects: Map<string, KnownSum[]>;
  /** Folders of which only the checksum of all objects together is known, by key with a last `/`. */
  folders: Map<string, KnownReceipt[]>;
  /** False where nothing at all is known of the group. */
  any: boolean;
  /** Keys under which these bytes were written. */
  whose(size: number, crc32: string): readonly string[];
}

/** Sources of recorded checksums: proofs in the tree, the journals of the workspace, and those of runs on clusters. */
export interface Records {
  /** Groups that they speak of. */
  groups(): Iterable<string>;
  of(group: string): Promise<GroupRecords>;
  readonly proofs: readonly Proof[];
  readonly journals: readonly string[];
  /** The name by which metadata know a folder of the tree, where a copy has another: actual folder → name. */
  readonly names: ReadonlyMap<string, string>;
}

/**
 * Proofs below a prefix of a tree and receipts of its target. A damaged proof is a finding, and is not used.
 *
 * @param folders the folders that may hold a proof.
 */
export async function findRecords(
  store: Store,
  folders: Iterable<string>,
  { workspace, writtenAt, findings, signal }: { workspace: string; writtenAt: string; findings: Findings; signal: AbortSignal },
): Promise<Records> {
  const proofs = new Map<string, Proof>();
  const names = new Map<string, string>();
  for (const folder of folders) {
    try {
      const proof = await openProof(store, folder, groupOf, signal);
      if (!proof) continue;
      proofs.set(folder, proof);
      if (proof.folder !== folder) names.set(folder, proof.folder);
    } catch (error) {
      if (!isEmporiumError(error) || error.code.startsWith("STORE_")) throw error;
      findings.add("proof", `${folder}emporium-proof.jsonl`, error.message.replace(/^[^:]*: /, ""));
    }
  }
  const receipts = joined([await findTargetReceipts(workspace, writtenAt, groupOf), await findRunReceipts(store, groupOf)]);
  return {
    proofs: [...proofs.values()],
    journals: receipts.journals,
    names,
    *groups() {
      for (const proof of proofs.values()) yield* proof.groups;
      yield* receipts.groups();
    },
    of: (group) => recordsOf(group, proofs.get(proofFolderOf(group)), receipts),
  };
}

/** Joins the receipts of this machine's journals and of runs on clusters. */
function joined(all: readonly TargetReceipts[]): TargetReceipts {
  return {
    journals: all.flatMap(({ journals }) => journals),
    groups: () => new Set(all.flatMap((receipts) => [...receipts.groups()])),
    async of(group) {
      const known = new Map<string, KnownReceipt[]>();
      for (const receipts of all) {
        for (const [key, found] of await receipts.of(group)) known.set(key, [...(known.get(key) ?? []), ...found]);
      }
      return known;
    },
  };
}

async function recordsOf(group: string, proof: Proof | undefined, receipts: TargetReceipts): Promise<GroupRecords> {
  const objects = new Map<string, KnownSum[]>();
  const folders = new Map<string, KnownReceipt[]>();
  const add = (key: string, sum: KnownSum) => objects.set(key, [...(objects.get(key) ?? []), sum]);
  for (const { key, ...sum } of (await proof?.of(group)) ?? []) add(key, sum);
  for (const [key, all] of await receipts.of(group)) {
    for (const { contents, ...receipt } of all) {
      if (!key.endsWith("/")) add(key, receipt);
      else if (contents) for (const { key: inner, ...sum } of contents) add(inner, sum);
      else folders.set(key, [...(folders.get(key) ?? []), receipt]);
    }
  }
  // what a proof lists one by one needs no sum of its folder
  for (const folder of folders.keys()) {
    if (proof && [...objects.keys()].some((key) => key.startsWith(folder))) folders.delete(folder);
  }
  let owners: Map<string, string[]> | undefined;
  return {
    objects,
    folders,
    any: objects.size + folders.size > 0,
    whose(size, crc32) {
      owners ??= ownersOf(objects);
      return owners.get(`${size} ${crc32}`) ?? [];
    },
  };
}

/** Two keys of each content are enough: one of them is another. */
function ownersOf(objects: ReadonlyMap<string, readonly KnownSum[]>): Map<string, string[]> {
  const owners = new Map<string, string[]>();
  for (const [key, sums] of objects) {
    for (const { size, crc32 } of sums) {
      const keys = owners.get(`${size} ${crc32}`) ?? [];
      if (keys.length < 2) owners.set(`${size} ${crc32}`, [...keys, key]);
    }
  }
  return owners;
}
