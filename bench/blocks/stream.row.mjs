/**
 * Blocks to Python (rows A7 and A13): within this process, over shared memory, in the frames; PyTorch's loader beside a Dataset over
 * zarr-python and over tensorstore; the share of its time that a consumer waits; processes that are forked.
 *
 * Sketch: shared memory costs one copy by the kernel, some 3 GB/s; within the process it is one copy as well. A pipe copies twice, 64 KiB or
 * 1 MiB at a time: below 1 GB/s. A loader's worker copies a batch once more.
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { environmentPython, figure, median, root, round, say, table } from "../report.mjs";

const here = join(root, "bench", "blocks");
const env = { ...process.env, NODE: process.execPath };
const run = (command, args) =>
  JSON.parse(
    execFileSync(command, args, { encoding: "utf8", env, stdio: ["ignore", "pipe", "ignore"] })
      .trim()
      .split("\n")
      .at(-1),
  );
const BLOCK_BYTES = 64 ** 3 * 4;

export default async function stream({ python, out, quick, side = quick ? 256 : 1024, repeat, only }) {
  const wants = (name) => only.test(`blocks.stream.${name}`);
  for (const size of [1, 8]) if (wants(`memory.${size}`)) memoryRow(python, size, quick ? 64 : 2048 / size, repeat);
  const volume = () => volumeOf(python, out, side);
  if (wants("torch")) loaderRow(environmentPython("torch"), volume(), quick ? 96 : 320, repeat);
  if (wants("idle")) starvationRow(python, volume(), quick ? 8 : 40, repeat);
  if (wants("fork.hung")) forkRow(python, quick ? 20 : 200);
}

function forkRow(python, count) {
  const { hung } = run(python, [join(here, "stream_clients.py"), "forks", String(count)]);
  figure("blocks.stream.fork.hung", hung, { of: count });
}

/** @param size blocks of a batch */
function memoryRow(python, size, batches, repeat) {
  const client = join(here, "stream_clients.py");
  const ways = {
    "in process": () => run(process.execPath, [join(here, "stream-blocks.mjs"), "here", String(batches), String(size)]),
    "shared memory": () => run(python, [client, "memory", "shared", String(batches), String(size)]),
    "in the frames": () => run(python, [client, "memory", "inline", String(batches), String(size)]),
  };
  const speeds = alternating(ways, repeat, ({ seconds }) => (batches * size * BLOCK_BYTES) / seconds / 1e9);
  print(`batches of ${size} × 64³ float32, GB/s`, speeds);
  const [inProcess, shared, inline] = Object.values(speeds);
  figure(`blocks.stream.memory.${size}`, round(shared, 2), {
    unit: "GB/s",
    in_process: round(inProcess, 2),
    inline: round(inline, 2),
    to_in_process: round(shared / inProcess, 2),
    repeat,
  });
}

function loaderRow(python, volume, blocks, repeat) {
  const client = join(here, "stream_clients.py");
  const of =
    (kind, method, workers = "2") =>
    () =>
      run(python, [client, kind, volume, String(blocks), workers, method]);
  const ways = {
    "emporium, 2 workers, fork": of("emporium", "fork"),
    "emporium, no worker": of("emporium", "none", "0"),
    "zarr-python, 2 workers, fork": of("zarr", "fork"),
    "tensorstore, 2 workers, spawn": of("tensorstore", "spawn"),
  };
  const rates = alternating(ways, repeat, (result) => result.blocks / result.seconds);
  print("PyTorch's loader, blocks of 64³ in random order, int16, Blosc-lz4 chunks of 128³: blocks/s", rates);
  const [two, none, zarr, tensorstore] = Object.values(rates);
  figure("blocks.stream.torch", round(two, 1), {
    unit: "blocks/s",
    no_worker: round(none, 1),
    zarr_dataset: round(zarr, 1),
    tensorstore_spawn: round(tensorstore, 1),
    to_zarr: round(two / zarr, 2),
    to_tensorstore: round(two / tensorstore, 2),
    repeat,
  });
}

function starvationRow(python, volume, batches, repeat) {
  const args = [join(here, "stream_clients.py"), "starved", volume, String(batches), "1.2"];
  const results = Array.from({ length: repeat }, () => run(python, args));
  figure("blocks.stream.idle", round(median(results.map((one) => one.idle_share))), {
    unit: "share of the consumer's time",
    compute: "1.2 × load",
    load_ms: round(median(results.map((one) => one.load_ms)), 1),
    repeat,
  });
}

/** Medians of all ways, which take turns. */
function alternating(ways, repeat, figureOf) {
  const values = Object.fromEntries(Object.keys(ways).map((name) => [name, []]));
  for (let round_ = 0; round_ < repeat; round_++)
    for (const [name, way] of Object.entries(ways)) values[name].push(figureOf(way()));
  return Object.fromEntries(Object.entries(values).map(([name, all]) => [name, median(all)]));
}

function print(title, values) {
  say(title);
  table([["", "median"], ...Object.entries(values).map(([name, value]) => [name, round(value, 2)])]);
}

function volumeOf(python, out, side) {
  const path = join(out, `v2-lz4-128-${side}.zarr`);
  if (!existsSync(join(path, "done")))
    execFileSync(python, [join(here, "volumes.py"), "v2-lz4-128", String(side), path], { stdio: ["ignore", 2, 2] });
  return path;
}
