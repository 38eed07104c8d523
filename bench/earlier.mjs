/**
 * `npm run bench:earlier -- CHECKOUT [--repeat 7] [--only ingest,sync,download,small,blocks]`: four works by this build and by that of an earlier
 * checkout of the same repository (`git worktree add CHECKOUT COMMIT`, `npm ci` and `npm run build` in it), alternating in one run, whole processes:
 * what was written anew must cost what it cost before. A figure is the median of the ratios of the pairs, now ÷ earlier.
 *
 *   ingest    one MRC of float32 noise, 256 MiB, to MRC and OME-Zarr
 *   sync      8,000 files of 40 kB to a server that forgets them
 *   download  1 GiB from nginx;  small  5,000 files of 40 kB from it
 *   blocks    400 unaligned boxes of 64³ of the OME-Zarr that `ingest` made, eight at a time: seconds without the start, as in bench/blocks
 */
import { randomFillSync } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { seededRandom } from "../dist/core/random.js";
import { startNginx } from "./download-servers.mjs";
import { cache, figure, measure, median, needBuild, root, round, say, table } from "./report.mjs";
import { s3Environment, startSink } from "./s3-server.mjs";
import { planText } from "./sync-plan.mjs";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { repeat: { type: "string", default: "7" }, only: { type: "string", default: "ingest,sync,download,small,blocks" } },
});
const MIB = 2 ** 20;
const SHAPE = [256, 512, 512];
const repeat = Number(options.repeat);
const earlier = positionals[0] && resolve(positionals[0]);
if (!earlier || !existsSync(join(earlier, "dist", "cli", "main.js")) || !Number.isInteger(repeat) || repeat < 1) {
  say("give an earlier checkout that is built, and --repeat above 0");
  process.exit(2);
}
needBuild();
mkdirSync(cache, { recursive: true });
const scratch = mkdtempSync(join(cache, "earlier-"));
const checkouts = { now: root, earlier };
const main = (checkout) => [process.execPath, join(checkout, "dist", "cli", "main.js")];
const workspace = join(scratch, "workspace");
const target = join(scratch, "target");

const works = {
  ingest: async () => {
    const source = noiseMrc();
    const words = ["ingest", "convert", source, join(target, "volume"), "--workspace", workspace, "--quiet"];
    await race("ingest", (checkout) => measure("python3", [...main(checkout), ...words]));
  },
  sync: async () => {
    const folder = smallFiles(8000);
    await race("sync", async (checkout) => {
      const server = await startSink();
      const plan = join(workspace, "plan.json");
      writeFileSync(plan, planText(folder));
      const words = ["publish", "run", plan, "--workspace", workspace, "--quiet", "--json"];
      const cost = await measure("python3", [...main(checkout), ...words], { env: s3Environment(server.endpoint) });
      await server.stop();
      return cost;
    });
  },
  download: () => fetching("download", (url) => `${url}/large.bin`),
  small: () => fetching("small", (url) => `${url}/small/`),
  blocks: async () => {
    const made = join(scratch, "blocks");
    await measure("python3", [
      ...main(root),
      "ingest",
      "convert",
      noiseMrc(),
      join(made, "volume"),
      "--workspace",
      workspace,
      "--quiet",
    ]);
    const random = seededRandom(7);
    const starts = Array.from({ length: 400 }, () => SHAPE.map((size) => Math.floor(random() * (size - 63))));
    const file = join(scratch, "boxes.json");
    writeFileSync(file, JSON.stringify({ edge: 64, starts }));
    const report = join(scratch, "report.json");
    await race("blocks", async (checkout) => {
      const words = [join(checkout, "bench", "blocks", "read-boxes.mjs"), join(made, "volume.zarr"), file, "8", "0"];
      const cost = await measure("python3", [process.execPath, ...words], { env: { REPORT: report } });
      const { seconds, cpu } = JSON.parse(readFileSync(report, "utf8"));
      return { ...cost, wall_s: seconds, cpu_s: cpu };
    });
  },
};

try {
  const unknown = options.only.split(",").find((name) => !(name in works));
  if (unknown) throw new Error(`no such work: ${unknown}; there are ${Object.keys(works).join(", ")}`);
  for (const name of options.only.split(",")) await works[name]();
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** Once each without counting, then in pairs, who begins changes. */
async function race(name, run) {
  const runs = { now: [], earlier: [] };
  for (let turn = -1; turn < repeat; turn++) {
    const order = turn % 2 === 0 ? ["now", "earlier"] : ["earlier", "now"];
    for (const who of order) {
      for (const folder of [workspace, target]) {
        rmSync(folder, { recursive: true, force: true });
        mkdirSync(folder);
      }
      const cost = await run(checkouts[who]);
      if (turn >= 0) runs[who].push(cost);
    }
  }
  const of = (who, fact) => median(runs[who].map((one) => one[fact]));
  const ratio = (fact) => runs.now.map((one, turn) => one[fact] / runs.earlier[turn][fact]);
  say(`\n${name}, medians of ${repeat}`);
  table([
    ["", "wall s", "cpu s", "peak MiB"],
    ...Object.keys(runs).map((who) => [
      who,
      round(of(who, "wall_s")),
      round(of(who, "cpu_s")),
      Math.round(of(who, "rss_kib") / 1024),
    ]),
  ]);
  for (const fact of ["wall_s", "cpu_s", "rss_kib"]) {
    const each = ratio(fact);
    figure(`earlier.${name}.${fact}`, round(median(each)), {
      low: round(Math.min(...each)),
      high: round(Math.max(...each)),
      repeat,
    });
  }
}

async function fetching(name, address) {
  const served = join(scratch, "served");
  mkdirSync(served, { recursive: true });
  if (name === "download") writeFileSync(join(served, "large.bin"), randomFillSync(Buffer.alloc(1024 * MIB)));
  else smallFiles(5000, join(served, "small"));
  const server = await startNginx(served, { work: join(scratch, "nginx"), bytesPerSecond: 4_000_000 });
  const words = ["--dest", target, "--connections", "8", "--workspace", workspace, "--quiet"];
  await race(name, (checkout) => measure("python3", [...main(checkout), "harvest", "download", address(server.url), ...words]));
  await server.stop();
}

function smallFiles(count, folder = join(scratch, `files-${count}`)) {
  const bytes = randomFillSync(Buffer.alloc(40_000));
  for (let at = 0; at < count; at++) {
    const below = folder.endsWith("small") ? folder : join(folder, String(Math.floor(at / 500)));
    mkdirSync(below, { recursive: true });
    bytes.writeUInt32LE(at);
    writeFileSync(join(below, `${at}.bin`), bytes);
  }
  return folder;
}

/** Mode 2, 10 Å: noise is what compresses worst. */
function noiseMrc() {
  const path = join(scratch, "noise.mrc");
  if (existsSync(path)) return path;
  const [nz, ny, nx] = SHAPE;
  const header = Buffer.alloc(1024);
  for (const [word, value] of [nx, ny, nz, 2, 0, 0, 0, nx, ny, nz].entries()) header.writeInt32LE(value, word * 4);
  for (const [word, value] of [nx * 10, ny * 10, nz * 10, 90, 90, 90].entries()) header.writeFloatLE(value, 40 + word * 4);
  for (const [word, value] of [1, 2, 3].entries()) header.writeInt32LE(value, 64 + word * 4);
  header.writeInt32LE(1, 88);
  header.write("MAP ", 208, "latin1");
  header.set([0x44, 0x44], 212);
  const random = seededRandom(3);
  const voxels = Float32Array.from({ length: nx * ny * nz }, () => random() + random() + random());
  writeFileSync(path, Buffer.concat([header, Buffer.from(voxels.buffer)]));
  return path;
}
