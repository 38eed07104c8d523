/** The browser of the browser tests: `node scripts/browser-env.mjs [--required]`. Looks for a Chromium (`$CHROMIUM`, then the usual places) and,
 * where apt-get may be used, adds Debian's without windows, which takes a third less of the processors. A machine that has none and cannot get one gets one line and exit 0
 * (the tests then skip, visibly), or exit 1 with `--required`. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const WITHOUT_WINDOWS = "chromium-headless-shell";
const NAMES = [WITHOUT_WINDOWS, "chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
/** Without a font labels would be empty boxes. */
const PACKAGES = [WITHOUT_WINDOWS, "fonts-dejavu-core"];

/** @type {import("./browser-env.d.mts").findBrowser} */
export function findBrowser(env = process.env) {
  if (env.CHROMIUM) return existsSync(env.CHROMIUM) ? env.CHROMIUM : undefined;
  const folders = (env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path));
}

function main() {
  const { values } = parseArgs({ options: { required: { type: "boolean", default: false } } });
  const found = findBrowser();
  const there = found?.endsWith(WITHOUT_WINDOWS) ? found : (install() ?? found);
  say(there ? `ready, ${there}` : "no Chromium on this machine (set $CHROMIUM, or install it): the browser tests are skipped");
  process.exit(!there && values.required ? 1 : 0);
}

function install() {
  if (process.getuid?.() !== 0 || process.env.CHROMIUM || spawnSync("apt-get", ["--version"]).status !== 0) return undefined;
  say(`installing ${PACKAGES.join(" and ")} with apt-get (a few minutes, once)`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  for (const args of [
    ["update", "-qq"],
    ["install", "-y", "-qq", "--no-install-recommends", ...PACKAGES],
  ]) {
    const { status } = spawnSync("apt-get", args, { stdio: ["ignore", "ignore", 2], env });
    if (status !== 0) say(`apt-get ${args[0]} failed`);
  }
  return findBrowser();
}

function say(line) {
  process.stderr.write(`browser-env: ${line}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
