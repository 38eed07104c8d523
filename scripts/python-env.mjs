/** Virtual environments for the programs that judge or race emporium: `node scripts/python-env.mjs [--required] NAME…`.
 * NAME is a file of scripts/python/: peers, serve, zarr3, blocks, neuroglancer, workflows, cluster, reference, catalog, engine, torch, datasette, wheel, notebooks, jupyter, writers. Each becomes `.cache/venv-NAME/`, and stays as it is until its list of
 * requirements or the Python below it changes. A machine without a fitting Python gets one line and exit 0 (the suites that
 * need the environment then skip, visibly), or exit 1 with `--required`. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const lists = join(root, "scripts", "python");
/** Python's minor versions that have wheels for every line of a list; numpy 1.26 ends at 3.12. */
const minorVersions = { peers: [11, 12], reference: [11, 12], zarr3: [11, 99], blocks: [11, 99], writers: [11, 99] };

/** Free bytes below which a large list is not installed: other work on the machine needs the disk, too. */
const roomBytes = { torch: 20e9 };

const uvVersion = "uv==0.13.8";
const pipInstall = ["install", "--quiet", "--no-input", "--disable-pip-version-check"];
/** Its path once it was looked for; empty where there is none. */
let uvProgram;

const known = readdirSync(lists)
  .filter((name) => name.endsWith(".txt"))
  .map((name) => name.slice(0, -4));
const { values, positionals } = parseArgs({ allowPositionals: true, options: { required: { type: "boolean", default: false } } });
const unknown = positionals.filter((name) => !known.includes(name));
if (positionals.length === 0 || unknown.length > 0) {
  say(`usage: node scripts/python-env.mjs [--required] NAME…, with NAME one of ${known.join(", ")}`);
  process.exit(2);
}
const ready = positionals.map(prepare);
process.exit(ready.includes(false) && values.required ? 1 : 0);

/** @returns {boolean} whether the environment is there now */
function prepare(name) {
  const requirements = readFileSync(join(lists, `${name}.txt`), "utf8");
  const folder = join(root, ".cache", `venv-${name}`);
  const python = findPython(minorVersions[name] ?? [11, 99]);
  if (!python) {
    const [low, high] = minorVersions[name] ?? [11, 99];
    say(`${name}: skipped, no Python 3.${low}${high === 99 ? " or newer" : ` to 3.${high}`} on this machine (or it lacks venv)`);
    return false;
  }
  const stampFile = join(folder, "requirements.sha256");
  const stamp = createHash("sha256").update(`${python.version}\n${requirements}`).digest("hex");
  if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp) {
    say(`${name}: ready, Python ${python.version} in .cache/venv-${name}`);
    return true;
  }
  const { bavail, bsize } = statfsSync(root);
  if (bavail * bsize < (roomBytes[name] ?? 0)) {
    say(`${name}: skipped, less than ${roomBytes[name] / 1e9} GB are free on the disk`);
    return false;
  }
  say(`${name}: Python ${python.version} and ${countPackages(requirements)} packages into .cache/venv-${name} (once)`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(dirname(folder), { recursive: true });
  const list = join(lists, `${name}.txt`);
  const interpreter = join(folder, "bin", "python");
  const steps = uv(python)
    ? [
        [python.command, ["-m", "venv", "--without-pip", folder]],
        [uv(python), ["pip", "install", "--quiet", "--python", interpreter, "-r", list]],
      ]
    : [
        [python.command, ["-m", "venv", folder]],
        [interpreter, ["-m", "pip", ...pipInstall, "--prefer-binary", "-r", list]],
      ];
  for (const [command, args] of steps) {
    const { status, error } = spawnSync(command, args, { stdio: ["ignore", 2, 2], env: uvEnvironment() });
    if (status !== 0) {
      say(`${name}: failed at ${command} ${args.join(" ")}${error ? `: ${error.message}` : ""}`);
      return false;
    }
  }
  writeFileSync(stampFile, stamp); // last: a folder without it is begun again
  say(`${name}: ready`);
  return true;
}

/** uv, which installs these lists in a tenth of pip's time, in an environment of its own; empty where pip cannot get it. */
function uv(python) {
  const folder = join(root, ".cache", "venv-uv");
  const program = join(folder, "bin", "uv");
  if (uvProgram === undefined && !existsSync(program)) {
    spawnSync(python.command, ["-m", "venv", folder], { stdio: ["ignore", 2, 2] });
    spawnSync(join(folder, "bin", "python"), ["-m", "pip", ...pipInstall, uvVersion], { stdio: ["ignore", 2, 2] });
  }
  uvProgram ??= existsSync(program) ? program : "";
  return uvProgram;
}

/** What a person has told pip about indexes and wheels holds for uv as well. */
function uvEnvironment() {
  const { PIP_INDEX_URL, PIP_EXTRA_INDEX_URL, PIP_FIND_LINKS, ...rest } = process.env;
  const told = { UV_DEFAULT_INDEX: PIP_INDEX_URL, UV_INDEX: PIP_EXTRA_INDEX_URL, UV_FIND_LINKS: PIP_FIND_LINKS };
  const given = Object.fromEntries(Object.entries(told).filter(([, value]) => value));
  return { ...process.env, UV_CACHE_DIR: join(root, ".cache", "uv"), ...given, ...rest };
}

/** The first Python 3 with a minor version in the range and a working venv module. */
function findPython([low, high]) {
  const names = ["python3", ...[14, 13, 12, 11].map((minor) => `python3.${minor}`)];
  for (const command of process.env.PYTHON ? [process.env.PYTHON, ...names] : names) {
    const probe = "import sys, venv, ensurepip; print('%d.%d.%d' % sys.version_info[:3])";
    const { status, stdout } = spawnSync(command, ["-c", probe], { encoding: "utf8" });
    const minor = Number(/^3\.(\d+)\./.exec(stdout ?? "")?.[1]);
    if (status === 0 && minor >= low && minor <= high) return { command, version: stdout.trim() };
  }
  return undefined;
}

function countPackages(requirements) {
  return requirements.split("\n").filter((line) => /^[a-z]/i.test(line)).length;
}

function say(line) {
  process.stderr.write(`python-env: ${line}\n`);
}
