// `npm run figures [-- --only ingest,verify] [--full] [--limit SECONDS] [--write]`: runs every benchmark once, each in turns with its peers, keeps
// what they print in docs/figures/measured.jsonl, and writes docs/figures.md and the table of README.md from it. `--full` repeats as often as a
// published figure wants; `--write` measures nothing. What a benchmark of this run did not measure stays as it was.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { BENCHMARKS } from "../bench/registry.mjs";
import { figuresPage, readmeTable, withTable } from "./figures-page.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const MEASURED = join(root, "docs", "figures", "measured.jsonl");

const { values: options } = parseArgs({
  options: {
    only: { type: "string" },
    full: { type: "boolean", default: false },
    limit: { type: "string", default: "3600" },
    write: { type: "boolean", default: false },
  },
});
const names = options.only?.split(",") ?? BENCHMARKS.map(({ name }) => name);
const unknown = names.filter((name) => !BENCHMARKS.some((one) => one.name === name));
if (unknown.length > 0) {
  console.error(`no such benchmark: ${unknown.join(", ")}; there are ${BENCHMARKS.map(({ name }) => name).join(", ")}`);
  process.exit(2);
}

const failed = [];
let lines = existsSync(MEASURED)
  ? readFileSync(MEASURED, "utf8")
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line))
  : [];
if (!options.write) {
  for (const benchmark of BENCHMARKS.filter(({ name }) => names.includes(name))) {
    const { figures, status } = await run(benchmark);
    if (status !== 0) failed.push(`${benchmark.name}: status ${status}`);
    if (figures.length === 0) continue;
    lines = [...lines.filter(({ benchmark: of }) => of !== benchmark.name), ...figures];
    keep();
  }
}
keep();
if (failed.length > 0) {
  console.error(`not all was measured: ${failed.join("; ")}`);
  process.exit(1);
}

/** What a benchmark printed, with what it was measured on. */
async function run({ name, script = name, once, full, code }) {
  const args = [join(root, "bench", `${script}.mjs`), ...(options.full ? full : once)];
  console.error(`\n== ${name}: node bench/${script}.mjs ${(options.full ? full : once).join(" ")}`);
  const child = spawn(process.execPath, args, {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
    timeout: Number(options.limit) * 1000,
  });
  let out = "";
  child.stdout.setEncoding("utf8").on("data", (text) => (out += text));
  const status = await new Promise((done) => child.on("close", (code_, signal) => done(code_ ?? signal)));
  const facts = {
    benchmark: name,
    day: new Date().toISOString().slice(0, 10),
    repeats: options.full ? "full" : "once",
    code: digestOf(code),
  };
  const figures = out
    .split("\n")
    .filter((line) => line.startsWith('{"figure"'))
    .map((line) => ({ ...JSON.parse(line), ...facts }));
  return { figures, status };
}

function keep() {
  const order = new Map(BENCHMARKS.map(({ name }, at) => [name, at]));
  lines.sort((a, b) => order.get(a.benchmark) - order.get(b.benchmark));
  writeFileSync(MEASURED, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  const digests = Object.fromEntries(BENCHMARKS.map(({ name, code }) => [name, digestOf(code)]));
  writeFileSync(join(root, "docs", "figures.md"), figuresPage(lines, BENCHMARKS, digests));
  const readme = join(root, "README.md");
  writeFileSync(readme, withTable(readFileSync(readme, "utf8"), readmeTable(lines)));
}

/** Of the code that a benchmark measures: what is measured on other code is marked as older. */
function digestOf(paths) {
  const hash = createHash("sha256");
  for (const path of paths) {
    const full = join(root, path);
    const files = statSync(full).isFile() ? [""] : readdirSync(full, { recursive: true, encoding: "utf8" }).sort();
    for (const file of files)
      if (/(?<!\.test)\.(?:ts|tsx|css)$/.test(file || path))
        hash.update(`\0${path}/${file}\0`).update(readFileSync(join(full, file)));
  }
  return hash.digest("hex").slice(0, 16);
}
