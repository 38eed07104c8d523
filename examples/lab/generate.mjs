#!/usr/bin/env node
/** Writes the miniature laboratory: `node examples/lab/generate.mjs --out DIR [--deposits imod,aretomo,batch,sim,traps,annotations]`.
 * Below DIR come `input/` (a source bucket as a folder) and one configuration a deposit. No clock and no chance: the same options give
 * the same bytes. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { argv } from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { annotationsDeposit } from "./annotations.mjs";
import { aretomoDeposit } from "./aretomo.mjs";
import { batchDeposit } from "./batch.mjs";
import { cellDeposit } from "./cell.mjs";
import { imodDeposit } from "./imod.mjs";
import { writeMask } from "./masks.mjs";
import { omeZarrFiles, omeZarrLabelFiles } from "./ome-zarr.mjs";
import { simDeposit } from "./sim.mjs";
import { trapsDeposit } from "./traps.mjs";
import { writeVolume } from "./volumes.mjs";

export { generateMicroscopy } from "./microscopy.mjs";

/** Those that add to others' runs come after them. */
const DEPOSITS = {
  imod: imodDeposit,
  aretomo: aretomoDeposit,
  batch: batchDeposit,
  sim: simDeposit,
  traps: trapsDeposit,
  annotations: annotationsDeposit,
  cell: cellDeposit,
};
const SECTIONS = ["tomograms", "all"];
const USAGE = `usage: generate.mjs --out DIR [--deposits ${Object.keys(DEPOSITS).join(",")}] [--sections ${SECTIONS.join("|")}] [--size XxYxZ] [--runs 1…9998]
  --deposits  names; default imod,traps
  --sections  of imod: its tomograms, or all that is acquired and made on the way (default with --deposits)
  --size      voxels of imod's tomograms, x, y, z
  --runs      of imod with a tomogram`;

/** @type {import("./generate.d.mts").generateLab} */
export async function generateLab({ out, shape, runs, sections, deposits = ["imod", "traps"] }) {
  const input = join(out, "input");
  const made = [];
  for (const name of deposits) {
    const deposit = DEPOSITS[name]({ shape, runs, sections });
    const root = join(input, deposit.sourcePrefix);
    for (const { path, volume } of deposit.volumes) {
      if (path.endsWith(".zarr")) await writeAll(join(root, path), omeZarrFiles(volume));
      else await writeVolume(join(root, path), volume);
    }
    for (const { path, mask } of deposit.masks ?? []) {
      if (path.endsWith(".zarr")) await writeAll(join(root, path), omeZarrLabelFiles(mask));
      else await writeMask(join(root, path), mask);
    }
    await writeAll(root, deposit.files);
    const config = join(out, `${name}.yaml`);
    await write(config, deposit.config);
    const volumesOf = (wanted) =>
      deposit.volumes
        .filter(({ kind }) => kind === wanted)
        .map(({ run, path, spacingAngstrom, volume }) => ({
          run,
          path: join(root, path),
          shape: volume.shape,
          kind: volume.kind ?? "float32",
          runIndex: volume.runIndex,
          spacingAngstrom,
        }));
    made.push({ name, config, runs: deposit.runs, tomograms: volumesOf("tomogram"), tiltSeries: volumesOf("tiltseries") });
  }
  return { input, deposits: made };
}

async function writeAll(root, files) {
  for (const { path, content } of files) await write(join(root, path), await content);
}

async function write(path, content) {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}

/** `512x512x256`, written x, y, z as people say it → `[z, y, x]`. */
function parseSize(text) {
  const axes = /^(\d+)x(\d+)x(\d+)$/.exec(text)?.slice(1).map(Number);
  if (!axes || axes.includes(0)) throw new Error(`--size ${text}: three numbers above 0 are wanted, as 512x512x256 (x, y, z)`);
  return axes.reverse();
}

async function main() {
  const { values } = parseArgs({
    options: {
      out: { type: "string" },
      size: { type: "string" },
      runs: { type: "string", default: "2" },
      deposit: { type: "string", multiple: true },
      deposits: { type: "string" },
      sections: { type: "string" },
    },
  });
  const runs = Number(values.runs);
  const deposits = values.deposits?.split(",") ?? values.deposit;
  const sections = values.sections ?? (values.deposits ? "all" : "tomograms");
  const known = (deposits ?? []).every((name) => Object.hasOwn(DEPOSITS, name)) && SECTIONS.includes(sections);
  if (!values.out || !known || !Number.isInteger(runs) || runs < 1 || runs > 9998) throw new Error(USAGE);
  const lab = await generateLab({
    out: values.out,
    shape: values.size ? parseSize(values.size) : undefined,
    runs,
    sections,
    deposits,
  });
  for (const { config } of lab.deposits)
    console.log(`emporium ingest run ${config} ${lab.input} ${join(values.out, "output")} --import-everything`);
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  await main().catch((error) => {
    console.error(error.message);
    process.exitCode = 2;
  });
}
