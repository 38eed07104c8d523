/** The program as it is installed, in a folder of its own: `node scripts/stage.mjs FOLDER [--platform linux-x64] [--package FILE]`.
 *
 * FOLDER gets what `npm pack` packs (`--package` names the file where it is packed already) and, beside it in `node_modules/`, the packages that it needs at run time, as `package-lock.json` has them, with the
 * PostgreSQL of the one platform. Wheels and containers are made of it. It has no links, no list of a registry's addresses and no times of its own, so
 * the same sources give the same tree on every machine. */
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  utimesSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { isCompiled } from "./compiled.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** As PostgreSQL's packages are called: what npm is told. */
const PLATFORMS = {
  "linux-x64": { os: "linux", cpu: "x64" },
  "linux-arm64": { os: "linux", cpu: "arm64" },
  "darwin-x64": { os: "darwin", cpu: "x64" },
  "darwin-arm64": { os: "darwin", cpu: "arm64" },
  "windows-x64": { os: "win32", cpu: "x64" },
};
const here = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
/** npm's own: 1985-10-26, the time of every file of a package. ZIP archives, as wheels are, begin in 1980. */
const EPOCH_SECONDS = Number(process.env.SOURCE_DATE_EPOCH ?? 499_162_500);

const options = { platform: { type: "string", default: here }, package: { type: "string" } };
const { values, positionals } = parseArgs({ allowPositionals: true, options });
const npmNames = PLATFORMS[values.platform];
if (positionals.length !== 1 || !npmNames) {
  fail(
    `usage: node scripts/stage.mjs FOLDER [--platform PLATFORM] [--package FILE], with PLATFORM one of ${Object.keys(PLATFORMS).join(", ")}`,
    2,
  );
}
const folder = resolve(positionals[0]);
if (existsSync(folder) && readdirSync(folder).length > 0) fail(`${folder} is not empty, wanted a new folder`, 2);
if (!isCompiled()) fail("dist/ was compiled of other sources: npm run build", 2);

mkdirSync(folder, { recursive: true });
if (values.package) unpack(resolve(values.package));
else pack();
copyFileSync(join(root, "package-lock.json"), join(folder, "package-lock.json"));
const { os, cpu } = npmNames;
const quiet = ["--no-audit", "--no-fund", "--loglevel", "error"];
run(
  "npm",
  ["ci", "--omit=dev", "--ignore-scripts", "--os", os, "--cpu", cpu, ...(os === "linux" ? ["--libc", "glibc"] : []), ...quiet],
  folder,
);
for (const name of ["package-lock.json", "node_modules/.package-lock.json", "node_modules/.bin"]) {
  rmSync(join(folder, name), { recursive: true, force: true });
}
const { files, bytes } = settle(folder);
process.stderr.write(`stage: ${files} files, ${(bytes / 2 ** 20).toFixed(1)} MiB for ${values.platform} in ${folder}\n`);

function pack() {
  const archives = mkdtempSync(join(tmpdir(), "emporium-pack-"));
  try {
    run("npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", archives], root);
    const [archive] = readdirSync(archives);
    unpack(join(archives, archive));
  } finally {
    rmSync(archives, { recursive: true, force: true });
  }
}

function unpack(archive) {
  run("tar", ["-xzf", archive, "--strip-components=1", "-C", folder], root);
}

/** Files in the place of links, which a wheel cannot hold, and one time for all. */
function settle(below) {
  let [count, size] = [0, 0];
  for (const name of readdirSync(below).sort()) {
    const path = join(below, name);
    if (lstatSync(path).isSymbolicLink()) follow(path);
    const own = lstatSync(path);
    const inside = own.isDirectory() ? settle(path) : { files: 1, bytes: own.size };
    count += inside.files;
    size += inside.bytes;
    utimesSync(path, EPOCH_SECONDS, EPOCH_SECONDS);
  }
  return { files: count, bytes: size };
}

function follow(path) {
  const target = realpathSync(path);
  if (relative(folder, target).startsWith("..")) fail(`${path} leads to ${target}, outside of the folder`, 1);
  rmSync(path);
  copyFileSync(target, path);
}

function run(command, args, cwd) {
  const { status, error } = spawnSync(command, args, { cwd, stdio: ["ignore", 2, 2], shell: process.platform === "win32" });
  if (status !== 0) fail(`failed at ${command} ${args.join(" ")}${error ? `: ${error.message}` : ""}`, 1);
}

function fail(line, status) {
  process.stderr.write(`stage: ${line}\n`);
  process.exit(status);
}
