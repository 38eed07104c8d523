/** Ends what a run of the suites has started, unmounts what it has mounted and removes its folders, when the run has ended in whatever way: `node test/keeper.mjs FOLDER…`, whose standard
 * input the run keeps open for as long as it lives. A process of its own, since the run may be killed. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

/** Set for all that a run starts: one of its folders. */
export const RUN = "EMPORIUM_TEST_RUN";

/** A server of PostgreSQL needs a moment to remove its shared memory. */
const SOFT_MS = 5_000;
const HARD_MS = 15_000;

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process
    .on("SIGINT", () => undefined)
    .on("SIGTERM", () => undefined)
    .on("SIGHUP", () => undefined);
  process.stdin.resume().on("error", () => undefined);
  process.stdin.once("close", () => void cleanUp(process.argv.slice(2)));
}

/** @param {readonly string[]} folders of one run */
export async function cleanUp(folders) {
  const began = Date.now();
  for (let left = processesOf(folders); left.length > 0 && Date.now() - began < HARD_MS; left = processesOf(folders)) {
    for (const { id, isServer } of left) end(id, isServer && Date.now() - began < SOFT_MS ? "SIGQUIT" : "SIGKILL");
    await sleep(50);
  }
  for (const folder of folders) remove(folder);
}

/** @throws nothing: what cannot be removed is left to the next run, and does not keep the other folders */
function remove(folder) {
  // the latest first: it may lie in another one
  for (const path of mountsBelow(folder).reverse()) {
    if (spawnSync("umount", [path]).status !== 0) spawnSync("umount", ["--lazy", path]);
  }
  if (mountsBelow(folder).length > 0) return; // what is mounted there may be anybody's
  try {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  } catch {
    // another user's
  }
}

/** @returns {string[]} where something is mounted below a folder, in the order of the mounts */
function mountsBelow(folder) {
  return textOf("/proc/self/mountinfo")
    .split("\n")
    .map((line) =>
      (line.split(" ")[4] ?? "").replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8))),
    )
    .filter((path) => path.startsWith(`${folder}/`));
}

function end(id, signal) {
  try {
    process.kill(id, signal);
  } catch {
    // has ended, or is another user's
  }
}

/**
 * Processes that have a folder of the run among their words or in their environment, which has the run's name wherever it was handed on, and what those have
 * started: a container has an environment of its own. A server of PostgreSQL has none of ours.
 */
function processesOf(folders) {
  const found = new Map();
  const parents = new Map();
  for (const id of processIds()) {
    const [, state, parent] = /\) (\S) (\d+) /.exec(textOf(`/proc/${id}/stat`)) ?? [];
    if (id === process.pid || state === undefined || state === "Z") continue;
    const words = textOf(`/proc/${id}/cmdline`).split("\0");
    if (words[1] === process.argv[1] && words[1].endsWith("/keeper.mjs")) continue; // ends by itself, when its run has ended
    parents.set(id, Number(parent));
    const isServer = linkOf(`/proc/${id}/exe`).endsWith("/postgres");
    // its words may be paths of another form, and each of its processes is in its data folder
    if (isServer) words.push(linkOf(`/proc/${id}/cwd`));
    const values = textOf(`/proc/${id}/environ`).split("\0");
    // of a run that this one has started, too: its folders lie in ours
    const isOurs = folders.some((folder) => [...words, ...values].some((word) => `${word}/`.includes(`${folder}/`)));
    if (isOurs) found.set(id, { id, isServer });
  }
  for (const id of parents.keys()) {
    let above = parents.get(id);
    while (above !== undefined && !found.has(above)) above = parents.get(above);
    if (above !== undefined && !found.has(id)) found.set(id, { id, isServer: false });
  }
  return [...found.values()];
}

/** @returns {number[]} none where there is no /proc: there only folders are removed */
function processIds() {
  try {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

function linkOf(path) {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

function textOf(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // has ended, or is another user's
  }
}
