// Counts a run of .ci/run: `node scripts/ci-summary.mjs FOLDER`. FOLDER holds `steps` (a line `name status seconds` for each) and, for
// steps that run tests, `<name>.json` of vitest. Prints a line for each step and the sum as the last line; fails where anything failed.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** @type {import("./ci-summary.d.mts").summarise} */
export function summarise(steps, reports) {
  const sum = { passed: 0, failed: 0, skipped: 0 };
  const elsewhere = passedTests(Object.values(reports));
  const lines = steps.map(({ name, status, seconds }) => {
    const counts = countStep(status, reports[name], elsewhere);
    for (const key of Object.keys(sum)) sum[key] += counts[key];
    const said = status === 124 || status === 137 ? ", out of time" : status === 0 ? "" : `, exit ${status}`;
    return `${counts.failed > 0 ? "FAIL" : "ok  "}  ${name}: ${text(counts)} in ${seconds} s${said}`;
  });
  const broken = steps.flatMap(({ name }) => failures(reports[name]));
  return { lines: [...broken, ...lines, text(sum)], ok: steps.length > 0 && sum.failed === 0 };
}

/** What failed, once more at the end: a log of ten thousand tests is long, and often only its end is kept. */
function failures(report) {
  return (report?.testResults ?? []).flatMap(({ name, message, assertionResults }) => {
    const tests = assertionResults.filter(({ status }) => status === "failed");
    if (tests.length === 0) return message ? [`FAIL  ${name}`, indented(message)] : [];
    return tests.flatMap(({ fullName, failureMessages }) => [`FAIL  ${name}: ${fullName}`, ...failureMessages.map(indented)]);
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

/** `file: name` of the tests that ended so, files from the root of the report's own clone on. */
function testsOf({ testResults = [] }, states) {
  const root = commonFolder(testResults.map(({ name }) => name));
  return testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => states.includes(status))
      .map(({ fullName }) => `${name.slice(root.length)}: ${fullName}`),
  );
}

function commonFolder([first = "", ...names]) {
  let folder = first.slice(0, first.lastIndexOf("/") + 1);
  while (folder && !names.every((name) => name.startsWith(folder)))
    folder = folder.slice(0, folder.lastIndexOf("/", folder.length - 2) + 1);
  return folder;
}

const text = ({ passed, failed, skipped }) => `${passed} passed, ${failed} failed, ${skipped} skipped`;

function main(folder) {
  const steps = readFileSync(join(folder, "steps"), "utf8")
    .trim()
    .split("\n")
    .map((line) => line.split(" "))
    .map(([name, status, seconds]) => ({ name, status: Number(status), seconds: Number(seconds) }));
  const files = steps.map(({ name }) => [name, join(folder, `${name}.json`)]).filter(([, file]) => existsSync(file));
  const { lines, ok } = summarise(
    steps,
    Object.fromEntries(files.map(([name, file]) => [name, JSON.parse(readFileSync(file, "utf8"))])),
  );
  console.log(`\n${lines.join("\n")}`);
  process.exit(ok ? 0 : 1);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main(process.argv[2]);
