/** Volumes whose headers differ from what a reader would like. README.md says what becomes of each. */
import { depositConfig, glob, literal, section, source, tomogramMetadata } from "./config.mjs";

const SPACING_ANGSTROM = 4.99;

/** Every trap as a volume, without its run index. */
export const TRAPS = [
  { trap: "odd", shape: [30, 46, 50] },
  { trap: "int8", kind: "uint8", claim: { min: 0, max: 250 } },
  { trap: "int8twin", kind: "uint8", claim: { min: 0, max: 120 } },
  { trap: "sbyte", kind: "int8" },
  { trap: "int16", kind: "int16" },
  { trap: "uint16", kind: "uint16" },
  { trap: "half", kind: "float16" },
  { trap: "big", kind: "int16", bigEndian: true },
  { trap: "bigfloat", bigEndian: true },
  { trap: "seri", kind: "int16", extended: { type: "SERI", bytes: 1024 } },
  { trap: "novox", spacingAngstrom: 0 },
  { trap: "perm", kind: "int16", shape: [20, 28, 36], swapXY: true },
  { trap: "wrongvox", spacingAngstrom: 5.3 },
  { trap: "trunc", cutBytes: 100 },
];

/** One run for each trap. */
export function trapsDeposit() {
  const rows = TRAPS.map(({ trap }) => [trap, "4.99", "WBP"]);
  return {
    name: "traps",
    sourcePrefix: "lab/traps",
    runs: TRAPS.map(({ trap }) => trap).sort(),
    volumes: TRAPS.map(({ trap, ...volume }, runIndex) => ({
      path: `${trap}_Vol.mrc`,
      run: trap,
      kind: "tomogram",
      spacingAngstrom: SPACING_ANGSTROM,
      volume: { shape: [32, 36, 40], spacingAngstrom: SPACING_ANGSTROM, runIndex, ...volume },
    })),
    files: [
      {
        path: "run_data_map.csv",
        content: [["run_name", "vs", "tomo-reconstruction_method"], ...rows].map((row) => `${row.join(",")}\n`).join(""),
      },
    ],
    config: depositConfig(
      {
        depositionId: 10302,
        datasetId: 10402,
        title: "Miniature laboratory, header traps",
        sourcePrefix: "lab/traps",
        maps: { run_data_map_file: "run_data_map.csv" },
      },
      [
        section("runs", {
          sources: [source(glob("*_Vol.mrc", { match: "[a-z0-9]+_Vol\\.mrc$", name: "(.*)_Vol\\.mrc" }))],
        }),
        section("voxel_spacings", { sources: [source(literal('["float {vs}"]'))] }),
        section("tomograms", {
          metadata: tomogramMetadata({ spacing: '"float {vs}"', method: '"{tomo-reconstruction_method}"' }),
          sources: [source(glob("{run_name}_Vol.mrc"))],
        }),
      ],
    ),
  };
}
