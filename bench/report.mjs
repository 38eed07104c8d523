/** What all benchmarks share: the machine's facts, one JSON line a figure on stdout, tables on stderr, medians, and measured child processes. */
import { execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { availableParallelism, cpus, totalmem } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
export const cache = join(root, ".cache", "bench");
export const program = join(root, "dist", "cli", "main.js");

/** The environment that every figure carries: whoever reads it must know what it was measured on. */
const machine = {
  commit: commit(),
  node: process.versions.node,
  cores: availableParallelism(),
  cpu: cpus()[0]?.model ?? "unknown",
  ram_gib: Math.round(totalmem() / 2 ** 30),
};

/** One published figure: a JSON line on stdout. */
export function figure(name, value, facts = {}) {
  console.log(JSON.stringify({ figure: name, value, ...facts, ...machine }));
}

export function say(text = "") {
  process.stderr.write(`${text}\n`);
}

/** Rows of cells, aligned; numbers to the right. */
export function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => String(row[column]).length)));
  for (const row of rows)
    say(row.map((cell, at) => (at === 0 ? String(cell).padEnd(widths[at]) : String(cell).padStart(widths[at]))).join("  "));
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export const round = (value, digits = 3) => Number(value.toFixed(digits));

/** Interpreter of an environment of scripts/python-env.mjs, made if it is not there. */
export function environmentPython(name) {
  execFileSync(process.execPath, [join(root, "scripts", "python-env.mjs"), "--required", name], { stdio: ["ignore", 2, 2] });
  return join(root, ".cache", `venv-${name}`, "bin", "python");
}

/**
 * Runs one command to its end and gives what it cost (bench/measure.py says how that is known).
 *
 * @param {string} python any Python 3
 * @param {string[]} command
 * @param {{ env?: Record<string, string>, sync?: boolean, tree?: boolean }} [options] `sync`: a `sync` of all disks counts too; `tree`: all processes
 *   together are asked for their memory
 * @returns {Promise<{ wall_s: number, cpu_s: number, user_s: number, sys_s: number, rss_kib: number, tree_kib: number }>}
 */
export function measure(python, command, { env = {}, sync = false, tree = false } = {}) {
  return new Promise((resolve, reject) => {
    const args = [join(root, "bench", "measure.py"), ...(sync ? ["--sync"] : []), ...(tree ? ["--tree"] : []), ...command];
    const child = spawn(python, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (bytes) => (stdout += bytes));
    child.stderr.on("data", (bytes) => (stderr += bytes));
    child.on("error", reject);
    child.on("close", (status) => {
      if (status === 0) resolve(JSON.parse(stdout));
      else reject(new Error(`exit ${status}: ${command.join(" ")}\n${stderr}`));
    });
  });
}

/** Whether a command of the program knows a switch, by its own help, which writes `--[no-]sync` for both forms. */
export function knowsFlag(words, name) {
  const help = execFileSync(process.execPath, [program, ...words, "--help"], { encoding: "utf8" });
  return help.includes(`--${name}`) || help.includes(`--[no-]${name}`);
}

/** Lets the page cache go of files that are on the disk. */
export function forget(files) {
  execFileSync("sync");
  for (const path of files)
    execFileSync("dd", [`of=${path}`, "oflag=nocache", "conv=notrunc,fdatasync", "count=0", "status=none"]);
}

/** Ends the process unless the program was built. */
export function needBuild() {
  if (existsSync(program)) return;
  say("dist/cli/main.js is not there: npm run build");
  process.exit(2);
}

function commit() {
  try {
    return execFileSync("git", ["-C", root, "rev-parse", "--short", "HEAD"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  } catch {
    return "none";
  }
}

/** A module of the build, by its path in `dist`. */
export const built = (path) => import(new URL(`../dist/${path}`, import.meta.url).href);
