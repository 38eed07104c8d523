// Counts a run of .ci/run: `node scripts/ci-summary.mjs FOLDER`. FOLDER holds `steps` (a line `name status seconds cpuSeconds` for each) and, for
// steps that run tests, `<name>.json` of vitest, beside it `.progress` and `.errors` of test/reporter.ts and `.cpu` of test/setup.ts. Prints a line for each
// step and the sum as the last line; fails where anything failed. `node scripts/ci-summary.mjs --failed REPORT.json` prints the files in which
// tests failed, by which they are run again: a step `<name>-again` is such a second run, alone. What passes then is told, and is no failure.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const repository = fileURLToPath(new URL("..", import.meta.url));

/** @type {import("./ci-summary.d.mts").summarise} */
export function summarise(steps, reports, { progress = {}, costs = {}, errors = {} } = {}) {
  const sum = { passed: 0, failed: 0, skipped: 0 };
  const elsewhere = passedTests(Object.values(reports));
  const hasPassedSince = (name) => steps.some((step) => step.name === `${name}${AGAIN}` && step.status === 0);
  const lines = steps.map(({ name, status, seconds, cpuSeconds }) => {
    if (status === NOT_RUN) {
      sum.skipped += 1;
      return `SKIP  ${name}: not run, since the time of a run is over on a machine as slow as this one`;
    }
    const counts = countStep(status, reports[name], elsewhere);
    const times = `in ${seconds} s, ${cpuSeconds} s of processors`;
    // its tests are those of the first run
    if (name.endsWith(AGAIN)) return `${counts.failed > 0 ? "FAIL" : "ok  "}  ${name}: ${text(counts)} ${times}, not counted`;
    const again = hasPassedSince(name) ? counts.failed : 0;
    // an error outside of every test is no test that has passed since
    counts.passed += again > 0 ? (reports[name]?.numFailedTests ?? again) : 0;
    counts.failed -= again;
    for (const key of Object.keys(sum)) sum[key] += counts[key];
    const ended = again > 0 ? `, ${again} of them only when run again` : `, exit ${status}`;
    const said = status === 124 || status === 137 ? ", out of time" : status === 0 ? "" : ended;
    return `${counts.failed > 0 ? "FAIL" : "ok  "}  ${name}: ${text(counts)} ${times}${said}`;
  });
  const broken = steps.flatMap(({ name, status }) => [
    ...failures(reports[name], hasPassedSince(name) ? "TWICE" : "FAIL "),
    ...(errors[name] ?? []).flatMap((one) => [
      `${hasPassedSince(name) ? "TWICE" : "FAIL "} outside of every test, while ${one.name ? inRepository(one.name) : "something"} ran`,
      indented(one.message),
    ]),
    ...(status === 0 || reports[name] ? [] : unended(progress[name]).map((what) => `FAIL  had not ended: ${what}`)),
  ]);
  const dear = steps.flatMap(({ name }) => costliest(name, costs[name]));
  // what failed comes late: of a long log the end is kept
  return { lines: [...dear, ...broken, ...lines, text(sum)], ok: steps.length > 0 && sum.failed === 0 };
}

/** Status of a step for which the time of a run was too short: `fits` of .ci/run. */
const NOT_RUN = 75;
/** What the second run of a step's failed files is called. */
const AGAIN = "-again";
/** More files than these are no accident: they are not run again. */
const AGAIN_MAX = 3;

/** @type {import("./ci-summary.d.mts").filesToRunAgain} */
export function filesToRunAgain({ testResults = [] }, errors = []) {
  const failing = testResults
    .filter(({ message, assertionResults }) =>
      assertionResults.length === 0 ? message : assertionResults.some(({ status }) => status === "failed"),
    )
    .map(({ name }) => name);
  // an error outside of every test fails a run, too: what ran then is run again
  const failed = [...new Set([...failing, ...errors.flatMap(({ name }) => name ?? [])])].map(inRepository);
  return failed.length > AGAIN_MAX ? [] : failed;
}

/** What a killed run was in: begun and not ended. A file is named where none of its tests runs: it prepares something, or puts it away. */
function unended(progress = "") {
  const open = new Set();
  for (const line of progress.split("\n")) {
    if (line.startsWith("begins ")) open.add(line.slice(7));
    else open.delete(line.slice(5));
  }
  return [...open].filter((name) => ![...open].some((other) => other.startsWith(`${name}: `)));
}

/** The five files of a step that took most of the processors, with the time that each took. `costs`: a line `processorSeconds seconds file` for each, from `test/setup.ts`. */
function costliest(name, costs = "") {
  const files = costs
    .trim()
    .split("\n")
    .map((line) => /^(\S+) (\S+) (.+)$/.exec(line))
    .filter((found) => found && Number(found[1]) >= 1)
    .sort((a, b) => b[1] - a[1])
    .slice(0, 5)
    .map(([, processors, seconds, file]) => `${inRepository(file)} ${Math.round(processors)} s in ${seconds} s`);
  return files.length === 0 ? [] : [`costliest of ${name}: ${files.join(", ")}`];
}

/** A file of tests by its path in the repository, wherever its clone lies: below a folder `src`, too. A file that is not here is named from such a folder on. */
function inRepository(path) {
  const parts = path.split("/");
  const ends = parts.map((_, at) => parts.slice(at).join("/"));
  const here = ends.find((end) => !end.startsWith("/") && end !== "" && existsSync(join(repository, end)));
  return here ?? path.replace(/^.*?\/(?=(?:src|web|test|examples)\/)/, "");
}

/** What failed, once more at the end: a log of ten thousand tests is long, and often only its end is kept. */
function failures(report, word) {
  return (report?.testResults ?? []).flatMap(({ name, message, assertionResults }) => {
    const tests = assertionResults.filter(({ status }) => status === "failed");
    if (tests.length === 0) return message ? [`${word} ${name}`, indented(message)] : [];
    return tests.flatMap(({ fullName, failureMessages }) => [`${word} ${name}: ${fullName}`, ...failureMessages.map(indented)]);
  });
}

/** The first lines of a message, which hold what was expected and where; values can be very long. */
const indented = (message) =>
  message
    .split("\n")
    .slice(0, 20)
    .map((line) => `        ${line.slice(0, 300)}`)
    .join("\n");

/** Tests are counted one by one, any other step as one check. A step that fails has at least one failure, whatever its report says. */
function countStep(status, report, elsewhere) {
  if (!report) return { passed: status === 0 ? 1 : 0, failed: status === 0 ? 0 : 1, skipped: 0 };
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = report;
  const failed = numFailedTests > 0 || status === 0 ? numFailedTests : 1;
  const run = skippedTests(report).filter((test) => elsewhere.has(test)).length;
  return { passed: numPassedTests, failed, skipped: numPendingTests + numTodoTests - run };
}

/** A test that one step leaves out and another has passed was not left out: `npm test` reads no real file, `npm run test:data` does. */
const passedTests = (reports) => new Set(reports.flatMap((report) => testsOf(report, ["passed"])));
const skippedTests = (report) => testsOf(report, ["skipped", "pending"]);

/** `file: name` of the tests that ended so, files by their paths in the repository. */
function testsOf({ testResults = [] }, states) {
  return testResults.flatMap(({ name, assertionResults }) => {
    const file = inRepository(name);
    return assertionResults.filter(({ status }) => states.includes(status)).map(({ fullName }) => `${file}: ${fullName}`);
  });
}

const text = ({ passed, failed, skipped }) => `${passed} passed, ${failed} failed, ${skipped} skipped`;

function main(folder) {
  const steps = readFileSync(join(folder, "steps"), "utf8")
    .trim()
    .split("\n")
    .map((line) => line.split(" "))
    .map(([name, ...numbers]) => [name, ...numbers.map(Number)])
    .map(([name, status, seconds, cpuSeconds]) => ({ name, status, seconds, cpuSeconds }));
  /** By the name of the step, of those that have the file. */
  const read = (ending) =>
    Object.fromEntries(
      steps
        .map(({ name }) => [name, join(folder, `${name}.json${ending}`)])
        .filter(([, file]) => existsSync(file))
        .map(([name, file]) => [name, readFileSync(file, "utf8")]),
    );
  const reports = Object.entries(read("")).map(([name, text]) => [name, JSON.parse(text)]);
  const { lines, ok } = summarise(steps, Object.fromEntries(reports), {
    progress: read(".progress"),
    costs: read(".cpu"),
    errors: Object.fromEntries(Object.entries(read(".errors")).map(([name, text]) => [name, JSON.parse(text)])),
  });
  console.log(`\n${lines.join("\n")}`);
  process.exit(ok ? 0 : 1);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv[2] !== "--failed") main(process.argv[2]);
  else {
    const [report, errors] = [process.argv[3], `${process.argv[3]}.errors`].map(
      (file) => existsSync(file) && JSON.parse(readFileSync(file, "utf8")),
    );
    if (report) console.log(filesToRunAgain(report, errors || []).join("\n"));
  }
}
