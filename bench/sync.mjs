/**
 * `npm run bench:sync -- [--files 20000] [--bytes 40000] [--large 4] [--large-mib 1024] [--rounds 1] [--without aws,rclone] [--server sink|s3] [--dir DIR]`: `emporium publish run` beside `aws s3 sync`, and
 * where they are installed `s5cmd sync` and `rclone sync`, in turn, to a local S3-compatible server that is fresh for each: many small files, then a few
 * large ones; and the same again with nothing to send. Times are those of whole programs, start included. The server is the same for all: one that forgets bodies
 * (bench/s3-sink.mjs), so that nobody waits for it, or with `--server s3` that of the tests, which keeps them and computes their MD5s.
 *
 * Programs: aws and s5cmd of the environment "peers" (scripts/python-env.mjs) or of PATH, rclone of PATH or $EMPORIUM_RCLONE.
 *
 * Sketch: a file of 40 kB is an open, a read, a close, a CRC-32, two SHA-256 and a request, some 0.25 ms of a core together; the server takes as long on the other
 * one. 20,000 of them: about 6 s. aws spends some 5 ms of Python on each.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readdirSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { cache, figure, measure, median, needBuild, program, root, round, say, table } from "./report.mjs";
import { s3Environment, startS3, startSink } from "./s3-server.mjs";
import { planText } from "./sync-plan.mjs";

const { values: options } = parseArgs({
  options: {
    files: { type: "string", default: "20000" },
    bytes: { type: "string", default: "40000" },
    large: { type: "string", default: "4" },
    "large-mib": { type: "string", default: "1024" },
    rounds: { type: "string", default: "1" },
    without: { type: "string", default: "" },
    server: { type: "string", default: "sink" },
    dir: { type: "string", default: join(cache, "sync") },
  },
});
const MIB = 2 ** 20;
const FILES_A_FOLDER = 500;
/** Files that are read before each program starts: all large ones, so that the disk is nobody's excuse; small ones stay in the system's cache by themselves. */
const WARMED = 100;
const [RCLONE_TRANSFERS, RCLONE_PARTS] = [32, 8];

needBuild();
const rivals = ["aws", "s5cmd", "rclone"].flatMap((name) => {
  const path = options.without.split(",").includes(name) ? undefined : found(name);
  if (path === undefined) say(`${name}: not here`);
  return path === undefined ? [] : [{ name, path }];
});
const small = makeSmall(join(options.dir, `small-${options.files}-${options.bytes}`));
const large = makeLarge(join(options.dir, `large-${options.large}-${options["large-mib"]}`));
mkdirSync(cache, { recursive: true });
const scratch = mkdtempSync(join(cache, "sync-run-"));
try {
  if (Number(options.files) > 0) await race("small", small, Number(options.files), Number(options.files) * Number(options.bytes));
  if (Number(options.large) > 0)
    await race("large", large, Number(options.large), Number(options.large) * Number(options["large-mib"]) * MIB);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** All programs, in turn, `rounds` times: everything, then nothing. */
async function race(name, folder, files, bytes) {
  const bodies = join(scratch, "bodies");
  const runners = [{ name: "emporium" }, ...rivals];
  const cost = new Map(runners.map((runner) => [runner.name, { all: [], nothing: [] }]));
  for (let at = 0; at < Number(options.rounds); at++) {
    for (const runner of runners) {
      execFileSync(
        "cat",
        [
          "--",
          ...readdirSync(folder, { recursive: true, withFileTypes: true })
            .filter((entry) => entry.isFile())
            .slice(0, WARMED)
            .map((entry) => join(entry.parentPath, entry.name)),
        ],
        { stdio: "ignore" },
      );
      mkdirSync(bodies, { recursive: true });
      const server = await (options.server === "sink" ? startSink() : startS3(bodies));
      try {
        const workspace = join(scratch, "workspace");
        rmSync(workspace, { recursive: true, force: true });
        const { command, env } = commandOf(runner, folder, server.endpoint, workspace);
        for (const kind of ["all", "nothing"]) cost.get(runner.name)[kind].push(await measure("python3", command, { env }));
      } finally {
        await server.stop();
        rmSync(bodies, { recursive: true, force: true });
      }
      const { all, nothing } = cost.get(runner.name);
      say(
        `${name}, round ${at + 1}: ${runner.name} ${all.at(-1).wall_s.toFixed(1)} s (${all.at(-1).cpu_s.toFixed(1)} s of processors), again ${nothing.at(-1).wall_s.toFixed(1)} s`,
      );
    }
  }
  const middle = (runner, kind, key) => median(cost.get(runner)[kind].map((one) => one[key]));
  say();
  table([
    [`${files} files of ${Math.round(bytes / files / 1000)} kB`, "wall s", "files/s", "MB/s", "cpu s", "peak MiB", "again s"],
    ...runners.map((runner) => {
      const wall = middle(runner.name, "all", "wall_s");
      return [
        runner.name,
        wall.toFixed(2),
        (files / wall).toFixed(0),
        (bytes / 1e6 / wall).toFixed(0),
        middle(runner.name, "all", "cpu_s").toFixed(2),
        (middle(runner.name, "all", "rss_kib") / 1024).toFixed(0),
        middle(runner.name, "nothing", "wall_s").toFixed(2),
      ];
    }),
  ]);
  const facts = {
    files,
    bytes,
    rounds: Number(options.rounds),
    rss_mib: Math.round(middle("emporium", "all", "rss_kib") / 1024),
  };
  figure(`sync.${name}.seconds`, round(middle("emporium", "all", "wall_s")), {
    unit: "s",
    ...facts,
    cpu_s: round(middle("emporium", "all", "cpu_s")),
  });
  for (const rival of rivals) {
    const ratios = cost.get(rival.name).all.map(({ wall_s }, at) => wall_s / cost.get("emporium").all[at].wall_s);
    figure(`sync.${name}.times_${rival.name}`, round(median(ratios), 2), {
      unit: "×",
      ...facts,
      peer_s: round(middle(rival.name, "all", "wall_s")),
      peer_cpu_s: round(middle(rival.name, "all", "cpu_s")),
      peer_rss_mib: Math.round(middle(rival.name, "all", "rss_kib") / 1024),
      again: round(middle(rival.name, "nothing", "wall_s") / middle("emporium", "nothing", "wall_s"), 2),
    });
  }
}

function commandOf({ name, path }, folder, endpoint, workspace) {
  const env = s3Environment(endpoint);
  switch (name) {
    case "emporium": {
      mkdirSync(workspace, { recursive: true });
      const plan = join(workspace, "plan.json");
      writeFileSync(plan, planText(folder));
      return { command: [process.execPath, program, "publish", "run", plan, "--workspace", workspace, "--quiet", "--json"], env };
    }
    case "aws":
      return { command: [path, "s3", "sync", folder, "s3://bench/images/x/", "--only-show-errors"], env };
    case "s5cmd":
      return {
        command: [path, "--log", "error", "sync", `${folder}/`, "s3://bench/images/x/"],
        env: { ...env, S3_ENDPOINT_URL: endpoint },
      };
    default:
      return {
        command: [
          path,
          "sync",
          folder,
          "bench:bench/images/x",
          "--transfers",
          String(RCLONE_TRANSFERS),
          "--checkers",
          String(RCLONE_TRANSFERS),
          "--s3-upload-concurrency",
          String(RCLONE_PARTS),
          "--s3-no-check-bucket",
          "--fast-list",
          "--s3-list-version",
          "2",
        ],
        env: {
          ...env,
          AWS_CA_BUNDLE: "", // it cannot use one
          RCLONE_CONFIG: join(workspace, "none.conf"),
          RCLONE_CONFIG_BENCH_TYPE: "s3",
          RCLONE_CONFIG_BENCH_PROVIDER: "Other",
          RCLONE_CONFIG_BENCH_ENV_AUTH: "true",
          RCLONE_CONFIG_BENCH_ENDPOINT: endpoint,
          RCLONE_CONFIG_BENCH_REGION: "us-east-1",
        },
      };
  }
}

function found(name) {
  const given = process.env[`EMPORIUM_${name.toUpperCase()}`];
  const kept = join(root, ".cache", "venv-peers", "bin", name);
  if (given !== undefined) return given;
  if (existsSync(kept)) return kept;
  try {
    return execFileSync("which", [name], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return undefined;
  }
}

/** Bytes that no program can pack or tell apart by their beginning, the same every time. */
function block(seed, length) {
  const bytes = Buffer.alloc(length, createHash("sha512").update(String(seed)).digest());
  bytes.writeUInt32LE(seed, length - 4);
  return bytes;
}

function makeSmall(folder) {
  if (existsSync(join(folder, ".made"))) return join(folder, "files");
  say(`making ${options.files} files of ${options.bytes} bytes`);
  rmSync(folder, { recursive: true, force: true });
  for (let at = 0; at < Number(options.files); at++) {
    const sub = join(folder, "files", String(Math.floor(at / FILES_A_FOLDER)));
    if (at % FILES_A_FOLDER === 0) mkdirSync(sub, { recursive: true });
    writeFileSync(join(sub, `block_${at}_xy_.ktx`), block(at, Number(options.bytes)));
  }
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, ".made"), "");
  return join(folder, "files");
}

function makeLarge(folder) {
  if (existsSync(join(folder, ".made"))) return join(folder, "files");
  say(`making ${options.large} files of ${options["large-mib"]} MiB`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, "files"), { recursive: true });
  for (let at = 0; at < Number(options.large); at++) {
    const file = openSync(join(folder, "files", `default.${at}.tif`), "w");
    for (let mib = 0; mib < Number(options["large-mib"]); mib++) writeSync(file, block(at * 1e6 + mib, MIB));
    closeSync(file);
  }
  writeFileSync(join(folder, ".made"), "");
  return join(folder, "files");
}
