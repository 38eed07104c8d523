// Do the tests notice a small mistake? Puts seeded mutants into modules, one at a time, and runs the unit tests that load the module.
// node scripts/mutants.mjs [FOLDER or FILE…] [--count 200] [--seed 1] [--jobs N] [--tests 12] [--rest 0] [--seconds 60] [--json FILE] [--again FILE]
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
    rest: { type: "string", default: "0" },
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
for (const { mutant, outcome } of results)
  if (outcome === "survived") console.log(`${mutant.file}:${mutant.line}:${mutant.column} ${mutant.old} → ${mutant.new}`);
console.table(summary);
process.exitCode = results.some(({ outcome }) => outcome === "survived") ? 1 : 0;

function chosenIn(folder) {
  const files = statSync(join(root, folder)).isFile() ? [folder] : modulesIn(folder);
  const all = files.flatMap((file) => mutantsOf(file, readFileSync(join(root, file), "utf8")));
  return chooseMutants(all, Number(options.count), options.seed).map((mutant) => ({ ...mutant, folder }));
}

/** Generated text is no code that anybody wrote; what no unit loads, as most parts of pages, none can notice. */
function modulesIn(folder) {
  const all = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name) && !/(?:\.test|\.d|\bgenerated)\.ts$/.test(name))
    .map((name) => `${folder}/${name}`)
    .sort();
  const loaded = all.filter((file) => testsOf(file, milliseconds).length > 0);
  if (loaded.length < all.length) console.log(`${folder}: no unit loads ${all.length - loaded.length} of ${all.length} modules`);
  return loaded;
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

/** After each mutant: a run that is stopped has told what it has tried. */
function write(file, done) {
  writeFileSync(file, `${JSON.stringify({ seed: options.seed, summary: summarize(done), results: done }, null, 1)}\n`);
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
      if (options.json) write(options.json, done);
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

/** The units that load the module, and where none of them notices and `--rest` says so, suites of commands, faults and servers that load it. */
async function outcomeOf(mutant, runner) {
  const code = applyMutant(readFileSync(join(root, mutant.file), "utf8"), mutant);
  const byUnits = await firstThatFails(mutant.file, code, runner, choose(testsOf(mutant.file, milliseconds), options.tests));
  if (byUnits.outcome) return byUnits;
  const rest = choose(testsOf(mutant.file, milliseconds, true), options.rest);
  const byRest = await firstThatFails(mutant.file, code, runner, rest);
  if (byRest.outcome) return byRest;
  return { outcome: survived(mutant), files: byUnits.files + byRest.files };
}

function choose(tests, count) {
  return tests.filter((test) => sound.get(test) !== false).slice(0, Number(count));
}

async function firstThatFails(file, code, runner, all) {
  let tests = all;
  for (;;) {
    if (tests.length === 0) return { files: 0 };
    let answer = await runner.run(file, code, tests);
    // an error of no test may come from what an earlier mutant left behind
    if (answer.isStray) answer = await runner.run(file, code, tests, true);
    const { failed, test, timedOut, files, took = [] } = answer;
    for (const [name, ms] of took) milliseconds.set(relative(root, name), ms);
    if (failed === undefined) return { files };
    if (!sound.has(failed)) {
      let plain = await runner.run(file, undefined, [failed], true);
      // on a busy machine a test may take longer than it is given
      if (plain.failed !== undefined) plain = await runner.run(file, undefined, [failed], true);
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
