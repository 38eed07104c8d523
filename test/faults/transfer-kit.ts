import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import type { Clock } from "../../src/core/clock.js";
import { manualClock } from "../../src/core/clock.js";
import { makeLog } from "../../src/core/log.js";
import { makePaces } from "../../src/net/pace.js";
import type { TransferOptions, TransferResult } from "../../src/stations/harvest/transfer/options.js";
import { transferObject } from "../../src/stations/harvest/transfer/transfer.js";
import type { IoMode } from "../../src/stores/io-mode.js";
import { same } from "../conformance/store-suite.js";

/** A folder to fetch into, and a run's clock and pace: time passes only where something waits. */
export function transferBench(io: IoMode = "buffered") {
  const folder = mkdtempSync(join(tmpdir(), "emporium-transfer-"));
  let run = 0;
  return {
    folder,
    /** A fresh target, as another run would see it. */
    fresh(wish: Partial<TransferOptions> & Pick<TransferOptions, "store" | "key">) {
      const clock = manualClock(Date.parse("2026-01-01T00:00:00Z"));
      return transferOf(join(folder, `run-${++run}`, wish.key), clock, { io, ...wish });
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export type Bench = ReturnType<typeof transferBench>;

export function transferOf(
  target: string,
  clock: Clock & { sleeps?: readonly number[] },
  wish: Partial<TransferOptions> & Pick<TransferOptions, "store" | "key">,
) {
  const lines: string[] = [];
  const options: TransferOptions = {
    target,
    connections: 4,
    pace: makePaces({ clock }),
    sync: false,
    clock,
    random: () => 0.5,
    log: makeLog((level, message) => lines.push(`${level} ${message}`)),
    ...wish,
  };
  return { target, clock, lines, options, go: (): Promise<TransferResult> => transferObject(options) };
}

/** The file is there, whole, alone. */
export function expectWhole(target: string, body: Uint8Array): void {
  same(readFileSync(target), body);
  expect(leftovers(target)).toEqual([]);
}

export function leftovers(target: string): string[] {
  const folder = join(target, "..");
  return existsSync(folder) ? readdirSync(folder).filter((name) => /\.part/.test(name)) : [];
}
