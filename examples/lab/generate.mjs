#!/usr/bin/env node
/** Writes the miniature laboratory: `node examples/lab/generate.mjs --out DIR [--size 512x512x256] [--runs 2] [--deposit imod|traps]…`.
 * Below DIR come `input/` (a source bucket as a folder) and one configuration a deposit. No clock and no chance: the same options give
 * the same bytes. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { argv } from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { imodDeposit, trapsDeposit } from "./deposits.mjs";
import { writeVolume } from "./volumes.mjs";

const DEPOSITS = { imod: imodDeposit, traps: trapsDeposit };

/** @type {import("./generate.d.mts").generateLab} */
export async function generateLab({ out, shape, runs, deposits = ["imod", "traps"] }) {
  const input = join(out, "input");
  const made = [];
  for (const name of deposits) {
    const deposit = DEPOSITS[name]({ shape, runs });
    const root = join(input, deposit.sourcePrefix);
    for (const { path, volume } of deposit.volumes) await writeVolume(join(root, path), volume);
    for (const { path, text } of deposit.texts) await write(join(root, path), text);
    const config = join(out, `${name}.yaml`);
    await write(config, deposit.config);
    made.push({
      name,
      config,
      tomograms: deposit.volumes
        .filter(({ run }) => run !== undefined)
        .map(({ run, path, volume }) => ({
          run,
          path: join(root, path),
          shape: volume.shape,
          kind: volume.kind ?? "float32",
          runIndex: volume.runIndex,
          spacingAngstrom: deposit.spacingAngstrom(run),
        })),
    });
  }
  return { input, deposits: made };
}

async function write(path, text) {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
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
    },
  });
  const runs = Number(values.runs);
  const unknown = values.deposit?.find((name) => !(name in DEPOSITS));
  if (!values.out || unknown || !Number.isInteger(runs) || runs < 1 || runs > 9998) {
    throw new Error("usage: generate.mjs --out DIR [--size XxYxZ] [--runs 1…9998] [--deposit imod|traps]…");
  }
  const lab = await generateLab({
    out: values.out,
    shape: values.size ? parseSize(values.size) : undefined,
    runs,
    deposits: values.deposit,
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
