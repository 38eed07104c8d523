import { createHash } from "node:crypto";
import { quoteWords } from "../../core/shell.js";
import type { OpenRun, RunRecord } from "./run-record.js";

/** Seconds after looks of a gate that failed: a node may be slow to see the target, or the queue full for a while. */
const GATE_WAITS_S = [5, 60, 300, 900];

/** Jobs that look at a stage: when its arrays are over, and when the twin of a slow slice is. */
export const GATES = ["gate", "twin-gate"] as const;
export type GateName = (typeof GATES)[number];

/**
 * The engine's name of a job: it is found, and cancelled, by this name. Of the run's id, which has the target in it: the same plan for two
 * targets is two runs.
 *
 * @param part number of the submission, or name of a job that looks at a stage when others are over
 */
export function jobName({ record }: Pick<OpenRun, "record">, stage: string, part: number | GateName): string {
  return `emporium-${createHash("sha256").update(record.id).digest("hex").slice(0, 8)}-${stage}-${part}`;
}

/** Script for a node: the profile's lines, then the program in the place of the shell, so that the engine's signals reach it. */
export function workerScript({ prologue, command }: Pick<RunRecord, "prologue" | "command">, words: readonly string[]): string {
  const program = quoteWords([...command, "engine", ...words]);
  const body =
    words[0] === "gate"
      ? [`for wait in ${GATE_WAITS_S.join(" ")}; do`, `  ${program} && exit 0`, '  sleep "$wait"', "done", `exec ${program}`]
      : [`exec ${program}`];
  return ["#!/bin/sh", ...prologue, ...body, ""].join("\n");
}
