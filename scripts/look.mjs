/** Sheets of every page, of what pages are seldom in, and of what a terminal shows, in `.cache/look/`: `npm run look`. Says which look otherwise than when
 * somebody looked last, and ends with 1 then; `--only WORDS` draws those alone that have the words in their names; `npm run look -- --approve` keeps what was drawn last as looked at, in `test/look/approved.txt`. */
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = fileURLToPath(new URL("..", import.meta.url));
const { values } = parseArgs({
  options: { approve: { type: "boolean", default: false }, only: { type: "string", default: "" } },
});
const seen = join(root, ".cache/look/seen.txt");
const changes = join(root, ".cache/look/changes.txt");

if (values.approve) {
  if (!existsSync(seen)) fail("no sheets have been drawn: npm run look draws them, and somebody looks at them in .cache/look");
  copyFileSync(seen, join(root, "test/look/approved.txt"));
  console.log("test/look/approved.txt has the pages of .cache/look");
} else {
  rmSync(changes, { force: true });
  const began = performance.now();
  const words = ["node_modules/vitest/vitest.mjs", "run", "--config", "vitest.look.config.ts"];
  const { status } = spawnSync(process.execPath, words, {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, EMPORIUM_LOOK_ONLY: values.only },
  });
  if (!existsSync(changes)) fail(status === 0 ? "no sheets were drawn: there is no Chromium" : "the sheets could not be drawn");
  const lines = readFileSync(changes, "utf8").trimEnd();
  console.log(`\nsheets in .cache/look, ${((performance.now() - began) / 1000).toFixed(0)} s`);
  if (lines === "") console.log("every page looks as it did when somebody looked last");
  else fail(`${lines}\nlook at these sheets; if they are right: npm run look -- --approve`);
}

function fail(text) {
  console.error(text);
  process.exit(1);
}
