/** The suites of `npm run test:all` on other Nodes than the one of this shell: `node scripts/suites-on.mjs 22 24`, and after `--` what vitest is to get
 * (files, `-t NAME`). Each Node is fetched once (`node-env.mjs`), and is the first on PATH, so that what a test starts runs on it, too.
 * Prints a line for each and exits 1 where one failed or could not be had. */
import { spawnSync } from "node:child_process";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { nodeProgram } from "./node-env.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const words = process.argv.slice(2);
const end = words.includes("--") ? words.indexOf("--") : words.length;
const majors = words.slice(0, end);
const forVitest = words.slice(end + 1);
if (majors.length === 0 || majors.some((major) => !/^\d+$/.test(major))) {
  console.error("usage: node scripts/suites-on.mjs MAJOR… [-- WORDS-FOR-VITEST…]");
  process.exit(2);
}
const told = [];
for (const major of majors) {
  const node = nodeProgram(major);
  if (!node) {
    told.push(`Node ${major}: cannot be had here`);
    process.exitCode = 1;
    continue;
  }
  const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH}` };
  const { status } = spawnSync(node, [join(root, "node_modules", "vitest", "vitest.mjs"), "run", ...forVitest], {
    cwd: root,
    stdio: "inherit",
    env,
  });
  told.push(`Node ${major} (${node}): ${status === 0 ? "passed" : `failed (${status})`}`);
  if (status !== 0) process.exitCode = 1;
}
console.log(told.join("\n"));
