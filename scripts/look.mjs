/** Sheets of every page, of what pages are seldom in, and of what a terminal shows, in `.cache/look/`: `npm run look`. Says which look otherwise than when
 * somebody looked last, and ends with 1 then; `--only WORDS` draws those alone that have the words in their names; `npm run look -- --approve` keeps what was drawn last as looked at, in `test/look/approved.txt`. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = fileURLToPath(new URL("..", import.meta.url));
const { values } = parseArgs({
  options: { approve: { type: "boolean", default: false }, only: { type: "string", default: "" } },
});
const [approved, changes] = ["test/look/approved.txt", ".cache/look/changes.txt"].map((path) => join(root, path));
const linesOf = (path) => (existsSync(path) ? readFileSync(path, "utf8").trimEnd().split("\n") : []);

if (values.approve) {
  const [whole, part] = ["seen.txt", "seen-part.txt"].map((name) => linesOf(join(root, ".cache/look", name)));
  const [fonts, ...pages] = whole.length > 0 ? whole : part;
  if (!fonts) fail("no sheets have been drawn: npm run look draws them, and somebody looks at them in .cache/look");
  const [before = fonts, ...others] = linesOf(approved);
  if (whole.length === 0 && before !== fonts)
    fail(`these were drawn with ${fonts}, the others with ${before}: draw all of them, without --only`);
  const nameOf = (line) => line.slice(0, line.lastIndexOf(": "));
  const drawn = new Set(pages.map(nameOf));
  const kept = whole.length > 0 ? [] : others.filter((line) => !drawn.has(nameOf(line)));
  writeFileSync(approved, `${[fonts, ...[...pages, ...kept].sort()].join("\n")}\n`);
  console.log(`test/look/approved.txt has ${pages.length} pages as they were drawn last, and ${kept.length} as before`);
} else {
  rmSync(changes, { force: true });
  const began = performance.now();
  const words = ["node_modules/vitest/vitest.mjs", "run", "--config", "vitest.look.config.ts"];
  const { status } = spawnSync(process.execPath, words, {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, EMPORIUM_LOOK_ONLY: values.only, EMPORIUM_TEST_BUILT: "1" },
  });
  if (!existsSync(changes)) fail(status === 0 ? "no sheets were drawn: there is no Chromium" : "the sheets could not be drawn");
  if (values.only !== "" && linesOf(join(root, ".cache/look/seen-part.txt")).length < 2)
    fail(`no page has ${values.only} in its name: test/look/approved.txt has the names, without the width behind them`);
  const lines = readFileSync(changes, "utf8").trimEnd();
  console.log(`\nsheets in .cache/look, ${((performance.now() - began) / 1000).toFixed(0)} s`);
  if (lines === "" && status !== 0) fail("a law of all pages is broken, as is said above");
  else if (lines === "") console.log("every page looks as it did when somebody looked last, and breaks no law");
  else fail(`${lines}\nlook at these sheets; if they are right: npm run look -- --approve`);
}

function fail(text) {
  console.error(text);
  process.exit(1);
}
