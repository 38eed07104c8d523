/**
 * `emporium blocks stream --stdio` with made-up blocks in the place of a volume: what the tests of emporium_blocks.py start. Voxel i of
 * block b has the value b + i / 2^20 (float32), so a client can tell whose bytes it sees.
 *
 * Environment: STREAM_BLOCKS, STREAM_BATCH, STREAM_SIDE (voxels along an axis), STREAM_FAIL_AT (the batch whose reading fails),
 * STREAM_PAUSE_MS (before each batch).
 */
import { createWriteStream } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { parseArgs } from "node:util";
import { systemClock } from "../../dist/core/clock.js";
import { EmporiumError } from "../../dist/core/errors.js";
import { makeLog } from "../../dist/core/log.js";
import { listenForClients } from "../../dist/stations/blocks/stream/listen.js";
import { serveStdio } from "../../dist/stations/blocks/stream/serve-stdio.js";

const { values } = parseArgs({
  strict: false,
  options: { stdio: { type: "boolean" }, socket: { type: "string" }, listen: { type: "string" }, batch: { type: "string" } },
});
const number = (name, fallback) => Number(process.env[`STREAM_${name}`] ?? fallback);
const [blocks, size, side] = [number("BLOCKS", 24), Number(values.batch ?? number("BATCH", 2)), number("SIDE", 8)];
const [failAt, pauseMs] = [number("FAIL_AT", -1), number("PAUSE_MS", 0)];
const ramp = Float32Array.from({ length: side ** 3 }, (_, at) => at / 2 ** 20);

function blockBytes(id) {
  const voxels = ramp.map((value) => value + id);
  return new Uint8Array(voxels.buffer);
}

async function* batches({ rank, world, epoch, skip }, signal) {
  const own = Array.from({ length: blocks }, (_, id) => id).filter((id) => id % world === rank);
  for (let at = skip * size; at < own.length; at += size) {
    if (pauseMs) await setTimeout(pauseMs, undefined, { signal });
    if (at / size === failAt)
      throw new EmporiumError("FORMAT_CORRUPT", "a chunk cannot be decoded", { hint: "read another one" });
    const ids = own.slice(at, at + size);
    const shape = [ids.length, side, side, side];
    yield {
      arrays: { image: { dtype: "float32", shape, pieces: ids.map(blockBytes) } },
      origins: ids.map((id) => [id * side, 0, epoch]),
      ids,
      weights: ids.map((id) => 1 + id / 2),
      done() {},
    };
  }
}

const shape = [side, side, side];
const grid = { level: 0, shape: [blocks * side, side, side], block: shape, halo: [0, 0, 0], step: shape, voxelSizeNm: [1, 1, 1] };
const arrays = { image: { dtype: "float32", shape } };
const facts = { grid: { ...grid, offsetNm: [0, 0, 0] }, arrays, batch: size, batchBytes: 4 * size * side ** 3 };
const counts = async ({ rank, world }) => ({ epoch: blocks, rank: Math.ceil((blocks - rank) / world) });
const stop = new AbortController();
for (const name of ["SIGINT", "SIGTERM"]) process.on(name, () => stop.abort(new EmporiumError("CANCELLED", name)));
const options = {
  source: { facts, counts, batches, close: async () => {} },
  share: { rank: 0, world: 1, epoch: 0, skip: 0 },
  token: process.env.STREAM_TOKEN,
  shared: true,
  slots: 4,
  memoryBytes: 2 ** 30,
  version: "test",
  clock: systemClock,
  signal: stop.signal,
};
if (values.stdio) {
  await serveStdio(process.stdin, createWriteStream("", { fd: 1 }), options).catch((error) => {
    process.stderr.write(`${error.code}: ${error.message}\n`);
    process.exitCode = 1;
  });
} else {
  const log = makeLog((level, message) => process.stderr.write(`${level}: ${message}\n`));
  const [host, port] = values.listen?.split(":") ?? [];
  const at = values.socket ? { socket: values.socket } : { host, port: Number(port) };
  const server = await listenForClients(at, options, log);
  process.stdout.write(`${server.address}\n`);
  stop.signal.addEventListener("abort", () => server.close());
}
