/**
 * `npm run bench:bombs -- [--memory 256] [--only PATTERN] [--part each,together,commands,folder] [--seconds 60]`: small files that decode to gibibytes
 * (test/faults/bombs.mjs), against `emporium serve` (planes of each by a server of its own, then of all by one) and against commands that read
 * headers and volumes. Of each: the answers, their times, the most resident memory, and the longest that /healthz took meanwhile. It fails where a
 * server took more than `--memory` and 150 MiB, or /healthz more than 200 ms.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { asked, command, pulse, residentMiB, serving } from "../test/faults/bomb-server.mjs";
import { writeBombs } from "../test/faults/bombs.mjs";
import { figure, needBuild, round, say, table } from "./report.mjs";

const { values: options } = parseArgs({
  options: {
    memory: { type: "string", default: "256" },
    only: { type: "string", default: "." },
    part: { type: "string", default: "each,together,commands,folder" },
    seconds: { type: "string", default: "60" },
  },
});
/** What the program may take beside `--memory`, and how long /healthz. */
const BESIDE_MIB = 150;
const HEALTH_MS = 200;
const memoryMiB = Number(options.memory);
const limitMs = Number(options.seconds) * 1000;
needBuild();
const folder = mkdtempSync(join(tmpdir(), "emporium-bombs-"));
const location = join(folder, "bombs");
const only = new RegExp(options.only);
const names = await writeBombs(location, (name) => only.test(name));
const workspace = join(folder, "workspace");
const QUERIES = ["", "/plane?axis=z&at=0&box=0,0,64,64", "/plane?axis=z&at=31&box=0,0,64,64"];
let worst = { peakMiB: 0, healthMs: 0 };

async function attacked(title, keys, atOnce) {
  const server = await serving(location, { memoryMiB, workspace });
  try {
    const stop = pulse(server.url);
    const jobs = keys.flatMap((key) => QUERIES.map((query) => () => asked(server.volume(key) + query, limitMs)));
    const answers = [];
    if (atOnce) answers.push(...(await Promise.all(jobs.map((job) => job()))));
    else for (const job of jobs) answers.push(await job());
    const { worstMs } = await stop();
    const peakMiB = residentMiB(server.pid);
    worst = { peakMiB: Math.max(worst.peakMiB, peakMiB), healthMs: Math.max(worst.healthMs, worstMs) };
    const words = answers.map(({ status, says, ms }) =>
      atOnce ? `${status} ${says.endsWith(" B") ? "" : says}` : `${status} ${says} ${ms} ms`,
    );
    const counts = Object.entries(counted(words)).map(([word, all]) => `${all.length}× ${word}`);
    return [title, atOnce ? counts.join(", ") : words.join(" | "), peakMiB, worstMs];
  } finally {
    await server.stop();
  }
}

function counted(words) {
  const groups = {};
  for (const word of words) groups[word] = [...(groups[word] ?? []), word];
  return groups;
}

const COMMANDS = {
  "harvest inspect": (path) => ["harvest", "inspect", path],
  "harvest peek": (path) => ["harvest", "peek", path],
  "blocks ls": (path) => ["blocks", "ls", path],
  "curate header": (path) => ["curate", "header", path],
  "blocks check": (path) => ["blocks", "check", path, "--memory", `${memoryMiB}MiB`],
  "blocks bench": (path) => ["blocks", "bench", path, "--count", "4", "--memory", `${memoryMiB}MiB`],
  "ingest convert": (path, out) => [
    "ingest",
    "convert",
    path,
    out,
    "--zarr",
    "--memory",
    `${memoryMiB}MiB`,
    "--workspace",
    `${out}-w`,
  ],
};

/** Of all bombs together, as a person has them in a folder. */
const FOLDER_COMMANDS = {
  "harvest peek": (path) => ["harvest", "peek", path],
  "harvest inspect": (path) => ["harvest", "inspect", path],
  "curate scan": (path, out) => ["curate", "scan", path, "--workspace", `${out}-w`],
  "ingest new": (path, out) => ["ingest", "new", "--from", path, "--out", `${out}.yaml`, "--workspace", `${out}-w`],
  "ingest validate": (path, out) => ["ingest", "validate", "standardized", path, "--workspace", `${out}-w`],
  verify: (path, out) => ["verify", path, "--workspace", `${out}-w`],
  "publish verify": (path, out) => ["publish", "verify", path, path, "--workspace", `${out}-w`],
};

try {
  const parts = options.part.split(",");
  const rows = [["bomb", "answers", "peak MiB", "/healthz ms"]];
  if (parts.includes("each")) for (const name of names) rows.push(await attacked(name, [name], false));
  if (parts.includes("together")) rows.push(await attacked("all at once", names, true));
  if (rows.length > 1) table(rows);
  const runs = [["command", "bomb", "answer", "peak MiB", "seconds"]];
  for (const [title, argsOf] of parts.includes("commands") ? Object.entries(COMMANDS) : []) {
    for (const name of names) {
      const out = join(folder, "out");
      const { status, said, peakMiB, seconds } = await command(argsOf(join(location, name), out), limitMs);
      for (const path of [out, `${out}-w`]) rmSync(path, { recursive: true, force: true });
      const line = said.split("\n").find((one) => one.startsWith("error")) ?? said.split("\n")[0];
      runs.push([title, name, `${status}: ${line.replaceAll(location, "…").slice(0, 100)}`, peakMiB, round(seconds, 1)]);
    }
  }
  for (const [title, argsOf] of parts.includes("folder") ? Object.entries(FOLDER_COMMANDS) : []) {
    const { status, said, peakMiB, seconds } = await command(argsOf(location, join(folder, "out")), limitMs);
    const line = said.split("\n").find((one) => one.startsWith("error")) ?? said.split("\n")[0];
    runs.push([title, "all of them", `${status}: ${line.replaceAll(location, "…").slice(0, 100)}`, peakMiB, round(seconds, 1)]);
  }
  if (runs.length > 1) table(runs);
  if (rows.length > 1) {
    figure("serve.bombs.peak_mib", worst.peakMiB, { memory_mib: memoryMiB, bombs: names.length });
    figure("serve.bombs.health_ms", worst.healthMs, { memory_mib: memoryMiB, bombs: names.length });
    if (worst.peakMiB > memoryMiB + BESIDE_MIB || worst.healthMs > HEALTH_MS) {
      say(`more than ${memoryMiB} + ${BESIDE_MIB} MiB, or than ${HEALTH_MS} ms`);
      process.exitCode = 1;
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
