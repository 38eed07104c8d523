// Do the tests notice a small mistake? Puts seeded mutants into modules, one at a time, and runs the unit tests that load the module.
// node scripts/mutants.mjs [FOLDER or FILE…] [--count 200] [--seed 1] [--jobs N] [--tests 12] [--seconds 60] [--json FILE] [--again FILE]
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { applyMutant, chooseMutants, mutantsOf } from "./mutants/mutate.mjs";
import { Runner } from "./mutants/processes.mjs";
import { relatedTests } from "./mutants/related.mjs";

const root = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    count: { type: "string", default: "200" },
    seed: { type: "string", default: "1" },
    jobs: { type: "string", default: String(Math.max(1, availableParallelism() - 1)) },
    tests: { type: "string", default: "12" },
    seconds: { type: "string", default: "60" },
    json: { type: "string" },
    again: { type: "string" },
  },
});
const folders = positionals.length > 0 ? positionals : ["src/core", "src/model", "src/formats", "src/engine"];
const explained = readExplained(readFileSync(join(root, "docs/design/mutants.md"), "utf8"));
const testsOf = relatedTests(root);
/** Test files that pass with no mutant: only they can kill one. */
const sound = new Map();
/** What each test file took when it last ran. */
const milliseconds = new Map();

const mutants = options.again ? survivorsIn(options.again) : folders.flatMap((folder) => chosenIn(folder.replace(/\/$/, "")));
const results = await tryAll(mutants, Number(options.jobs));
const summary = summarize(results);
if (options.json) writeFileSync(options.json, `${JSON.stringify({ seed: options.seed, summary, results }, null, 1)}\n`);
for (const { mutant, outcome } of results)
  if (outcome === "survived") console.log(`${mutant.file}:${mutant.line}:${mutant.column} ${mutant.old} → ${mutant.new}`);
console.table(summary);
process.exitCode = results.some(({ outcome }) => outcome === "survived") ? 1 : 0;

function chosenIn(folder) {
  const files = statSync(join(root, folder)).isFile() ? [folder] : modulesIn(folder);
  const all = files.flatMap((file) => mutantsOf(file, readFileSync(join(root, file), "utf8")));
  return chooseMutants(all, Number(options.count), options.seed).map((mutant) => ({ ...mutant, folder }));
}

/** Generated text is no code that anybody wrote. */
function modulesIn(folder) {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts") && !name.endsWith(".d.ts"))
    .map((name) => `${folder}/${name}`)
    .sort();
}

/** Those that an earlier run, written with --json, could not kill, in the sources as they are now. */
function survivorsIn(file) {
  const earlier = JSON.parse(readFileSync(file, "utf8")).results.filter(({ outcome }) => outcome === "survived");
  return earlier.flatMap(({ mutant }) => {
    const now = mutantsOf(mutant.file, readFileSync(join(root, mutant.file), "utf8"));
    const [same] = now.filter((each) => isSame(each, mutant)).sort((a, b) => distance(a, mutant) - distance(b, mutant));
    return same ? [{ ...same, folder: mutant.folder }] : [];
  });
}

function distance(a, b) {
  return 1000 * Math.abs(a.line - b.line) + Math.abs(a.column - b.column);
}

function isSame(a, b) {
  return a.file === b.file && a.operator === b.operator && a.old === b.old && a.new === b.new;
}

/** The rows of docs/design/mutants.md: file, and `old` → `new`. */
function readExplained(text) {
  const rows = [...text.matchAll(/^\| `([^`]+)` \| `(.+?)` → `(.+?)` \|/gm)];
  return new Set(rows.map(([, file, old, changed]) => [file, old, changed].join("\n").replaceAll("\\|", "|")));
}

async function tryAll(all, jobs) {
  const queue = [...all];
  const done = [];
  const work = async () => {
    const runner = new Runner(root, Number(options.seconds));
    for (let mutant = queue.shift(); mutant; mutant = queue.shift()) {
      const begun = performance.now();
      const result = { mutant, ...(await outcomeOf(mutant, runner)), ms: Math.round(performance.now() - begun) };
      done.push(result);
      const { file, line, column } = mutant;
      process.stderr.write(
        `${done.length}/${all.length} ${result.outcome} ${result.ms} ms ${file}:${line}:${column} ${mutant.old} → ${mutant.new}\n`,
      );
    }
    runner.stop();
  };
  await Promise.all(Array.from({ length: Math.min(jobs, all.length) }, work));
  return done.sort((a, b) => a.mutant.file.localeCompare(b.mutant.file) || a.mutant.start - b.mutant.start);
}

async function outcomeOf(mutant, runner) {
  const code = applyMutant(readFileSync(join(root, mutant.file), "utf8"), mutant);
  let tests = testsOf(mutant.file, milliseconds)
    .filter((test) => sound.get(test) !== false)
    .slice(0, Number(options.tests));
  for (;;) {
    if (tests.length === 0) return { outcome: survived(mutant), files: 0 };
    let answer = await runner.run(mutant.file, code, tests);
    // an error of no test may come from what an earlier mutant left behind
    if (answer.isStray) answer = await runner.run(mutant.file, code, tests, true);
    const { failed, test, timedOut, files, took = [] } = answer;
    for (const [name, ms] of took) milliseconds.set(relative(root, name), ms);
    if (failed === undefined) return { outcome: survived(mutant), files };
    if (!sound.has(failed)) {
      let plain = await runner.run(mutant.file, undefined, [failed], true);
      // on a busy machine a test may take longer than it is given
      if (plain.failed !== undefined) plain = await runner.run(mutant.file, undefined, [failed], true);
      sound.set(failed, plain.failed === undefined);
      if (plain.failed !== undefined) process.stderr.write(`${failed} fails with no mutant, left out: ${plain.test}\n`);
    }
    if (sound.get(failed)) return { outcome: timedOut ? "timeout" : "killed", by: failed, test };
    tests = tests.filter((each) => each !== failed);
  }
}

function survived({ file, old, new: changed }) {
  return explained.has([file, old, changed].join("\n")) ? "explained" : "survived";
}

function summarize(all) {
  const rows = {};
  for (const { mutant, outcome } of all) {
    rows[mutant.folder] ??= { mutants: 0, killed: 0, timeout: 0, survived: 0, explained: 0 };
    rows[mutant.folder].mutants++;
    rows[mutant.folder][outcome]++;
  }
  return rows;
}
