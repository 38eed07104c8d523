/**
 * Operators on one volume of 128³, in memory: ours beside scipy, CPU time of one thread each, the processes alternating (rows A8, A9, A10's kernel). The
 * results are compared in test/peers, not here.
 *
 * Sketch: a Gaussian of sigma 2 takes 8 pairs of taps along three axes, 24 additions and products a voxel: 30 to 40 ns in one thread without
 * vectors. A median of 27 voxels sorts columns of 9 and merges three: 100 ns.
 */
import { execFileSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { seededRandom } from "../../dist/core/random.js";
import { environmentPython, figure, median, root, round, say, table } from "../report.mjs";

const here = join(root, "bench", "blocks");
const CASES = [
  { name: "gaussian sigma 2 float32", op: "gaussian", params: { sigma: 2 }, dtype: "float32" },
  { name: "gaussian sigma 2 int16", op: "gaussian", params: { sigma: 2 }, dtype: "int16" },
  { name: "median 3³ int16", op: "median", params: { size: 3 }, dtype: "int16" },
  { name: "erosion 6 int16", op: "morphology", params: { operation: "erode", connectivity: 6 }, dtype: "int16" },
  { name: "erosion 26 int16", op: "morphology", params: { operation: "erode", connectivity: 26 }, dtype: "int16" },
  { name: "sobel magnitude float32", op: "gradient", params: {}, dtype: "float32" },
  { name: "mean 2³ int16", op: "downsample", params: {}, dtype: "int16" },
  { name: "threshold int16", op: "threshold", params: { above: 0 }, dtype: "int16" },
];

export default async function operators({ out, quick, repeat }) {
  const python = environmentPython("peers");
  const side = quick ? 48 : 128;
  const raw = join(out, `operators-${side}-DTYPE.raw`);
  for (const dtype of ["int16", "float32"]) makeVolume(raw.replace("DTYPE", dtype), dtype, side);
  const file = join(out, "operators.json");
  writeFileSync(file, JSON.stringify({ side, cases: CASES, repeat: 3 }));
  const found = { emporium: new Map(), scipy: new Map() };
  for (let at = 0; at < Math.max(1, Math.ceil(repeat / 3)); at++) {
    collect(found.emporium, process.execPath, [join(here, "operator-times.mjs"), raw, file]);
    collect(found.scipy, python, [join(here, "operator_times.py"), raw, file]);
  }
  const rows = [["", "ns/voxel", "scipy"]];
  for (const { name } of CASES) {
    const perVoxel = (times) => (median(times) * 1e9) / side ** 3;
    const [own, scipy] = [perVoxel(found.emporium.get(name)), perVoxel(found.scipy.get(name))];
    rows.push([name, round(own, 1), round(scipy, 1)]);
    figure(`blocks.operator.${name}`, round(own, 2), {
      unit: "ns/voxel",
      scipy: round(scipy, 2),
      to_scipy: round(scipy / own, 2),
      side,
    });
  }
  table(rows);
  say();
}

function makeVolume(path, dtype, side) {
  if (existsSync(path)) return;
  const random = seededRandom(3);
  const Type = dtype === "int16" ? Int16Array : Float32Array;
  writeFileSync(path, new Uint8Array(Type.from({ length: side ** 3 }, () => (random() - 0.5) * 2000).buffer));
}

function collect(into, program, args) {
  const env = { ...process.env, OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1" };
  for (const line of execFileSync(program, args, { encoding: "utf8", env }).trim().split("\n")) {
    const { name, seconds } = JSON.parse(line);
    into.set(name, [...(into.get(name) ?? []), ...seconds]);
  }
}
