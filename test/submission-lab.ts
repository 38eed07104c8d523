import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { mrcFile } from "./laboratory-kit.js";

export const LAB_RUNS = Array.from({ length: 12 }, (_, at) => `TS_${String(at + 1).padStart(2, "0")}`);

const TILTS = [-6, -3, 0, 3, 6];

const mdoc = (run: string): string =>
  [
    `PixelSpacing = 3.37\nVoltage = 300\nImageFile = ${run}.st\n\n[T = SerialEM: Digitized on Titan Krios]\n`,
    "[T =     Tilt axis angle = 84.7, binning = 1  spot = 8  camera = 1]\n",
    ...TILTS.map(
      (angle, z) =>
        `[ZValue = ${z}]\nTiltAngle = ${angle}\nExposureDose = 3\nExposureTime = 1.5\nPixelSpacing = 3.37\nSubFramePath = X:\\frames\\${run}_${z}.eer\n`,
    ),
  ].join("\n");

/**
 * Writes a laboratory of twelve runs, each with a tomogram, a tilt series and its acquisition. Two things contradict each other: TS_09 has a tenth of the
 * voxel size of all others, and of TS_07 there are two tomograms that nothing tells apart. And the header of TS_05's tomogram says that it is a stack.
 */
export function writeSubmissionLab(folder: string, { size = 48 }: { readonly size?: number } = {}): void {
  const write = (path: string, content: string | Uint8Array) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  };
  for (const [seed, run] of LAB_RUNS.entries()) {
    const [kind, spacing] = [run === "TS_05" ? "stack" : "volume", run === "TS_09" ? 1.348 : 13.48] as const;
    write(`rec/${run}.rec`, mrcFile([size / 2, size, size], spacing, { kind, seed: seed + 1 }));
    write(`st/${run}.st`, mrcFile([TILTS.length, size, size], 3.37, { kind: "stack", seed: seed + 100 }));
    write(`st/${run}.rawtlt`, `${TILTS.join("\n")}\n`);
    write(`mdoc/${run}.mdoc`, mdoc(run));
    write(`logs/${run}.log`, "nothing that the portal takes\n");
  }
  write("rec_old/TS_07.rec", mrcFile([size / 2, size, size], 13.48, { seed: 77 }));
  for (const half of [1, 2]) write(`rec/TS_01_half${half}.mrc`, mrcFile([8, 16, 16], 13.48, { seed: half }));
  write("notes/reading.txt", "grid 4 was the good one\n");
}
