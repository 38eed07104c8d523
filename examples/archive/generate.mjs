#!/usr/bin/env node
/** Writes a miniature archive: `node examples/archive/generate.mjs --out DIR [--drives 1,2,3,4,5] [--runs all|annotated]`. Below DIR come the drives
 * `grp_tomo_db1_dN`, and `portal-runs.json`, the runs of the portal that they are held against. No clock and no chance: the same options give the same names and
 * bytes. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { argv } from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { portalRuns } from "./names.mjs";
import { archiveFiles } from "./tree.mjs";

/** The four of the archive. Drive 5 is small, and by itself: what is on it is deposited at the offline EMPIAR. */
const DRIVES = [1, 2, 3, 4];
const KNOWN = [...DRIVES, 5];

/** @type {import("./generate.d.mts").generateArchive} */
export async function generateArchive({ out, drives = DRIVES, runs = "all" }) {
  const made = new Set();
  let files = 0;
  const writing = [];
  for (const { path, bytes } of archiveFiles(drives, runs === "all")) {
    const target = join(out, path);
    const folder = dirname(target);
    if (!made.has(folder)) {
      await mkdir(folder, { recursive: true });
      made.add(folder);
    }
    writing.push(writeFile(target, bytes));
    files++;
    if (writing.length >= 64) await Promise.all(writing.splice(0));
  }
  await Promise.all(writing);
  const portal = join(out, "portal-runs.json");
  await writeFile(portal, `${JSON.stringify(portalRuns())}\n`);
  return { drives: drives.map((drive) => join(out, `grp_tomo_db1_d${drive}`)), portal, files };
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: { out: { type: "string" }, drives: { type: "string" }, runs: { type: "string", default: "all" } },
  });
  const drives = values.drives?.split(",").map(Number) ?? DRIVES;
  if (values.out === undefined || drives.some((drive) => !KNOWN.includes(drive)) || !["all", "annotated"].includes(values.runs)) {
    console.error("usage: generate.mjs --out DIR [--drives 1,2,3,4,5] [--runs all|annotated]");
    process.exit(2);
  }
  const made = await generateArchive({ out: values.out, drives, runs: values.runs });
  console.log(`${made.files} files in ${made.drives.join(", ")}; ${made.portal}`);
}
