import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { clusterFolder } from "../../src/catalog/embedded/cluster.js";
import { openEmbedded } from "../../src/catalog/embedded/embedded.js";
import { silentLog } from "../../src/core/log.js";

const cache = fileURLToPath(new URL("../../.cache/", import.meta.url));
const sources = fileURLToPath(new URL("../../src/catalog/embedded/", import.meta.url));

/**
 * Gives a workspace its embedded database, as `openEmbedded` would make it: `initdb` takes seconds, the copy of a folder tenths of one.
 * The original is made once, for all test files of all runs, and anew when the code that makes one has changed. It does not wait for
 * disks: tests kill processes and no machines.
 */
export async function giveCluster(workspace: string): Promise<void> {
  mkdirSync(join(workspace, "catalog"), { recursive: true });
  copy(clusterFolder(await template()), clusterFolder(workspace));
}

/** A workspace with a cluster that nobody may start: it is copied. */
export function template(): Promise<string> {
  return madeOnce(`cluster-${identity()}`, "catalog", makeCluster);
}

/**
 * A folder with what `make` leaves below `name` in one that it is given, for all test files of all runs.
 *
 * @param id of all that it comes from
 */
export async function madeOnce(id: string, name: string, make: (folder: string) => unknown): Promise<string> {
  const folder = join(cache, `test-${id}`);
  if (existsSync(folder)) return folder;
  const made = mkdtempSync(join(tmpdir(), "emporium-cluster-")); // not in the cache, whose path may be too long for a socket
  mkdirSync(cache, { recursive: true });
  const fresh = mkdtempSync(join(cache, ".cluster-"));
  try {
    await make(made);
    copy(join(made, name), join(fresh, name));
    renameSync(fresh, folder);
    removeOlder(folder);
  } catch (error) {
    if (!existsSync(folder)) throw error; // another process was faster
  } finally {
    for (const left of [made, fresh]) rmSync(left, { recursive: true, force: true });
  }
  return folder;
}

/** Older ones are left this long: a run that has begun may still copy them. */
const KEPT_MS = 86_400_000;

/** Removes what was made of other sources: whoever changes them gets tens of megabytes each time. */
function removeOlder(folder: string): void {
  const kindOf = (name: string) => name.slice(0, name.lastIndexOf("-"));
  for (const name of readdirSync(cache).filter((one) => one.startsWith("test-") && kindOf(one) === kindOf(basename(folder)))) {
    const path = join(cache, name);
    const madeMs = statSync(path, { throwIfNoEntry: false })?.ctimeMs ?? Date.now();
    if (path !== folder && madeMs < Date.now() - KEPT_MS) rmSync(path, { recursive: true, force: true });
  }
}

async function makeCluster(workspace: string): Promise<void> {
  const { address, cluster, leave } = await openEmbedded({ workspace, log: silentLog });
  const login = { user: "emporium", password: cluster.secrets.emporium, database: "postgres", application_name: "emporium" };
  const client = new pg.Client({ ...address, ...login });
  await client.connect();
  for (const setting of ["fsync", "full_page_writes"]) await client.query(`alter system set ${setting} = off`);
  await client.end();
  await leave();
}

/** With owners and modes: root gives the data folder to the user who runs the server. */
export function copy(from: string, to: string): void {
  const { status, stderr } = spawnSync("cp", ["-a", from, to], { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
}

function identity(): string {
  const hash = createHash("sha256").update(`${process.platform} ${process.arch} ${process.getuid?.()}`);
  const names = readdirSync(sources).filter((name) => !name.endsWith(".test.ts"));
  for (const name of names.sort()) hash.update(readFileSync(join(sources, name)));
  hash.update(readFileSync(fileURLToPath(import.meta.url)));
  hash.update(readFileSync(new URL("../../package.json", import.meta.url)));
  return hash.digest("hex").slice(0, 16);
}
