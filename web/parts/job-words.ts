import type { JobBrief } from "../../src/model/page-api.js";

/** What a command does, by its name; of those that begin alike the longer ones come first. */
const VERBS: readonly (readonly [command: string, verb: string])[] = [
  ["ingest run", "Ingest"],
  ["ingest watch", "Ingest as it comes"],
  ["ingest convert", "Convert"],
  ["ingest validate standardized", "Validate the tree"],
  ["ingest validate source", "Validate the sources"],
  ["ingest validate", "Validate"],
  ["ingest new", "New configuration"],
  ["harvest download", "Download"],
  ["curate collect", "Collect"],
  ["curate package", "Package"],
  ["catalog import", "Import into the catalogue"],
  ["catalog upload", "Upload into the catalogue"],
  ["publish tree", "Publish"],
  ["publish run", "Publish"],
  ["publish verify", "Compare the bucket"],
  ["blocks run", "Compute"],
  ["blocks check", "Check"],
  ["verify", "Verify"],
];

/** `Ingest: batch` for `ingest run lab/batch.yaml lab/input tree`: what it does, and the first thing that it was given. Options may stand before both. */
export function titleOf(command: readonly string[]): string {
  for (const [name, verb] of VERBS) {
    const words = name.split(" ");
    const at = command.findIndex((_, from) => words.every((word, i) => command[from + i] === word));
    // later ones are words that it was given, unless options come first
    if (at === 0 || (at > 0 && command[0]!.startsWith("-"))) return titled(verb, command.slice(at + words.length));
  }
  return titled(command.slice(0, 2).join(" "), command.slice(2));
}

function titled(verb: string, rest: readonly string[]): string {
  // what follows `--` is no option
  const first = rest[rest.indexOf("--") + 1];
  if (first === undefined || first.startsWith("-")) return verb;
  const name = first.replace(/\/+$/, "").split("/").at(-1)!;
  return `${verb}: ${name.replace(/\.(?:ya?ml|json|csv)$/, "") || first}`;
}

/**
 * Part that is done, between 0 and 1. What failed or was stopped is not done: while a run goes on its bar comes to the end by what is settled, afterwards
 * it stands where the work stands.
 */
export function doneShare({ life, progress }: Pick<JobBrief, "life" | "progress">): number {
  const { fraction, tasksDone, tasksTotal, tasksAlready, bytesDone, bytesTotal } = progress;
  if (life === "running" || tasksTotal === 0) return fraction;
  if (tasksDone >= tasksTotal) return 1;
  // bytes are those of this run alone; where all are done, what is not done has none
  const byBytes = bytesTotal > 0 && tasksAlready === 0 && bytesDone < bytesTotal;
  const share = byBytes ? bytesDone / bytesTotal : tasksDone / tasksTotal;
  return Math.min(share, 0.99);
}

/** How a run ended, in words: parts that are done stay done, whatever its status is. */
export function endOf({ exitStatus, progress }: Pick<JobBrief, "exitStatus" | "progress">): {
  sign: string;
  tone: "ok" | "warn" | "bad";
  says: string;
} {
  const { tasksFailed, tasksDone, tasksTotal } = progress;
  if (exitStatus === 0) return { sign: "✓", tone: "ok", says: "ended well" };
  if (exitStatus === 130) return { sign: "■", tone: "warn", says: "stopped" };
  const part = { sign: "◐", tone: "warn" } as const;
  if (tasksFailed > 0 && tasksDone > 0) return { ...part, says: `done in part: ${failedOf(progress)} of ${tasksTotal}` };
  if (tasksFailed === 0 && exitStatus === 3) return { ...part, says: "done in part" };
  return { sign: "✕", tone: "bad", says: `failed with status ${exitStatus}` };
}

/** `1 failed, 8 blocked`: blocked is what needs one that failed. */
export function failedOf({ tasksFailed, tasksBlocked }: Pick<JobBrief["progress"], "tasksFailed" | "tasksBlocked">): string {
  const own = tasksFailed - tasksBlocked;
  return [...(own > 0 ? [`${own} failed`] : []), ...(tasksBlocked > 0 ? [`${tasksBlocked} blocked`] : [])].join(", ");
}
