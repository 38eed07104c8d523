/** `npm test` on odd machines, one after the other: `node scripts/oddities.mjs [NAME…] [-- WORDS-FOR-VITEST…]`,
 * or on a machine that is odd in several ways: `umask+proxy`. In a clone of what is committed, with nothing beside it, an empty HOME and
 * this checkout's packages. Prints a line for each, keeps what was said in `.cache/oddities`, and exits 1 where one failed. What needs root, or a program that is not there, is said and left out. */
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");
const isRoot = process.getuid?.() === 0;
const place = mkdtempSync(join(tmpdir(), "emporium-oddities-"));
const [clone, home] = [join(place, "clone/emporium"), join(place, "home")];
const logs = join(root, ".cache/oddities");

/** Programs of the PATH but those of a name, as links in a folder. */
function pathWithout(pattern) {
  const folder = join(place, "bin");
  mkdirSync(folder, { recursive: true });
  for (const from of process.env.PATH.split(delimiter).filter((one) => !one.includes("venv")))
    for (const name of namesIn(from)) {
      if (pattern.test(name)) continue;
      try {
        symlinkSync(join(from, name), join(folder, name));
      } catch {
        // the first one of a name counts
      }
    }
  return folder;
}

function namesIn(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

const has = (program) => spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
/** Words before those of `npm test`: with mounts, or a network, of its own. */
const inNamespace = (flags, first) =>
  isRoot && has("unshare") ? ["unshare", ...flags, "sh", "-c", `${first} && exec "$@"`, "sh"] : undefined;
const DEAD = "http://127.0.0.1:9";

/** By its name: `env` beside what is always set, `before` as the first words of the command; undefined where it cannot be had. */
const ODDITIES = {
  plain: () => ({}),
  language: () => ({ env: { LANG: "C", LC_ALL: "C", TZ: "Asia/Kolkata" } }),
  umask: () => ({ before: ["sh", "-c", 'umask 077 && exec "$@"', "sh"] }),
  "read-only-home": () => {
    const folder = join(place, "read-only");
    mkdirSync(folder, { recursive: true });
    chmodSync(folder, 0o555);
    if (!isRoot) return { env: { HOME: folder } };
    const before = inNamespace(["-m"], `mount -t tmpfs -o ro none '${folder}'`);
    return before && { env: { HOME: folder }, before };
  },
  "one-core": () => (has("taskset") ? { before: ["taskset", "-c", "0"] } : undefined),
  "no-ipv6": () => {
    const before = has("ip") && inNamespace(["-n"], "echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6 && ip link set lo up");
    return before ? { before } : undefined;
  },
  "no-python": () => ({ env: { PATH: pathWithout(/^(?:python|pip)/) } }),
  proxy: () => ({
    env: Object.fromEntries(["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"].map((name) => [name, DEAD])),
  }),
  "small-shared-memory": () => {
    const before = inNamespace(["-m"], "mount -t tmpfs -o size=1m none /dev/shm");
    return before && { before };
  },
  "no-git-identity": () => ({
    env: {
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_CONFIG_SYSTEM: "/dev/null",
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: "user.useConfigOnly",
      GIT_CONFIG_VALUE_0: "true",
    },
  }),
};

const words = process.argv.slice(2);
const end = words.includes("--") ? words.indexOf("--") : words.length;
const names = end > 0 ? words.slice(0, end) : Object.keys(ODDITIES);
const unknown = names.flatMap((name) => name.split("+")).filter((name) => !(name in ODDITIES));
if (unknown.length > 0) {
  console.error(`${unknown.join(", ")}: none of ${Object.keys(ODDITIES).join(", ")}`);
  process.exit(2);
}

try {
  prepare();
  for (const name of names) console.log(runOne(name, words.slice(end)));
} finally {
  rmSync(place, { recursive: true, force: true });
}

function prepare() {
  for (const folder of [join(place, "clone"), home, logs]) mkdirSync(folder, { recursive: true });
  mustRun("git", ["clone", "--quiet", `file://${root}`, clone]);
  mustRun("cp", ["-al", join(root, "node_modules"), join(clone, "node_modules")]);
  cpSync(join(root, "dist"), join(clone, "dist"), { recursive: true, force: true, preserveTimestamps: true });
  chmodSync(place, 0o755);
}

function mustRun(program, args) {
  const { status, stderr } = spawnSync(program, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")}: ${stderr}`);
}

function runOne(name, forVitest) {
  const odds = name.split("+").map((one) => ODDITIES[one]());
  if (odds.includes(undefined)) return `${name}: left out: it needs root, unshare and ip here`;
  const log = join(logs, `${name}.log`);
  const [program, ...args] = [...odds.flatMap(({ before }) => before ?? []), "npm", "test", ...forVitest];
  const env = {
    PATH: process.env.PATH,
    HOME: home,
    npm_config_update_notifier: "false",
    ...Object.assign({}, ...odds.map((one) => one.env)),
  };
  const began = performance.now();
  const file = openSync(log, "w");
  const { status } = spawnSync(program, args, { cwd: clone, env, stdio: ["ignore", file, file] });
  if (status !== 0) process.exitCode = 1;
  // without colours
  const said = readFileSync(log, "utf8").replace(/\x1b\[[0-9;]*m/g, "");
  const count = /^ +Tests +(.*)$/m.exec(said)?.[1] ?? said.trim().split("\n").at(-1);
  return `${name}: exit ${status}, ${Math.round((performance.now() - began) / 1000)} s, ${count}`;
}
