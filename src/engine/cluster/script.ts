import { quoteWords } from "../../core/shell.js";
import type { OpenRun, RunRecord } from "./run-record.js";

/** Looks of a gate that may fail before nobody calls it again: a node may be slow to see the target. */
const GATE_TRIES = 3;

/** The engine's name of the job that looks at a stage when its jobs are over. */
export const gateName = ({ record }: Pick<OpenRun, "record">, stage: string): string =>
  `emporium-${record.ids.slice(0, 8)}-${stage}-gate`;

/** What a node runs: the profile's lines, then the program in the place of the shell, so that the engine's signals reach it. */
export function workerScript({ prologue, command }: Pick<RunRecord, "prologue" | "command">, words: readonly string[]): string {
  const program = quoteWords([...command, "engine", ...words]);
  const body =
    words[0] === "gate"
      ? [
          `for try in ${Array.from({ length: GATE_TRIES }, (_, i) => i + 1).join(" ")}; do`,
          `  ${program} && exit 0`,
          "  sleep 5",
          "done",
          "exit 1",
        ]
      : [`exec ${program}`];
  return ["#!/bin/sh", ...prologue, ...body, ""].join("\n");
}
