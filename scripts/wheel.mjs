/** The wheel `em-porium`, which brings the program along: `node scripts/wheel.mjs [--platform linux-x64] [--out dist-wheels] [--package FILE | --stage FOLDER]`.
 *
 * It holds the Python package of `python/`, and the tree of `scripts/stage.mjs` in it; Node comes as a package of PyPI. The path of the wheel is printed.
 * `--package` takes what `npm pack` has packed already, `--stage` a tree that is there already. The same sources give the same bytes; $SOURCE_DATE_EPOCH is the time of its files. */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** What PostgreSQL's binaries need: the glibc of their newest symbol, the macOS of their load command; and what Node's wheels need on top. */
const TAGS = {
  "linux-x64": "py3-none-manylinux_2_28_x86_64",
  "linux-arm64": "py3-none-manylinux_2_28_aarch64",
  "darwin-x64": "py3-none-macosx_13_0_x86_64",
  "darwin-arm64": "py3-none-macosx_13_0_arm64",
  "windows-x64": "py3-none-win_amd64",
};
const here = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
const { values } = parseArgs({
  options: {
    platform: { type: "string", default: here },
    out: { type: "string", default: "dist-wheels" },
    package: { type: "string" },
    stage: { type: "string" },
  },
});
const tag = TAGS[values.platform];
if (!tag) fail(`no wheel for ${values.platform}, wanted one of ${Object.keys(TAGS).join(", ")}`, 2);
const out = resolve(values.out);

run(process.execPath, [join(root, "scripts", "python-env.mjs"), "--required", "wheel"]);
const work = mkdtempSync(join(tmpdir(), "emporium-wheel-"));
try {
  const stage = values.stage ? resolve(values.stage) : join(work, "stage");
  const packed = values.package ? ["--package", resolve(values.package)] : [];
  if (!values.stage) run(process.execPath, [join(root, "scripts", "stage.mjs"), stage, "--platform", values.platform, ...packed]);
  const built = join(work, "built");
  const python = join(root, ".cache", "venv-wheel", process.platform === "win32" ? "Scripts" : "bin", "python");
  // the environment has the builder, so nothing is fetched for it
  run(python, ["-m", "build", "--wheel", "--no-isolation", "--outdir", built, join(root, "python")], {
    EMPORIUM_STAGE: stage,
    EMPORIUM_WHEEL_TAG: tag,
    SOURCE_DATE_EPOCH: process.env.SOURCE_DATE_EPOCH ?? "499162500",
    PYTHONDONTWRITEBYTECODE: "1",
  });
  const [name] = readdirSync(built);
  mkdirSync(out, { recursive: true });
  copyFileSync(join(built, name), join(out, name));
  process.stdout.write(`${join(out, name)}\n`);
} finally {
  rmSync(work, { recursive: true, force: true });
}

function run(command, args, more = {}) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ["ignore", 2, 2], env: { ...process.env, ...more } });
  if (status !== 0) fail(`failed at ${command} ${args.join(" ")}${error ? `: ${error.message}` : ""}`, 1);
}

function fail(line, status) {
  process.stderr.write(`wheel: ${line}\n`);
  process.exit(status);
}
