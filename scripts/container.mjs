// Builds the image of Containerfile where no registry of images can be reached: `node scripts/container.mjs [--job | --notebook] [--fresh]`.
//
// buildah executes Containerfile; only its base is another one: a root of Debian 12 that mmdebstrap makes, with Node and npm out of npm's registry, in the
// place of docker.io's `node`. With --fresh it is executed as it stands. Without, its first stage is run once for all images, with the packages of this
// checkout and what it has compiled. Needs root, buildah, podman, mmdebstrap. Images are in .cache/container/, named after what they were built of, so a second call finds the first
// one's. Prints the image's name. Exits 2 where a tool is not here.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const cache = join(root, ".cache/container");
const NODE = "24.21.0";
const NPM = "11.21.2";
const BASE_NAME = `localhost/emporium-base:node-${NODE}`;

/** What podman and buildah are told before anything else: images of ours alone, and sockets whose paths are short enough; the same for each run of the suites, since podman notes it. */
const id = createHash("sha256").update(root).digest("hex").slice(0, 8);
export const STORAGE = [
  "--root",
  join(cache, "storage"),
  "--runroot",
  join(process.env.EMPORIUM_TEST_BASE ?? tmpdir(), `emporium-run-${id}`),
  "--storage-driver",
  "overlay",
];

/** @type {import("./container.d.mts").absentTools} */
export function absentTools() {
  const found = (name) => (process.env.PATH ?? "").split(":").some((folder) => existsSync(join(folder, name)));
  const absent = ["mmdebstrap", "buildah", "podman"].filter((name) => !found(name));
  return [...absent, ...(process.getuid?.() === 0 ? [] : ["root"])];
}

/** @type {import("./container.d.mts").buildImage} */
export function buildImage({ target = "emporium", fresh = false } = {}) {
  const name = `localhost/emporium-${target}:${contextDigest()}`;
  if (!fresh && has(name)) return name;
  // JupyterLab is put onto the program's own image
  if (target === "notebook") {
    const words = [
      "--build-arg",
      `EMPORIUM=${buildImage({ target: "job", fresh })}`,
      "--file",
      join(root, "Containerfile.notebook"),
    ];
    return bud(target, name, words);
  }
  buildBase(fresh);
  const from = ["--build-arg", `BASE=${BASE_NAME}`, "--file"];
  if (fresh) return bud(target, name, [...from, join(root, "Containerfile")]);
  return bud(target, name, [
    ...from,
    containerfile("of-kept", keptStage(name.replace(/^[^:]+/, "localhost/emporium-kept"), from)),
  ]);
}

/**
 * The stage that both images take their files from, run once, of which an image has these files alone: that of the whole stage would have all packages, too.
 *
 * @returns Containerfile with that image in the place of its first stage
 */
function keptStage(name, from) {
  const [head, build, ...images] = readFileSync(join(root, "Containerfile"), "utf8").split(/^(?=FROM )/m);
  const steps = build.replace(/^RUN (?:.*\\\n)*.*\bnpm ci\b.*\n/m, "");
  if (steps === build)
    throw new Error("Containerfile has no npm ci, in the place of which packages of this checkout are mounted");
  const kept = `${head}${steps}\nFROM scratch AS kept\nCOPY --from=build /root-folder /root-folder\n`;
  const packages = ["--volume", `${join(root, "node_modules")}:/src/node_modules:ro`];
  if (!has(name)) bud("kept", name, [...from, containerfile("kept", kept), "--ignorefile", withBuild(), ...packages]);
  return [head, `FROM ${name} AS build\n\n`, ...images].join("");
}

function containerfile(name, text) {
  const file = join(cache, `Containerfile.${name}`);
  writeFileSync(file, text);
  return file;
}

/**
 * A list of what is left out of the build that keeps `dist/` of this checkout: `scripts/build.mjs` finds in the image that it is of these sources, or compiles
 * them. With `--fresh` it always does, as for everybody else.
 */
function withBuild() {
  const file = join(cache, "with-build.dockerignore");
  const words = readFileSync(join(root, ".dockerignore"), "utf8");
  writeFileSync(file, `${words}!dist\n!.cache/viewer.json\n`);
  return file;
}

/** Builds a stage of a file as an image of this name. */
function bud(target, name, words) {
  // a registry's mirror and a network's own certificate authorities, where this machine has them
  const secrets = [
    ["npmrc", `${process.env.HOME}/.npmrc`],
    ["pipconf", process.env.PIP_CONFIG_FILE ?? "/etc/pip.conf"],
    ["authorities", process.env.NODE_EXTRA_CA_CERTS ?? "/etc/ssl/certs/ca-certificates.crt"],
  ].flatMap(([id, src]) => (existsSync(src) ? ["--secret", `id=${id},src=${src}`] : []));
  const options = ["--isolation", "chroot", "--format", "docker", "--target", target, ...words];
  run("buildah", ["bud", ...STORAGE, ...options, ...secrets, "--volume", `${npmCache()}:/root/.npm`, "--tag", name, root]);
  removeOlder(name);
  return name;
}

/** @type {import("./container.d.mts").buildStandIn} */
export function buildStandIn(target) {
  const name = `localhost/emporium-stand-in-${target}`;
  buildBase(false);
  const file = ["--file", join(root, "test/installed/compose/Containerfile"), "--ignorefile", "/dev/null"];
  // --layers: Debian's packages are fetched once
  const options = ["--isolation", "chroot", "--layers", "--build-arg", `BASE=${BASE_NAME}`, "--target", target];
  run("buildah", ["bud", ...STORAGE, ...options, ...file, "--tag", name, root]);
  return name;
}

/** @type {import("./container.d.mts").withLabel} */
export function withLabel(image, label, name) {
  const { stdout, status, stderr } = spawnSync("buildah", ["from", ...STORAGE, image], { encoding: "utf8" });
  if (status !== 0) throw new Error(`buildah from ${image}: ${stderr}`);
  run("buildah", ["config", ...STORAGE, "--label", label, stdout.trim()]);
  run("buildah", ["commit", ...STORAGE, "--rm", "--quiet", stdout.trim(), name]);
  return name;
}

/** Names and bytes of all that Containerfile copies into the build. */
function contextDigest() {
  const hash = createHash("sha256").update(BASE_NAME);
  const kept = readFileSync(join(root, ".dockerignore"), "utf8")
    .split("\n")
    .filter((line) => line.startsWith("!"));
  const tops = kept.flatMap((line) =>
    line.includes("*") ? readdirSync(root).filter((name) => /^tsconfig.*\.json$/.test(name)) : [line.slice(1)],
  );
  for (const top of ["Containerfile", "Containerfile.notebook", ".dockerignore", ...tops].sort()) {
    const path = join(root, top);
    if (!existsSync(path)) continue;
    const names = statSync(path).isDirectory()
      ? readdirSync(path, { recursive: true })
          .sort()
          .map((name) => join(path, name))
      : [path];
    for (const file of names) {
      if (/node_modules|__pycache__|\.test\.ts$|scripts.container\.(?:d\.mts|mjs)$/.test(file) || !statSync(file).isFile())
        continue;
      hash.update(`\0${file.slice(root.length)}\0`).update(readFileSync(file));
    }
  }
  return hash.digest("hex").slice(0, 16);
}

function buildBase(fresh) {
  if (!fresh && has(BASE_NAME)) return;
  const folder = join(cache, "base");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, "npm"), { recursive: true });
  const without = ["man", "locale", "info"].map((name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`);
  run("mmdebstrap", [
    "--quiet",
    "--variant=minbase",
    "--include=ca-certificates,libstdc++6",
    ...without,
    "bookworm",
    join(folder, "root.tar"),
  ]);
  // a project of its own: npm would go up to ours
  writeFileSync(join(folder, "npm/package.json"), "{}\n");
  const node = `node-linux-${process.arch}`;
  const quiet = ["--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error"];
  run("npm", ["install", ...quiet, `${node}@${NODE}`, `npm@${NPM}`], join(folder, "npm"));
  const local = join(folder, "files/usr/local");
  for (const name of ["bin", "lib/node_modules"]) mkdirSync(join(local, name), { recursive: true });
  cpSync(join(folder, "npm/node_modules", node, "bin/node"), join(local, "bin/node"));
  cpSync(join(folder, "npm/node_modules/npm"), join(local, "lib/node_modules/npm"), { recursive: true });
  symlinkSync("../lib/node_modules/npm/bin/npm-cli.js", join(local, "bin/npm"));
  writeFileSync(join(folder, "Containerfile"), "FROM scratch\nADD root.tar /\nCOPY files/ /\n");
  run("buildah", ["bud", ...STORAGE, "--isolation", "chroot", "--tag", BASE_NAME, folder]);
  rmSync(folder, { recursive: true, force: true });
}

function has(name) {
  return spawnSync("podman", [...STORAGE, "image", "exists", name], { stdio: "ignore" }).status === 0;
}

function removeOlder(name) {
  const [repository] = name.split(":");
  const { stdout } = spawnSync("podman", [...STORAGE, "images", "--format", "{{.Repository}}:{{.Tag}}", repository], {
    encoding: "utf8",
  });
  const older = stdout.split("\n").filter((line) => line.startsWith(`${repository}:`) && line !== name);
  if (older.length > 0) spawnSync("podman", [...STORAGE, "rmi", "--force", ...older], { stdio: "ignore" });
  spawnSync("podman", [...STORAGE, "image", "prune", "--force"], { stdio: "ignore" });
}

function npmCache() {
  const { stdout } = spawnSync("npm", ["config", "get", "cache"], { encoding: "utf8" });
  mkdirSync(stdout.trim(), { recursive: true });
  return stdout.trim();
}

function run(command, args, cwd = root) {
  const { status, error } = spawnSync(command, args, { cwd, stdio: ["ignore", 2, 2] });
  if (status !== 0) throw new Error(`failed at ${command} ${args.slice(0, 3).join(" ")} …${error ? `: ${error.message}` : ""}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const absent = absentTools();
  if (absent.length > 0) {
    console.error(`container: ${absent.join(", ")} needed, and not here`);
    process.exit(2);
  }
  const target = ["job", "notebook"].find((name) => process.argv.includes(`--${name}`)) ?? "emporium";
  console.log(buildImage({ target, fresh: process.argv.includes("--fresh") }));
}
