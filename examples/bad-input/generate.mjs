#!/usr/bin/env node
/** Writes depositions with one fault each: `node examples/bad-input/generate.mjs --out DIR`. Beside each fault stand runs without one, so
 * that it can be seen what is done and kept. README.md is the table of what must come of each. */
import { mkdir, open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { argv } from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { depositConfig, literal, section, source, tomogramMetadata } from "../lab/config.mjs";
import { writeVolume } from "../lab/volumes.mjs";

const SHAPE = [16, 28, 24];
const SPACING_ANGSTROM = 10;
const RUNS = "{list_glob: '*.rec', name_regex: '(.*)\\.rec'}";
const TOMOGRAMS = "{list_glob: '{run_name}.rec'}";

/** Faults by name: `files` beside (or in place of) the sound runs `run_1` and `run_3`, and what the configuration says otherwise. */
const FAULTS = {
  truncated: { files: { "run_2.rec": (path) => writeVolume(path, volume(2, { cutBytes: 100 })) } },
  "lying-header": {
    files: {
      "huge.rec": (path) =>
        writeVolume(path, volume(2)).then(() => patchInts(path, { 0: 2000000000, 4: 2000000000, 8: 2000000000 })),
      "negative.rec": (path) => writeVolume(path, volume(2)).then(() => patchInts(path, { 4: -28 })),
      "beyond.rec": (path) => writeVolume(path, volume(2)).then(() => patchInts(path, { 92: 1 << 30 })),
      "mode.rec": (path) => writeVolume(path, volume(2)).then(() => patchInts(path, { 12: 77 })),
      "text.rec": (path) => writeFile(path, "This is not a volume.\n".repeat(100)),
      "empty.rec": (path) => writeFile(path, ""),
    },
  },
  "missing-map": { config: { runDataMap: "runs.tsv" } },
  "empty-runs": { config: { runs: "{list_glob: 'nowhere/*.rec', name_regex: '(.*)\\.rec'}" } },
  "empty-tomograms": { config: { tomograms: "{list_glob: 'tomograms/{run_name}.rec'}" } },
  collision: {
    files: { "run_3.mrc": (path) => writeVolume(path, volume(4)) },
    config: { tomograms: "{list_glob: '{run_name}.*'}" },
  },
  sound: {},
};

/** @type {import("./generate.d.mts").generateBadInput} */
export async function generateBadInput({ out, faults = Object.keys(FAULTS) }) {
  const made = {};
  for (const [at, name] of faults.entries()) {
    const { files = {}, config = {} } = FAULTS[name];
    const folder = join(out, "input", "lab", name);
    await mkdir(folder, { recursive: true });
    for (const run of [1, 3]) await writeVolume(join(folder, `run_${run}.rec`), volume(run));
    for (const [file, write] of Object.entries(files)) await write(join(folder, file));
    made[name] = join(out, `${name}.yaml`);
    const { runDataMap, runs = RUNS, tomograms = TOMOGRAMS } = config;
    const spacing = `${SPACING_ANGSTROM}.0`;
    const deposit = {
      depositionId: 10310 + at,
      datasetId: 10410 + at,
      title: `Bad input, ${name}`,
      sourcePrefix: `lab/${name}`,
      maps: runDataMap ? { run_data_map_file: runDataMap } : {},
    };
    const sections = [
      section("runs", { sources: [source(`source_glob: ${runs}`)] }),
      section("voxel_spacings", { sources: [source(literal(`[${spacing}]`))] }),
      section("tomograms", {
        metadata: tomogramMetadata({ spacing, method: "WBP" }),
        sources: [source(`source_glob: ${tomograms}`)],
      }),
    ];
    await writeFile(made[name], depositConfig(deposit, sections));
  }
  return { input: join(out, "input"), configs: made };
}

function volume(runIndex, more = {}) {
  return { shape: SHAPE, runIndex, spacingAngstrom: SPACING_ANGSTROM, ...more };
}

/** Overwrites 4-byte fields of a header, by byte offset. */
async function patchInts(path, fields) {
  const file = await open(path, "r+");
  try {
    for (const [at, value] of Object.entries(fields)) {
      const bytes = new DataView(new ArrayBuffer(4));
      bytes.setInt32(0, value, true);
      await file.write(new Uint8Array(bytes.buffer), 0, 4, Number(at));
    }
  } finally {
    await file.close();
  }
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { out: { type: "string" } } });
  if (values.out) {
    const { input, configs } = await generateBadInput({ out: values.out });
    for (const config of Object.values(configs)) {
      console.log(`emporium ingest run ${config} ${input} ${join(values.out, "output")} --import-everything`);
    }
  } else {
    console.error("usage: generate.mjs --out DIR");
    process.exitCode = 2;
  }
}
