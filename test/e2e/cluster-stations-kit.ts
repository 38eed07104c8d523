import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { playerEnvironment } from "../conformance/engine-suite.js";
import { hasEnded, type RunStatus } from "../peers/cluster-kit.js";
import { emporium } from "../peers/environment.js";

const POLL_MS = 100;

/** A cluster that is played, with a profile of its own, and commands of people who use it. */
export interface PlayedCluster {
  readonly env: NodeJS.ProcessEnv;
  /** A command that is given to the cluster. @returns what it printed */
  submit(args: readonly string[], flags?: readonly string[]): Promise<{ status: string; run: string }>;
  /** Waits until the run has ended. @param home the folder whose `.emporium` has the run */
  ended(home: string, run: string): Promise<RunStatus & { report: Record<string, unknown> }>;
}

/** @param prologue lines of each job's script before the program */
export function playedCluster(folder: string, prologue: readonly string[] = [], profile = ""): PlayedCluster {
  const config = join(folder, "config");
  mkdirSync(join(config, "emporium"), { recursive: true });
  const lines = prologue.map((line) => `      - ${JSON.stringify(line)}`).join("\n");
  writeFileSync(
    join(config, "emporium/emporium.engines.yaml"),
    `profiles:\n  small:\n    cpus: 1\n    memory: 1GiB\n    slices: 3\n${profile}${lines === "" ? "" : `    prologue:\n${lines}\n`}`,
  );
  const env = { ...playerEnvironment("sge", join(folder, "engine")), XDG_CONFIG_HOME: config };
  return {
    env,
    async submit(args, flags = []) {
      const done = await emporium([...args, "--executor", "sge", "-q", "--json", ...flags], env);
      if (done.stdout === "") throw new Error(done.stderr);
      return JSON.parse(done.stdout) as { status: string; run: string };
    },
    async ended(home, run) {
      while (!hasEnded(home)) await sleep(POLL_MS);
      const { stdout } = await emporium(["engine", "status", run, "--json"], env);
      return JSON.parse(stdout) as RunStatus & { report: Record<string, unknown> };
    },
  };
}

/** Kills the first job that runs this line, as soon as it has made a file of the pattern: `*` for a part of a name, variables of the shell. */
export function killOnce(folder: string, pattern: string): string {
  const killed = new URL("killed-at.mjs", import.meta.url).href;
  return `if mkdir ${join(folder, "killed")} 2>/dev/null; then export NODE_OPTIONS="--import ${killed}" EMPORIUM_TEST_KILL_AT="${pattern}"; fi`;
}

/** Names of what lies in a folder's locks. */
export function locksIn(home: string): string[] {
  try {
    return readdirSync(join(home, ".emporium/locks"));
  } catch {
    return [];
  }
}
