/** Other Nodes, for tests of what people install: `node scripts/node-env.mjs 22 24` puts each into `.cache/node-N`, from the npm registry's own
 * packages of Node's programs. What is there already is not fetched again. Exits 1 where one cannot be had. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
/** By the first number of their versions. */
const VERSIONS = { 20: "20.20.2", 22: "22.23.3", 24: "24.21.0" };
const PLATFORMS = { win32: "win" };

/** @type {import("./node-env.d.mts").nodeProgram} */
export function nodeProgram(major) {
  if (process.versions.node.split(".")[0] === String(major)) return process.execPath;
  const name = `node-${PLATFORMS[process.platform] ?? process.platform}-${process.arch}`;
  const folder = join(root, ".cache", `node-${major}`);
  const program = join(folder, "node_modules", name, "bin", process.platform === "win32" ? "node.exe" : "node");
  const versionOf = () => spawnSync(program, ["--version"], { encoding: "utf8" }).stdout?.trim();
  if (existsSync(program) && versionOf() === `v${VERSIONS[major]}`) return program;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  // a project of its own: npm would go up to ours
  writeFileSync(join(folder, "package.json"), "{}\n");
  const options = ["--prefix", folder, "--no-audit", "--no-fund", "--no-save", "--ignore-scripts", "--loglevel", "error"];
  const { status } = spawnSync("npm", ["install", ...options, `${name}@${VERSIONS[major]}`], {
    cwd: folder,
    stdio: ["ignore", 2, 2],
    shell: process.platform === "win32",
  });
  return status === 0 && versionOf() === `v${VERSIONS[major]}` ? program : undefined;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const majors = process.argv.slice(2);
  if (majors.length === 0 || majors.some((major) => !(major in VERSIONS))) {
    console.error(`usage: node scripts/node-env.mjs MAJOR…, with MAJOR one of ${Object.keys(VERSIONS).join(", ")}`);
    process.exit(2);
  }
  for (const major of majors) {
    const program = nodeProgram(major);
    console.log(program ?? `node-env: the registry gave no Node ${VERSIONS[major]} for this platform`);
    if (!program) process.exitCode = 1;
  }
}
