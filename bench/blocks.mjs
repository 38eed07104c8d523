/**
 * `npm run bench:blocks -- [ROW…] [--quick] [--repeat 5] [--only REGEX] [--side 512] [--out DIR]`: volumes read and computed block by block, beside what people use today.
 *
 * Each row group is a file of bench/blocks/ whose default export is called with the options below. It makes its own inputs in `out`, runs
 * every contender in a process of its own, alternating, and prints one JSON line for each figure: medians of `repeat` runs, peak memory of the
 * process among them. `--only` chooses figures by their names. `--quick` takes small volumes, to try the benchmark itself: what it measures then lies in caches and says nothing.
 * `--side` takes volumes of that many voxels along each axis, a multiple of 256: 512 (256 MiB) compares on a machine with other work.
 */
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { cache, environmentPython, needBuild, root, say } from "./report.mjs";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: "boolean", default: false },
    repeat: { type: "string", default: "5" },
    only: { type: "string", default: "" },
    side: { type: "string" },
    out: { type: "string", default: join(cache, "blocks") },
  },
});
const folder = join(root, "bench", "blocks");
const known = readdirSync(folder)
  .filter((name) => name.endsWith(".row.mjs"))
  .map((name) => name.slice(0, -".row.mjs".length));
const unknown = positionals.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  say(`rows are ${known.join(", ")}; not ${unknown.join(", ")}`);
  process.exit(2);
}
needBuild();
mkdirSync(options.out, { recursive: true });
const python = environmentPython("blocks");
for (const name of positionals.length > 0 ? positionals : known) {
  const row = await import(join(folder, `${name}.row.mjs`));
  await row.default({
    python,
    out: options.out,
    quick: options.quick,
    side: options.side === undefined ? undefined : Number(options.side),
    repeat: Number(options.repeat),
    only: new RegExp(options.only),
  });
}
