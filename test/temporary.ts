import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TestProject } from "vitest/node";
import { isGone, thisProcess } from "../src/engine/holder.js";
import { cleanUp, RUN } from "./keeper.mjs";

/** What all suites together leave there at one moment, with much to spare. */
const BYTES = 6 * 2 ** 30;
/** Linux's memory file system. Its path is short, as sockets of PostgreSQL want it. */
const MEMORY = "/dev/shm";
/** In each folder of a run: the process that it belongs to. */
const OWNER = ".run";
/** A name that the sweep knows as one of ours. */
const PREFIX = "em-";
const OURS = /^em-\w{6}$/;

/**
 * Gives the suites folders of their own for temporary files, and ends with the run, however that ends, what was started in them (`keeper.mjs`); what a
 * run has left whose keeper was killed as well goes with the next one. One of the folders is in memory, where there is one with room and programs may be started
 * from it: each sync of a journal or of a database costs 3 ms on a disk, and there are some hundred thousand. Suites about disks stay on one
 * (`setup.ts`). Whoever sets `TMPDIR` has chosen: there is one folder then, below it.
 */
export default function temporaryFiles(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  return runFolders(project, { inMemory: true });
}

/** @param options `inMemory`: whether one of the folders is, where that can be */
export async function runFolders(
  project: TestProject,
  { inMemory }: { inMemory: boolean },
): Promise<(() => Promise<void>) | undefined> {
  if (isSet()) return undefined; // for another project of the same run
  const { TMPDIR: chosen } = process.env;
  const base = tmpdir();
  await sweep(chosen ? [base] : [base, MEMORY]);
  const disk = runFolder(base);
  const memory = chosen || !inMemory ? undefined : memoryFolder();
  const folders = memory === undefined ? [disk] : [disk, memory];
  // vitest has folders of its own, which it leaves where it is stopped
  const keeper = startKeeper([...folders, ...project.vitest.projects.map(({ tmpDir }) => tmpDir)]);
  const set: Record<string, string> = { TMPDIR: memory ?? disk, [RUN]: disk, EMPORIUM_TEST_BASE: base };
  if (memory !== undefined) Object.assign(set, { EMPORIUM_TEST_DISK: disk, EMPORIUM_TEST_MEMORY: memory });
  Object.assign(process.env, set);
  return async () => {
    for (const name of Object.keys(set)) delete process.env[name];
    if (chosen) process.env["TMPDIR"] = chosen;
    const ended = keeper.exitCode === null ? once(keeper, "exit") : undefined;
    keeper.stdin.end();
    await ended;
  };
}

function isSet(): boolean {
  const { [RUN]: folder } = process.env;
  try {
    return folder !== undefined && JSON.parse(readFileSync(join(folder, OWNER), "utf8")).pid === process.pid;
  } catch {
    return false; // of a run that has ended
  }
}

/** Not of this process's group: Ctrl-C ends the run and not its keeper. */
function startKeeper(folders: readonly string[]) {
  const { [RUN]: _, ...env } = process.env;
  const program = fileURLToPath(new URL("keeper.mjs", import.meta.url));
  const keeper = spawn(process.execPath, [program, ...folders], {
    env,
    cwd: "/",
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  keeper.stdin.on("error", () => undefined); // it was killed: the next run sweeps
  keeper.unref();
  return keeper;
}

/** Removes what is left of runs whose process has ended, with what still runs in them. */
async function sweep(bases: readonly string[]): Promise<void> {
  for (const base of bases) for (const name of namesIn(base)) if (OURS.test(name)) await sweepFolder(join(base, name));
}

async function sweepFolder(folder: string): Promise<void> {
  try {
    const { uid } = lstatSync(folder);
    if (process.getuid?.() !== undefined && uid !== process.getuid()) return; // another user's run
    if (isGone(JSON.parse(readFileSync(join(folder, OWNER), "utf8")))) await cleanUp([folder]);
  } catch {
    // no folder of a run, or one that its own keeper removes at this moment
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // there is no such folder on this machine
  }
}

/** A new folder that says whose it is. Some suites are also other users. */
function runFolder(base: string): string {
  const folder = mkdtempSync(join(base, PREFIX));
  chmodSync(folder, 0o1777);
  writeFileSync(join(folder, OWNER), JSON.stringify(thisProcess()));
  return folder;
}

function memoryFolder(): string | undefined {
  let folder: string | undefined;
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    if (bavail * bsize < BYTES) return undefined;
    folder = runFolder(MEMORY);
    const program = join(folder, "program");
    writeFileSync(program, "#!/bin/sh\nexit 0\n");
    chmodSync(program, 0o755);
    execFileSync(program);
    rmSync(program);
    return folder;
  } catch {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    return undefined;
  }
}
