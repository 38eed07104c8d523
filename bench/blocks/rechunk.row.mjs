/**
 * A volume of int16 goes from Zarr 2 in Blosc-LZ4 chunks of 128³ to Zarr 3 in shards of 512³ with chunks of 128³, and to a pyramid of three levels of
 * means: `blocks run` beside dask with zarr-python 3, tensorstore, and igneous' tinybrain (row A10). The page cache is warm, nothing is synced.
 *
 * Every contender writes the same voxels, as tensorstore reads them afterwards. Memory is that of all processes of a contender together, asked ten
 * times a second.
 *
 * Sketch: 2 GiB are decoded at 1 GB/s and encoded at 0.5 GB/s a core: 3 s on two cores, and 150 MiB, a few chunks a core.
 */
import { execFileSync } from "node:child_process";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { figure, measure, median, program, root, round, say, table } from "../report.mjs";

const here = join(root, "bench", "blocks");
const WORKS = [
  { name: "rechunk-zstd", codec: "zstd", contenders: ["emporium", "dask", "tensorstore"] },
  { name: "rechunk-blosc", codec: "blosc-lz4", contenders: ["emporium", "dask", "tensorstore"] },
  { name: "mean", codec: "blosc-lz4", contenders: ["emporium", "tinybrain"] },
];
const JOBS = 2;

export default async function rechunk({ python, out, quick, repeat, only }) {
  const side = quick ? 512 : 1024;
  const volume = join(out, `v2-lz4-128-${side}.zarr`);
  for (const work of WORKS) {
    if (!only.test(`blocks.rechunk.${work.name}`)) continue;
    if (!existsSync(join(volume, "done")))
      execFileSync(python, [join(here, "volumes.py"), "v2-lz4-128", String(side), volume], { stdio: ["ignore", 2, 2] });
    await race({ ...work, volume, out, side, shard: quick ? 256 : 512, python, repeat });
  }
}

async function race({ name, codec, contenders, volume, out, side, shard, python, repeat }) {
  const results = Object.fromEntries(contenders.map((one) => [one, []]));
  for (let round_ = 0; round_ < repeat; round_++) {
    for (const one of contenders) {
      const target = join(out, `rechunked-${one}`);
      rmSync(target, { recursive: true, force: true });
      const command =
        one === "emporium"
          ? emporium({ name, codec, volume, target, out, shard })
          : [python, join(here, "rechunk.py"), one, volume, target, codec, String(shard), String(JOBS)];
      results[one].push(await measure(python, command, { tree: true }));
      execFileSync(python, [join(here, "rechunk.py"), "check", volume, target, name], { stdio: ["ignore", 2, 2] });
      rmSync(target, { recursive: true, force: true });
    }
  }
  report(`blocks.rechunk.${name}`, contenders, results, { side, shard, repeat });
}

/** Writes the graph. @returns the command that runs it */
function emporium({ name, codec, volume, target, out, shard }) {
  const nodes = name === "mean" ? [{ id: "half", op: "downsample", in: "em", method: "mean", levels: 3 }] : [];
  const layout = { chunk: [128, 128, 128], shard: [shard, shard, shard], codec };
  const graph = { version: 1, inputs: { em: volume }, grid: { of: "em" }, nodes, outputs: { em: { to: target, ...layout } } };
  const file = join(out, "rechunk.json");
  writeFileSync(file, JSON.stringify(graph));
  const workspace = join(out, "workspace");
  rmSync(join(out, ".emporium"), { recursive: true, force: true });
  return [process.execPath, program, "blocks", "run", file, "--jobs", String(JOBS), "--workspace", workspace, "--no-sync"];
}

function report(name, contenders, results, facts) {
  const rows = [["", "s", "CPU s", "MiB"]];
  const medians = Object.fromEntries(
    contenders.map((one) => {
      const of = (field) => median(results[one].map((cost) => cost[field]));
      const found = { seconds: round(of("wall_s"), 2), cpu: round(of("cpu_s"), 2), mib: round(of("tree_kib") / 1024, 0) };
      rows.push([one, found.seconds, found.cpu, found.mib]);
      return [one, found];
    }),
  );
  say(`${name}, ${facts.side}³`);
  table(rows);
  const own = medians.emporium;
  const ratios = Object.fromEntries(
    contenders.slice(1).flatMap((one) => [
      [`to_${one}`, round(own.seconds / medians[one].seconds, 2)],
      [`cpu_to_${one}`, round(own.cpu / medians[one].cpu, 2)],
      [`memory_to_${one}`, round(own.mib / medians[one].mib, 2)],
    ]),
  );
  figure(name, own.seconds, { unit: "s", medians, ...ratios, ...facts });
}
