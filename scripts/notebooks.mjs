/** Executes the notebooks of examples/notebooks, each from a clean kernel, in folders that are empty: `node scripts/notebooks.mjs [--write] [--out DIR] [--demo DIR] [NAME…]`.
 * NAME is a notebook's file name, or its number; all without one. `--write` stores them again with their outputs, `--out` puts them into DIR instead.
 * Those that look at what `emporium demo` makes share a folder, so it is made once; `--demo` names a `demo-out` that is there already, which is copied. Exit status 1 when a cell fails.
 * Wants `node scripts/python-env.mjs notebooks` and a build; a notebook that imports PyTorch wants `torch`, and is passed over without it. The Python package is that of this checkout, as is the program, unless $EMPORIUM names another. */
import { spawn } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const home = join(root, "examples", "notebooks");
const programsOf = (environment) => join(root, ".cache", `venv-${environment}`, "bin");
const isThere = (environment) => existsSync(join(programsOf(environment), "..", "requirements.sha256"));
const program = process.env.EMPORIUM || join(root, "dist", "cli", "main.js");
/** Folders of notebooks that are at work at the same time. */
const AT_ONCE = 2;
/** Its first picture stands in the guide. */
const SHOWN = "02-own-portal.ipynb";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { write: { type: "boolean", default: false }, out: { type: "string" }, demo: { type: "string" } },
});
const known = readdirSync(home)
  .filter((name) => name.endsWith(".ipynb"))
  .sort();
const chosen = positionals.length === 0 ? known : known.filter((name) => positionals.some((word) => isMeant(name, word)));
const absent = positionals.filter((word) => !known.some((name) => isMeant(name, word)));
if (absent.length > 0) end(2, `no notebook ${absent.join(", ")}; there are ${known.join(", ")}`);
if (!isThere("notebooks")) end(1, "no Python environment: node scripts/python-env.mjs notebooks");
if (!existsSync(program)) end(1, "no program: npm run build");

const scratch = mkdtempSync(join(tmpdir(), "emporium-notebooks-"));
let failures = 0;
try {
  const words = join(scratch, "bin");
  mkdirSync(words);
  // `!emporium …` of a cell, as a person types it
  writeFileSync(
    join(words, "emporium"),
    `#!/bin/sh\nexec ${program.endsWith(".js") ? `"${process.execPath}" ` : ""}"${program}" "$@"\n`,
    { mode: 0o755 },
  );
  const lanes = inFolders(chosen.filter(canRun));
  await Promise.all(Array.from({ length: AT_ONCE }, () => work(lanes, words)));
} finally {
  rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
}
process.exit(failures === 0 ? 0 : 1);

function isMeant(name, word) {
  return name === word || name === `${word}.ipynb` || name.startsWith(`${word.padStart(2, "0")}-`);
}

/** PyTorch is large, so it has an environment of its own. */
function environmentOf(name) {
  return /^\s*"(?:import|from) torch\b/m.test(readFileSync(join(home, name), "utf8")) ? "torch" : "notebooks";
}

function canRun(name) {
  const environment = environmentOf(name);
  const there = isThere(environment);
  if (!there) say(`${name}: skipped, no Python environment: node scripts/python-env.mjs ${environment}`);
  return there;
}

/** Notebooks that share a folder, and so what `emporium demo` makes there; the longest list first. */
function inFolders(names) {
  const [shared, alone] = [[], []];
  for (const name of names) (looksAtDemo(name) ? shared : alone).push(name);
  return [...(shared.length > 0 ? [shared] : []), ...alone.map((name) => [name])];
}

function looksAtDemo(name) {
  return readFileSync(join(home, name), "utf8").includes('\\"demo\\", \\"--once\\"');
}

async function work(lanes, words) {
  for (let lane = lanes.shift(); lane; lane = lanes.shift()) {
    const folder = mkdtempSync(join(scratch, "empty-"));
    if (values.demo && lane.some(looksAtDemo)) cpSync(values.demo, join(folder, "demo-out"), { recursive: true });
    for (const name of lane) await execute(name, folder, words);
  }
}

async function execute(name, folder, words) {
  const programs = programsOf(environmentOf(name));
  const result = join(scratch, name);
  const began = performance.now();
  const args = [join(root, "scripts", "notebooks.py"), join(home, name), folder, result];
  const status = await run(join(programs, "python"), args, surroundings(words, programs));
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  say(`${name}: ${status === 0 ? "done" : "failed"} in ${seconds} s`);
  if (status !== 0) failures++;
  else if (values.out) copyFileSync(result, join(madeFolder(values.out), name));
  else if (values.write) {
    copyFileSync(result, join(home, name));
    if (name === SHOWN) writeFileSync(join(root, "docs", "images", "notebooks.png"), firstPicture(result));
  }
}

function firstPicture(path) {
  const outputs = JSON.parse(readFileSync(path, "utf8")).cells.flatMap((cell) => cell.outputs ?? []);
  return Buffer.from([outputs.find(({ data }) => data?.["image/png"]).data["image/png"]].flat().join(""), "base64");
}

/** Nothing of the person's own Jupyter, Matplotlib or emporium. */
function surroundings(words, programs) {
  const { EMPORIUM_WORKSPACE: _, EMPORIUM_DATABASE_URL: __, EMPORIUM_LOGIN: ___, ...rest } = process.env;
  return {
    ...rest,
    PATH: [words, programs, rest.PATH].join(delimiter),
    EMPORIUM: program,
    PYTHONPATH: join(root, "python"),
    // kept compiled for all kernels: the environments come without, and each would compile all that it imports
    PYTHONPYCACHEPREFIX: join(root, ".cache", "python-code"),
    PYTHONDONTWRITEBYTECODE: "",
    JUPYTER_CONFIG_DIR: join(scratch, "jupyter"),
    JUPYTER_DATA_DIR: join(scratch, "jupyter"),
    JUPYTER_RUNTIME_DIR: join(scratch, "jupyter"),
    IPYTHONDIR: join(scratch, "ipython"),
    MPLCONFIGDIR: join(root, ".cache", "matplotlib"), // its list of fonts takes seconds to make
    TZ: "UTC",
  };
}

function run(python, args, env) {
  return new Promise((resolve) => {
    const child = spawn(python, ["-W", "ignore", ...args], { env, stdio: ["ignore", 2, 2] });
    child.once("error", () => resolve(127));
    child.once("close", (status) => resolve(status ?? 1));
  });
}

function madeFolder(path) {
  mkdirSync(path, { recursive: true });
  return path;
}

function end(status, line) {
  say(line);
  process.exit(status);
}

function say(line) {
  process.stderr.write(`notebooks: ${line}\n`);
}
