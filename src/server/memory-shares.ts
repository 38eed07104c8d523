import { LIMITS } from "../core/limits.js";

/**
 * What a server keeps in memory beside its program: `chunks` of volumes, stored and decoded; `blocks` of remote files; `rows` of files as threads
 * decode them; `planes` that are cut or wait for their clients; pieces of `files` on their way; `layers` that were sent; `counts` of what lists can be
 * filtered by, and words that are searched; `reports` of validation that are looked at.
 */
export type MemoryUse = "chunks" | "blocks" | "rows" | "planes" | "files" | "layers" | "counts" | "reports";

/** In 64ths of all. Indexes of shards take a sixteenth more of what chunks have. */
const SHARES: Readonly<Record<MemoryUse, number>> = {
  chunks: 20,
  blocks: 4,
  rows: 8,
  planes: 12,
  files: 3,
  layers: 3,
  counts: 6,
  reports: 6,
};

/** Bytes for each use, and how many of them are taken. */
export interface ServedMemory {
  /** All of it. */
  readonly bytes: number;
  readonly limits: Readonly<Record<MemoryUse, number>>;
  /** Tells of a use how many bytes it takes now. */
  watch(use: MemoryUse, usedBytes: () => number): void;
  figures(): { readonly use: MemoryUse; readonly limitBytes: number; readonly usedBytes: number | undefined }[];
}

/** @param hasCatalogue otherwise nothing is counted, and chunks have its share */
export function servedMemory(memoryBytes: number = LIMITS.memoryBytes, hasCatalogue = true): ServedMemory {
  const shares = hasCatalogue ? SHARES : { ...SHARES, chunks: SHARES.chunks + SHARES.counts, counts: 0 };
  const uses = Object.keys(SHARES) as MemoryUse[];
  const limits = Object.fromEntries(uses.map((use) => [use, Math.floor((memoryBytes * shares[use]) / 64)])) as Record<
    MemoryUse,
    number
  >;
  const used = new Map<MemoryUse, () => number>();
  return {
    bytes: memoryBytes,
    limits,
    watch: (use, usedBytes) => void used.set(use, usedBytes),
    figures: () => uses.map((use) => ({ use, limitBytes: limits[use], usedBytes: used.get(use)?.() })),
  };
}
