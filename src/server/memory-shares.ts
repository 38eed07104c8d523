import { LIMITS } from "../core/limits.js";

/**
 * Uses of a server's memory beside the program itself: `chunks` of volumes, stored and decoded; `blocks` of remote files; `rows`
 * of files as threads decode them; `planes` that are cut or wait for their clients; pieces of `files` that are being sent;
 * `layers` that were sent; `counts` of what lists can be filtered by, and words that are searched; `reports` of validation that
 * are looked at.
 */
export type MemoryUse = "chunks" | "blocks" | "rows" | "planes" | "files" | "layers" | "counts" | "reports";

/**
 * Shares in 64ths of the whole. Indexes of shards take a sixteenth more of what chunks have. Three quarters of `counts` are for lists: 72 MiB of the default
 * hold what a million annotations need, and with less the database reads them again at each choice.
 */
const SHARES: Readonly<Record<MemoryUse, number>> = {
  chunks: 15,
  blocks: 4,
  rows: 8,
  planes: 12,
  files: 3,
  layers: 3,
  counts: 12,
  reports: 5,
};

/** The limit in bytes of each use, and the bytes that it takes now. */
export interface ServedMemory {
  /** The whole memory. */
  readonly bytes: number;
  readonly limits: Readonly<Record<MemoryUse, number>>;
  /** Registers the function that tells how many bytes a use takes now. */
  watch(use: MemoryUse, usedBytes: () => number): void;
  figures(): { readonly use: MemoryUse; readonly limitBytes: number; readonly usedBytes: number | undefined }[];
}

/** Divides the memory of a server. @param hasCatalogue without it nothing is counted, and chunks get the share of `counts` */
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
