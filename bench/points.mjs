/**
 * `npm run bench:points -- [--points 1000000] [--repeat 3] [--out DIR]`: a particle list of RELION 4 (24 columns, about 390 bytes a row) to
 * the portal's ndjson of oriented points, whole process, beside starfile + numpy + scipy (bench/points.py), alternating in one run; all
 * rows, and the rows of one tomogram in fifty. Then both outputs are compared line by line.
 *
 * Sketch: 390 MB to scan at 300 to 500 MB/s, 12 million numbers to parse at 20 ns and to print at 100 ns: 2 to 3 s on one core, in the memory
 * of one batch.
 */
import { closeSync, mkdirSync, openSync, rmSync, statSync, writeSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { seededRandom } from "../dist/core/random.js";
import { cache, environmentPython, figure, measure, median, needBuild, root, round, say, table } from "./report.mjs";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    points: { type: "string", default: "1000000" },
    repeat: { type: "string", default: "3" },
    out: { type: "string", default: join(cache, "points") },
  },
});
const TOMOGRAMS = 50;
const self = join(root, "bench", "points.mjs");

needBuild();
if (positionals[0] === "convert") await convert(...positionals.slice(1));
else await race(Number(options.points), Number(options.repeat), options.out);

/** One conversion, in a process of its own. */
async function convert(source, target, filterValue) {
  const { encodePoints } = await import("../dist/formats/points/ndjson.js");
  const { readRelion4 } = await import("../dist/formats/points/relion4.js");
  const { openObject } = await import("../dist/stores/store.js");
  const { fileStore } = await import("../dist/stores/file/store.js");
  const [, folder, key] = /^(.*)\/([^/]+)$/.exec(source);
  const file = await openObject(fileStore(folder), key);
  const out = await open(target, "w");
  const reading = { kind: "orientedPoint", binning: 4, columns: "xyz", order: "xyz", delimiter: ",", filterValue };
  for await (const batch of readRelion4(file, reading)) await out.write(encodePoints("orientedPoint", batch));
  await out.close();
}

async function race(points, repeat, folder) {
  const python = environmentPython("peers");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const source = join(folder, "particles.star");
  writeParticles(source, points);
  const mebibytes = round(statSync(source).size / 2 ** 20, 0);
  say(`${points} particles, ${mebibytes} MiB`);
  const rows = [["", "seconds", "peak RSS MiB", "starfile: seconds", "peak RSS MiB", "ratio"]];
  for (const [name, filter] of [
    ["all", []],
    [`one of ${TOMOGRAMS} tomograms`, ["TS_007"]],
  ]) {
    const outputs = [join(folder, "emporium.ndjson"), join(folder, "starfile.ndjson")];
    const commands = [
      [process.execPath, self, "convert", source, outputs[0], ...filter],
      [python, join(root, "bench", "points.py"), source, outputs[1], ...filter],
    ];
    const taken = [[], []];
    for (let i = 0; i < repeat; i++) {
      for (const [at, command] of commands.entries()) taken[at].push(await measure(python, command));
    }
    await measure(python, [python, join(root, "bench", "points.py"), "--compare", ...outputs]); // exit 1 where they differ
    const [ours, theirs] = taken.map((runs) => ({
      seconds: median(runs.map(({ wall_s }) => wall_s)),
      mebibytes: Math.max(...runs.map(({ rss_kib }) => rss_kib)) / 1024,
    }));
    const ratio = round(theirs.seconds / ours.seconds, 1);
    rows.push([
      name,
      round(ours.seconds, 2),
      round(ours.mebibytes, 0),
      round(theirs.seconds, 2),
      round(theirs.mebibytes, 0),
      ratio,
    ]);
    figure("points.star_to_ndjson.seconds", round(ours.seconds, 2), {
      points,
      rows: name,
      input_mib: mebibytes,
      repeat,
      peak_rss_mib: round(ours.mebibytes, 0),
      starfile_seconds: round(theirs.seconds, 2),
      starfile_peak_rss_mib: round(theirs.mebibytes, 0),
      ratio,
    });
  }
  table(rows);
  rmSync(folder, { recursive: true, force: true });
}

/** As RELION writes them: padded numbers, long names of files. */
function writeParticles(path, points) {
  const random = seededRandom(1);
  const file = openSync(path, "w");
  const number = (low, high) => (low + (high - low) * random()).toFixed(6).padStart(12);
  const names = [
    ..."TomoName TomoParticleId TomoManifoldIndex CoordinateX CoordinateY CoordinateZ OriginXAngst OriginYAngst OriginZAngst".split(
      " ",
    ),
    ..."AngleRot AngleTilt AnglePsi ClassNumber RandomSubset TomoParticleName OpticsGroup ImageName CtfImage GroupNumber".split(
      " ",
    ),
    ..."NormCorrection LogLikeliContribution MaxValueProbDistribution NrOfSignificantSamples CtfBfactor".split(" "),
  ];
  const loop = (columns) => `loop_ \n${columns.map((name, at) => `_rln${name} #${at + 1} `).join("\n")}\n`;
  writeSync(file, `\n# version 30001\n\ndata_optics\n\n${loop(["OpticsGroup", "OpticsGroupName", "ImagePixelSize"])}`);
  writeSync(file, `           1 opticsGroup1     3.370000 \n \n\n# version 30001\n\ndata_particles\n\n${loop(names)}`);
  let text = "";
  for (let i = 1; i <= points; i++) {
    const tomogram = `TS_${String(i % TOMOGRAMS).padStart(3, "0")}`;
    const shift = () => number(-5, 5);
    text += `${tomogram} ${String(i).padStart(12)}            0 ${number(0, 4000)} ${number(0, 4000)} ${number(0, 1200)} `;
    text += `${shift()} ${shift()} ${shift()} ${number(-180, 180)} ${number(0, 180)} ${number(-180, 180)}            1            2 `;
    text += `${tomogram}/${i}            1 Extract/job042/Subtomograms/${tomogram}/${i}_data.mrc Extract/job042/Subtomograms/${tomogram}/${i}_weights.mrc `;
    text += `           1     1.000000 ${number(1e5, 9e5)} ${number(0, 1)}           12     4.000000 \n`;
    if (text.length > 1e6) {
      writeSync(file, text);
      text = "";
    }
  }
  writeSync(file, text);
  closeSync(file);
}
