/** What the laboratory has deposited: for each deposit its volumes, tables and configuration. Nothing here touches a disk. */
import { depositConfig } from "./config.mjs";

/** Two ordinary tomograms of an IMOD user; the second keeps its voxel size to itself. A last run has a tilt series and no tomogram.
 * @param {{ shape?: [number, number, number], runs?: number }} options `shape` of the tomograms, `[z, y, x]` */
export function imodDeposit({ shape, runs = 2 } = {}) {
  const names = Array.from({ length: runs + 1 }, (_, at) => `TS_${String(at + 1).padStart(4, "0")}`);
  const tomograms = names.slice(0, runs).map((run, runIndex) => {
    const plain = runIndex % 2 === 0;
    return {
      path: `tomograms/${run}.rec`,
      run,
      volume: {
        shape: shape ?? [32, 56, 64],
        runIndex,
        kind: plain ? "float32" : "int16",
        spacingAngstrom: plain ? 13.48 : 0,
        extended: plain ? undefined : { type: "SERI", bytes: 1024 },
      },
    };
  });
  const tilts = {
    path: `metadata/${names.at(-1)}.st`,
    volume: { shape: [7, 48, 64], runIndex: runs, kind: "int16", spacingAngstrom: 3.3702, stack: true },
  };
  const columns =
    "run_name tilt_series_quality dose_rate tilt_series_min_tilt tilt_series_max_tilt tilt_series_total_flux mapped_segmask_name tomo_reconstruction_method";
  const rows = names.map((run, at) => [
    run,
    String((at % 5) + 1),
    "2.0",
    "-9",
    "9",
    "21",
    `${run}_organelles${at === 1 ? " " : ""}`, // a blank at the end, as spreadsheets leave them
    at % 2 === 0 ? "WBP" : "SIRT",
  ]);
  return {
    name: "imod",
    sourcePrefix: "lab/imod",
    spacingAngstrom: () => 13.48,
    volumes: [...tomograms, tilts],
    texts: [
      { path: "run_data_map_vali.tsv", text: [columns.split(" "), ...rows].map((row) => `${row.join("\t")}\r\n`).join("") },
    ],
    config: depositConfig({
      depositionId: 10301,
      datasetId: 10401,
      title: "Miniature laboratory, IMOD",
      sourcePrefix: "lab/imod",
      runDataMap: "run_data_map_vali.tsv",
      runs: "{list_glob: 'tomograms/TS_*.rec', name_regex: '(.*).rec'}",
      voxelSpacing: "13.48",
      tomograms: "{list_glob: 'tomograms/{run_name}.rec', match_regex: 'TS_\\d{4}\\.rec$'}",
      reconstructionMethod: '"{tomo_reconstruction_method}"',
    }),
  };
}

/** One run for each way in which a header differs from what a reader would like. README.md says what becomes of each. */
export function trapsDeposit() {
  const traps = [
    { run: "odd", shape: [30, 46, 50] },
    { run: "int8", kind: "uint8", claim: { min: 0, max: 250 } },
    { run: "int8twin", kind: "uint8", claim: { min: 0, max: 120 } },
    { run: "sbyte", kind: "int8" },
    { run: "int16", kind: "int16" },
    { run: "uint16", kind: "uint16" },
    { run: "half", kind: "float16" },
    { run: "big", kind: "int16", bigEndian: true },
    { run: "bigfloat", bigEndian: true },
    { run: "seri", kind: "int16", extended: { type: "SERI", bytes: 1024 } },
    { run: "novox", spacingAngstrom: 0 },
    { run: "perm", kind: "int16", shape: [20, 28, 36], swapXY: true },
    { run: "wrongvox", spacingAngstrom: 5.3 },
    { run: "trunc", cutBytes: 100 },
  ];
  const rows = traps.map(({ run }) => [run, "4.99", "WBP"]);
  return {
    name: "traps",
    sourcePrefix: "lab/traps",
    spacingAngstrom: () => 4.99,
    volumes: traps.map(({ run, ...volume }, runIndex) => ({
      path: `${run}_Vol.mrc`,
      run,
      volume: { shape: [32, 36, 40], spacingAngstrom: 4.99, runIndex, ...volume },
    })),
    texts: [
      {
        path: "run_data_map.csv",
        text: [["run_name", "vs", "tomo-reconstruction_method"], ...rows].map((row) => `${row.join(",")}\n`).join(""),
      },
    ],
    config: depositConfig({
      depositionId: 10302,
      datasetId: 10402,
      title: "Miniature laboratory, header traps",
      sourcePrefix: "lab/traps",
      runDataMap: "run_data_map.csv",
      runs: "{list_glob: '*_Vol.mrc', match_regex: '[a-z0-9]+_Vol\\.mrc$', name_regex: '(.*)_Vol\\.mrc'}",
      voxelSpacing: '"float {vs}"',
      tomograms: "{list_glob: '{run_name}_Vol.mrc'}",
      reconstructionMethod: '"{tomo-reconstruction_method}"',
    }),
  };
}
