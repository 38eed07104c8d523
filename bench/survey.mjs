/**
 * `node bench/survey.mjs [--files 100000] [--rounds 3] [--dir DIR]`: `emporium ingest new` of a laboratory of so many files, whole (survey, recognisers,
 * decisions, configuration), beside `find … -exec head -c 1024`, which reads as much of each file, in turn, from a warm file cache.
 *
 * Fifty files a run: a tilt series with its mdoc, angles, transforms and command files of IMOD, a reconstruction, a model, and frames. Volumes are sparse:
 * what is read of them is their heads, and of tomograms a few rows, which hold noise.
 */
import { randomBytes } from "node:crypto";
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, rmSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { cache, figure, measure, median, needBuild, program, round, say, table } from "./report.mjs";

const { values: options } = parseArgs({
  options: {
    files: { type: "string", default: "100000" },
    rounds: { type: "string", default: "3" },
    dir: { type: "string", default: join(cache, "survey") },
  },
});
const FILES_A_RUN = 50;
const TILTS = 43;

needBuild();
const runs = Math.ceil(Number(options.files) / FILES_A_RUN);
const rounds = Number(options.rounds);
const tree = join(options.dir, `laboratory-${runs}`);
makeTree();
mkdirSync(cache, { recursive: true });
const scratch = mkdtempSync(join(cache, "survey-"));
try {
  const heads = ["find", tree, "-type", "f", "-exec", "sh", "-c", 'exec head -qc 1024 "$@" >/dev/null', "sh", "{}", "+"];
  const cost = { heads: [], "ingest new": [] };
  await measure("python3", heads);
  for (let at = 0; at < rounds; at++) {
    cost.heads.push(await measure("python3", heads));
    const out = join(scratch, `new-${at}.yaml`);
    const words = ["ingest", "new", "--from", tree, "--out", out, "--workspace", join(scratch, "workspace"), "--quiet"];
    cost["ingest new"].push(await measure("python3", [process.execPath, program, ...words]));
    say(
      `round ${at + 1}: heads ${cost.heads.at(-1).wall_s.toFixed(1)} s, ingest new ${cost["ingest new"].at(-1).wall_s.toFixed(1)} s`,
    );
  }
  const middle = (name, key) => median(cost[name].map((one) => one[key]));
  table([
    ["", "wall s", "cpu s", "peak MiB"],
    ...Object.keys(cost).map((name) => [
      name,
      middle(name, "wall_s").toFixed(1),
      middle(name, "cpu_s").toFixed(1),
      (middle(name, "rss_kib") / 1024).toFixed(0),
    ]),
  ]);
  figure("survey.ratio_to_heads", round(middle("ingest new", "wall_s") / middle("heads", "wall_s")), {
    unit: "×",
    files: runs * FILES_A_RUN,
    rounds,
    new_s: cost["ingest new"].map(({ wall_s }) => round(wall_s)),
    heads_s: cost.heads.map(({ wall_s }) => round(wall_s)),
    rss_mib: Math.round(middle("ingest new", "rss_kib") / 1024),
  });
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** The head of an MRC file, whose voxels are not there. */
function mrc(path, [x, y, z], { mode = 1, spacing = 0, space = 0 }) {
  const head = Buffer.alloc(1024);
  for (const [at, value] of [x, y, z, mode, 0, 0, 0, x, y, z].entries()) head.writeInt32LE(value, 4 * at);
  for (const [at, size] of [x, y, z].entries()) {
    head.writeFloatLE(size * spacing, 40 + 4 * at);
    head.writeFloatLE(90, 52 + 4 * at);
    head.writeInt32LE(at + 1, 64 + 4 * at);
  }
  head.writeInt32LE(space, 88);
  head.write("MAP DA\0\0", 208, "latin1");
  head.writeInt32LE(20140, 108);
  writeFileSync(path, head);
  truncateSync(path, 1024 + x * y * z * (mode === 2 ? 4 : mode === 0 ? 1 : 2));
}

/** Bands of rows in three sections, without which a tomogram would be one of which nearly everything was cut out. */
function noise(path, [x, y, z]) {
  const file = openSync(path, "r+");
  const band = randomBytes(2 * x * 16);
  for (const [section, row] of [
    [0.4, 1 / 6],
    [0.5, 1 / 2],
    [0.6, 5 / 6],
  ])
    writeSync(file, band, 0, band.length, 1024 + 2 * x * (y * Math.floor(section * z) + Math.floor(row * y) - 8));
  closeSync(file);
}

/** The tree stays for the next time. */
function makeTree() {
  const done = `${tree}.complete`;
  if (existsSync(done)) return;
  say(`making ${runs} runs of ${FILES_A_RUN} files in ${tree}`);
  rmSync(tree, { recursive: true, force: true });
  const angles = Array.from({ length: TILTS }, (_, tilt) => 3 * (tilt - (TILTS - 1) / 2));
  for (let run = 0; run < runs; run++) {
    const name = `grid${1 + (run % 4)}_pos${String(run).padStart(4, "0")}`;
    const folder = join(tree, `session_${Math.floor(run / 100)}`, name);
    mkdirSync(join(folder, "frames"), { recursive: true });
    mrc(join(folder, `${name}.st`), [1024, 1024, TILTS], { spacing: 2.7 });
    const tomogram = join(folder, `${name}_rec.mrc`);
    mrc(tomogram, [512, 512, 200], { spacing: 10.8, space: 1 });
    noise(tomogram, [512, 512, 200]);
    writeFileSync(join(folder, `${name}.rawtlt`), `${angles.map((angle) => angle.toFixed(2)).join("\n")}\n`);
    writeFileSync(join(folder, `${name}.tlt`), `${angles.map((angle) => (angle + 0.2).toFixed(2)).join("\n")}\n`);
    writeFileSync(join(folder, `${name}.xf`), angles.map(() => "0.996 0.087 -0.087 0.996 1.25 -3.5\n").join(""));
    const sections = angles.map((angle, at) =>
      [
        `[ZValue = ${at}]`,
        `TiltAngle = ${angle}`,
        "PixelSpacing = 2.7",
        "ExposureDose = 3.1",
        `SubFramePath = D:\\frames\\${name}_${String(at).padStart(3, "0")}_${angle.toFixed(1)}.mrc`,
        "",
      ].join("\n"),
    );
    writeFileSync(
      join(folder, `${name}.st.mdoc`),
      `PixelSpacing = 2.7\nVoltage = 300\nImageFile = ${name}.st\nImageSize = 1024 1024\nDataMode = 1\n\n${sections.join("\n")}`,
    );
    writeFileSync(join(folder, "taSolution.log"), "tilt axis angle = 85.3\n");
    for (const [at, angle] of angles.entries())
      mrc(join(folder, "frames", `${name}_${String(at).padStart(3, "0")}_${angle.toFixed(1)}.mrc`), [1024, 1024, 8], {
        mode: 0,
        spacing: 2.7,
      });
  }
  writeFileSync(done, "");
}
