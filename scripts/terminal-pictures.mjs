/** Recordings of the terminal for the pages that show one, `docs/images/terminal-*.svg`: `npm run build && node scripts/terminal-pictures.mjs [NAME…]`.
 * Each page's commands are run in a new folder, in the page's order, and the picture has what they printed: a long output is cut in its middle, and says so.
 * Nothing else is changed but the folder's own path, which is `~`, and the lines of progress that a terminal overwrites.
 * Needs a Python with NumPy: `node scripts/python-env.mjs peers`, or $EMPORIUM_PYTHON. */
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { stepsOf } from "./docs-pages.mjs";
import { readersPlace, runSteps } from "./run-steps.mjs";
import { recordedPages, terminalPicture } from "./terminal-svg.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const venv = join(root, ".cache/venv-peers/bin/python");
const python = process.env.EMPORIUM_PYTHON ?? (existsSync(venv) ? venv : undefined);
const names = process.argv.slice(2);
const all = recordedPages(join(root, "docs"));
const pages = all.filter(({ name }) => names.length === 0 || names.includes(name));
const none = names.filter((name) => !all.some((page) => page.name === name));
if (none.length > 0)
  throw new Error(`no page shows terminal-${none[0]}.svg; recorded are ${all.map(({ name }) => name).join(", ")}`);

const folder = realpathSync(mkdtempSync(join(tmpdir(), "emporium-terminal-")));
try {
  // the demo's network would take a minute, and is no part of what is recorded
  const env = { ...readersPlace(folder, python), EMPORIUM_PYTHON: "false" };
  await runSteps([{ command: "emporium demo --once", status: 0 }], { folder, env });
  for (const { name, path } of pages) {
    rmSync(join(folder, ".emporium/catalog"), { recursive: true, force: true }); // a reader of one page has not been served yet
    const done = await runSteps(stepsOf(readFileSync(path, "utf8")), { folder, env });
    const wrong = done.find(({ status, ended }) => status !== ended);
    if (wrong) throw new Error(`${path}: ${wrong.command} ended with ${wrong.ended}, not ${wrong.status}:\n${wrong.output}`);
    const picture = terminalPicture(done.map(({ command, output }) => ({ command, output: seen(output) })));
    writeFileSync(join(root, `docs/images/terminal-${name}.svg`), picture);
    console.log(`terminal-${name}.svg: ${done.length} commands, ${(picture.length / 1024).toFixed(0)} KiB`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** What stays on a terminal. */
function seen(output) {
  return output.replaceAll(folder, "~").replace(/^\d+% {2}.*\n/gm, "");
}
