/**
 * Random boxes of 64³ of a volume in a bucket whose every answer comes 20 ms later, eight boxes at a time: ours beside tensorstore, without caches of
 * chunks (row A4). Requests are those of a whole process, metadata included.
 *
 * Sketch: a box touches 3.3 chunks of 128³, asked for at the same time: 20 ms and the transfer of 9 MB. Of a shard the index comes first, once.
 */
import { execFileSync, spawn } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { seededRandom } from "../../dist/core/random.js";
import { figure, median, root, round, say, table } from "../report.mjs";
import { s3Environment } from "../s3-server.mjs";
import { readBoxes } from "./contenders.mjs";

const here = join(root, "bench", "blocks");
const EDGE = 64;
const DELAY_MS = 20;
const CONCURRENCY = 8;
const CONTENDERS = ["emporium", "tensorstore"];

export default async function remote({ python, out, quick, side = quick ? 256 : 512, repeat, only }) {
  for (const volume of ["v2-lz4-128", "v3-shard-lz4"]) {
    if (!only.test(`blocks.remote.${volume}`)) continue;
    const name = `${volume}-${side}.zarr`;
    if (!existsSync(join(out, name, "done"))) {
      const args = [join(here, "volumes.py"), volume, String(side), join(out, name)];
      execFileSync(python, args, { stdio: ["ignore", 2, 2] });
    }
    const random = seededRandom(11);
    const starts = Array.from({ length: quick ? 24 : 96 }, () => [0, 1, 2].map(() => Math.floor(random() * (side - EDGE + 1))));
    const file = join(out, `remote-${side}.json`);
    writeFileSync(file, JSON.stringify({ edge: EDGE, starts }));
    const store = await startStore(out);
    try {
      await race({ volume, location: `s3://bench/${name}`, file, store, python, out, repeat });
    } finally {
      store.stop();
    }
  }
}

async function race({ volume, location, file, store, python, out, repeat }) {
  const results = Object.fromEntries(CONTENDERS.map((name) => [name, []]));
  const sums = new Set();
  for (let round_ = 0; round_ < repeat; round_++) {
    for (const name of CONTENDERS) {
      await store.requests();
      const facts = { python, location, file, concurrency: CONCURRENCY, cache: 0, report: join(out, "remote-report.json") };
      const { blocks, seconds, sum } = await readBoxes(name, { ...facts, env: s3Environment(store.endpoint) });
      sums.add(sum);
      results[name].push({ rate: blocks / seconds, requests: await store.requests() });
    }
  }
  if (sums.size > 1) throw new Error(`${volume}: the contenders read other voxels: ${[...sums].join(", ")}`);
  const [ours, theirs] = CONTENDERS.map((name) => ({
    rate: median(results[name].map(({ rate }) => rate)),
    requests: median(results[name].map(({ requests }) => requests)),
  }));
  say(`${volume}, ${DELAY_MS} ms a request, random ${EDGE}³ c${CONCURRENCY}`);
  table([
    ["", "blocks/s", "requests"],
    ["emporium", round(ours.rate, 1), ours.requests],
    ["tensorstore", round(theirs.rate, 1), theirs.requests],
  ]);
  figure(`blocks.remote.${volume}`, round(ours.rate, 1), {
    unit: "blocks/s",
    tensorstore: round(theirs.rate, 1),
    to_tensorstore: round(ours.rate / theirs.rate, 2),
    requests: ours.requests,
    tensorstore_requests: theirs.requests,
    delay_ms: DELAY_MS,
    repeat,
  });
}

async function startStore(folder) {
  const child = spawn(process.execPath, [join(here, "slow-store.mjs"), folder, String(DELAY_MS)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => (await lines.next()).value;
  return {
    endpoint: await next(),
    /** Since it was asked last. */
    async requests() {
      child.stdin.write("\n");
      return Number(await next());
    },
    stop: () => child.stdin.end(),
  };
}
