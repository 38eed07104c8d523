import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const program = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

/** What `engine status --json` says. */
export interface RunStatus {
  status: string;
  exitStatus: number;
  done: number;
  tasks: number;
  stages: { name: string; slices: number; submissions: number; slicesBegunAgain: number; processesWithoutEnd: number }[];
}

/**
 * Whether slices were begun again that no process had left open. An engine of a busy machine may lose a job or end a process, and what it did not do is
 * submitted once more, as it must be; a slice that was complete is never begun again.
 */
export function isBegunAgainForNothing(stage: RunStatus["stages"][number]): boolean {
  return stage.slicesBegunAgain > stage.processesWithoutEnd || stage.submissions > 2;
}

/** Hashes of all files of a tree, without the engine's own. */
export function tree(root: string): Map<string, string> {
  const names = readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((name) => !name.startsWith(".emporium") && statSync(join(root, name)).isFile())
    .sort();
  return new Map(
    names.map((name) => [
      name,
      createHash("sha256")
        .update(readFileSync(join(root, name)))
        .digest("hex"),
    ]),
  );
}

/** Whether the newest run of a target has ended, without starting a program. */
export function hasEnded(root: string): boolean {
  const runs = join(root, ".emporium/runs");
  if (!existsSync(runs)) return false;
  const open = readdirSync(runs).filter((name) => !existsSync(join(runs, name, "end.json")));
  return open.length === 0;
}

/** What the names of all jobs of the newest run of a target begin with; undefined before its first one. */
export function namesOfJobs(root: string): string | undefined {
  const runs = join(root, ".emporium/runs");
  for (const name of existsSync(runs) ? readdirSync(runs).sort().reverse() : []) {
    const first = join(runs, name, "stages/runs/submitted.0.json");
    if (!existsSync(first)) continue;
    const { job } = JSON.parse(readFileSync(first, "utf8")) as { job: string };
    return job.slice(0, -"runs-0".length);
  }
  return undefined;
}

/** Locks, claims and parts that are left in a target. */
export function leftovers(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: "utf8" }).filter(
    (name) => name.endsWith(".part") || /^\.emporium\/(locks\/.|ids\.json)/.test(name),
  );
}
