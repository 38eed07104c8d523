/**
 * `npm run bench:download [-- --repeat 5] [--only limited,fast,ftp,small] [--mib 1024] [--out FOLDER]`: `emporium harvest download` beside `aria2c -x8`
 * and `curl`, whole processes, alternating in one run, files removed and the disk synced in between. Ours hashes every byte (SHA-256) and
 * syncs every file before it gets its name; the others do neither. aria2c has what is fastest for it (`-s8 -k1M --file-allocation=none`).
 * Needs Debian's nginx, vsftpd, aria2 and curl (`apt-get install -y nginx-light vsftpd aria2 curl`); what is missing is told and left out.
 *
 *   limited  nginx, each request at 4 MB/s: only connections help. Sketch: 8 connections, 32 MB/s, whoever it is
 *   fast     nginx without a limit: processor time. 1 GiB: reading 0.25 s, writing 0.4 s, hashing 0.6 s, over two cores; Node's start 0.2 s
 *   ftp      vsftpd without a limit
 *   small    nginx, 10,000 files of 40 kB in one folder: what a file costs
 */
import { execFileSync } from "node:child_process";
import { createHash, randomFillSync } from "node:crypto";
import {
  closeSync,
  createReadStream,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { installed, startNginx, startVsftpd } from "./download-servers.mjs";
import { cache, figure, measure, median, needBuild, program, round, say, table } from "./report.mjs";

const { values: options } = parseArgs({
  options: {
    repeat: { type: "string", default: "5" },
    only: { type: "string", default: "limited,fast,ftp,small" },
    mib: { type: "string", default: "1024" },
    out: { type: "string", default: join(cache, "download") },
  },
});
const repeat = Number(options.repeat);
const mib = Number(options.mib);
if (!Number.isInteger(repeat) || repeat < 1 || !Number.isInteger(mib) || mib < 1) {
  say("--repeat and --mib take a number above 0");
  process.exit(2);
}

const CONNECTIONS = 8;
const LIMITED_BYTES_PER_SECOND = 4_000_000;
const FILES = 10_000;
const FILE_BYTES = 40_000;

needBuild();
const python = "python3";
const served = join(options.out, "served");
const fetchedAll = join(options.out, "fetched");
/** Each run has a folder of its own: where files were removed a moment ago, some file systems look long for a free inode, whoever asks. */
let fetched = join(fetchedAll, "0");
for (const name of ["nginx", "vsftpd", "aria2c", "curl"]) {
  if (!installed(name)) say(`${name} is not installed: what needs it is left out`);
}

const ways = {
  emporium: (urls, { list }) => [
    ...[process.execPath, program, "harvest", "download", ...(list ? [list] : urls)],
    ...["--dest", fetched, "--connections", String(CONNECTIONS), "--workspace", join(options.out, "workspace"), "--quiet"],
  ],
  aria2c: (urls, { file }) => [
    ...[
      "aria2c",
      "-q",
      `-x${CONNECTIONS}`,
      `-s${CONNECTIONS}`,
      "-k1M",
      `-j${CONNECTIONS}`,
      "--file-allocation=none",
      "-d",
      fetched,
    ],
    ...(file ? ["-i", file] : urls),
  ],
  curl: (urls, { config }) => [
    ...["curl", "-s", "-f", "--create-dirs", "--output-dir", fetched],
    ...(config ? ["-Z", "--parallel-max", String(CONNECTIONS), "-K", config] : urls.flatMap((url) => ["-O", url])),
  ],
};

const large = makeLarge("volume.mrc", mib);
const medium = makeLarge("part.mrc", Math.min(mib, 128));
const servers = [];
try {
  if (installed("nginx")) {
    const nginx = await startNginx(served, { work: join(options.out, "nginx"), bytesPerSecond: LIMITED_BYTES_PER_SECOND });
    servers.push(nginx);
    if (wanted("limited")) await race("limited", [`${nginx.url}/slow/part.mrc`], [medium]);
    if (wanted("fast")) await race("fast", [`${nginx.url}/volume.mrc`], [large]);
    if (wanted("small")) await raceSmall(nginx.url);
  }
  if (installed("vsftpd") && wanted("ftp")) {
    const vsftpd = await startVsftpd(served, { work: join(options.out, "vsftpd") });
    servers.push(vsftpd);
    await race("ftp", [`${vsftpd.url}/volume.mrc`], [large]);
  }
} finally {
  for (const server of servers) await server.stop();
  rmSync(fetchedAll, { recursive: true, force: true });
}

function wanted(name) {
  return options.only.split(",").includes(name);
}

async function raceSmall(base) {
  const names = makeSmall();
  const file = join(options.out, "urls.txt");
  writeFileSync(file, names.map((name) => `${base}/small/${name}\n`).join(""));
  const config = join(options.out, "curl.conf");
  writeFileSync(config, names.map((name) => `url = "${base}/small/${name}"\nremote-name\n`).join(""));
  await race(
    "small",
    [],
    names.map((name) => ({ path: join(served, "small", name), bytes: FILE_BYTES })),
    { list: `${base}/small/`, file, config },
  );
}

async function race(name, urls, files, lists = {}) {
  const runs = {};
  const names = Object.keys(ways).filter((way) => way === "emporium" || installed(way));
  for (let turn = 0; turn < repeat; turn++) {
    for (const way of turn % 2 === 0 ? names : [...names].reverse()) {
      fetched = join(fetchedAll, `${name}.${turn}.${way}`);
      rmSync(fetched, { recursive: true, force: true });
      mkdirSync(fetched, { recursive: true });
      for (const { path } of files.slice(0, 3)) for await (const _ of createReadStream(path, { highWaterMark: 2 ** 23 })); // into the page cache
      execFileSync("sync");
      const run = await measure(python, ways[way](urls, lists));
      runs[way] = [...(runs[way] ?? []), run];
      await check(way, files);
    }
  }
  report(name, files, runs);
  rmSync(fetchedAll, { recursive: true, force: true });
}

/** What was fetched is what is served: the first and last files byte by byte, all by their number and size. */
async function check(way, files) {
  const found = readdirSync(fetched, { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && !entry.name.startsWith("."),
  );
  const bytes = found.reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
  const expected = files.reduce((sum, file) => sum + file.bytes, 0);
  if (found.length !== files.length || bytes !== expected) {
    throw new Error(`${way}: ${found.length} files of ${bytes} bytes came, expected were ${files.length} of ${expected}`);
  }
  for (const { path } of [files[0], files.at(-1)]) {
    const own = found.find((entry) => path.endsWith(`/${entry.name}`));
    if ((await sha256(join(own.parentPath, own.name))) !== (await sha256(path)))
      throw new Error(`${way}: ${own.name} came out wrong`);
  }
}

async function sha256(path) {
  const hash = createHash("sha256");
  for await (const piece of createReadStream(path, { highWaterMark: 2 ** 23 })) hash.update(piece);
  return hash.digest("hex");
}

function report(name, files, runs) {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  say(
    `\n${name}: ${files.length} ${files.length === 1 ? "file" : "files"}, ${round(bytes / 2 ** 20, 0)} MiB, medians of ${repeat}`,
  );
  const rows = [["", "wall s", "min–max", "CPU s", "MB/s", "peak RSS MiB", "it ÷ ours, wall", "min–max"]];
  const ours = runs.emporium.map(({ wall_s }) => wall_s);
  for (const [way, own] of Object.entries(runs)) {
    const wall = own.map(({ wall_s }) => wall_s);
    const cpu = median(own.map(({ cpu_s }) => cpu_s));
    const rss = Math.max(...own.map(({ rss_kib }) => rss_kib)) / 1024;
    const each = wall.map((value, turn) => value / ours[turn]);
    const ratio = median(wall) / median(ours);
    rows.push([
      ...[way, round(median(wall), 2), `${round(Math.min(...wall), 2)}–${round(Math.max(...wall), 2)}`, round(cpu, 2)],
      ...[
        Math.round(bytes / 1e6 / median(wall)),
        Math.round(rss),
        round(ratio, 2),
        `${round(Math.min(...each), 2)}–${round(Math.max(...each), 2)}`,
      ],
    ]);
    const facts = { case: name, files: files.length, mib: round(bytes / 2 ** 20, 0), connections: CONNECTIONS, repeat };
    const costs = { low: round(Math.min(...wall)), high: round(Math.max(...wall)), cpu_s: round(cpu), rss_mib: Math.round(rss) };
    figure("harvest.download.wall_s", round(median(wall)), { with: way, ...costs, ...facts });
    if (way !== "emporium") figure("harvest.download.speed_over", round(ratio, 2), { other: way, ...facts });
  }
  table(rows);
}

/** Bytes that no file system or server can shorten. */
function makeLarge(name, size) {
  const path = join(served, name);
  const bytes = size * 2 ** 20;
  if (existsSync(path) && statSync(path).size === bytes) return { path, bytes };
  say(`making ${path}`);
  mkdirSync(served, { recursive: true });
  const block = Buffer.alloc(2 ** 20);
  const file = openSync(path, "w");
  for (let at = 0; at < size; at++) writeSync(file, randomFillSync(block));
  closeSync(file);
  return { path, bytes };
}

function makeSmall() {
  const folder = join(served, "small");
  const names = Array.from({ length: FILES }, (_, index) => `${String(index).padStart(5, "0")}.tif`);
  if (existsSync(folder) && readdirSync(folder).length === FILES) return names;
  say(`making ${folder}`);
  mkdirSync(folder, { recursive: true });
  const block = Buffer.alloc(FILE_BYTES);
  for (const name of names) writeFileSync(join(folder, name), randomFillSync(block));
  return names;
}
