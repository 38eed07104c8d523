// operator-times.mjs RAW CASES: CPU seconds of each operator on a whole volume, as JSON lines, after one run that does not count. DTYPE in RAW stands for the type.
import { readFileSync } from "node:fs";
import { operatorOf } from "../../dist/arrays/operators/table.js";
import { voxelsOf } from "../../dist/arrays/operators/voxels.js";

const [raw, casesFile] = process.argv.slice(2);
const { side, cases, repeat } = JSON.parse(readFileSync(casesFile, "utf8"));
const shape = [side, side, side];
for (const { name, op, params, dtype } of cases) {
  const bound = operatorOf(op).bind(params, [{ dtype, shape, voxelSizeNm: [1, 1, 1] }]);
  const data = voxelsOf(dtype, new Uint8Array(readFileSync(raw.replace("DTYPE", dtype))));
  const box = { start: [0, 0, 0], stop: shape };
  const core = { start: [0, 0, 0], stop: bound.output.shape };
  const times = [];
  for (let at = 0; at <= repeat; at++) {
    const start = process.cpuUsage();
    bound.apply([{ data, dtype, box, whole: shape }], core);
    times.push(process.cpuUsage(start).user / 1e6);
  }
  process.stdout.write(`${JSON.stringify({ name, seconds: times.slice(1) })}\n`);
}
