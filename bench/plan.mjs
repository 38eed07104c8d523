/**
 * `node bench/plan.mjs [--runs 300] [--frames 60] [--latency 20]`: how long the plan of a large deposition takes where each request has a
 * price. Sources lie in memory behind a wrapper that waits before every answer, as a bucket does.
 *
 * Sketch: 300 runs, each 7 requests one after the other (acquisition file, two headers of stat and range, alignment files), 32 runs side by
 * side: 300 / 32 × 7 × 20 ms = 1.3 s, and the processor's own work on 18,000 frames.
 */
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { built, figure, needBuild, round } from "./report.mjs";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "300" },
    frames: { type: "string", default: "60" },
    latency: { type: "string", default: "20" },
  },
});
const [runs, frames, latencyMs] = [values.runs, values.frames, values.latency].map(Number);

needBuild();
const { memoryStore } = await built("stores/memory/store.js");
const { planIngest } = await built("stations/ingest/plan.js");
const { readStructure } = await built("stations/ingest/config/schema.js");
const { makeSelection } = await built("stations/ingest/selection.js");
const { mrcHeaderBytes } = await built("formats/mrc/write.js");
const { systemClock } = await built("core/clock.js");

const text = (value) => new TextEncoder().encode(value);
const tilts = Array.from({ length: frames }, (_, i) => (i - Math.floor(frames / 2)) * 2);

function volume(kind, shape, voxelSizeAngstrom) {
  const statistics = { min: 0, max: 0, mean: 0, rms: 0 };
  const head = mrcHeaderBytes({ kind, shape, dtype: "int8", voxelSizeAngstrom, statistics, dateMs: 0 });
  return new Uint8Array([...head, ...new Uint8Array(shape[0] * shape[1] * shape[2])]);
}

const mdoc = (name) =>
  tilts
    .map((angle, i) => `[ZValue = ${i}]\nTiltAngle = ${angle}\nExposureTime = 1\nSubFramePath = X:\\${name}_${i}.tif\n`)
    .join("\n");
const rawtlt = `${tilts.join("\n")}\n`;

const files = memoryStore({ url: "memory:source" });
for (let i = 0; i < runs; i++) {
  const name = `TS_${String(i).padStart(4, "0")}`;
  await files.write(`lab/rec/${name}.rec`, volume("tomogram", [2, 4, 6], 10.5));
  await files.write(`lab/st/${name}.st`, volume("tiltseries", [frames, 2, 2], 1.96));
  await files.write(`lab/st/${name}.rawtlt`, text(rawtlt));
  await files.write(`lab/mdoc/${name}.mdoc`, text(mdoc(name)));
  await files.write(`lab/ali/${name}.xf`, text("1 0 0 1 0 0\n".repeat(frames)));
  await files.write(`lab/ali/${name}.tlt`, text(rawtlt));
  for (let frame = 0; frame < frames; frame++) await files.write(`lab/frames/${name}_${frame}.tif`, text("f"));
}
const config = `version: 1.3.0
standardization_config: {deposition_id: 10390, source_prefix: lab}
depositions: [{metadata: {deposition_title: T}, sources: [{literal: {value: [10390]}}]}]
datasets: [{metadata: {dataset_title: D}, sources: [{literal: {value: ['10700']}}]}]
runs: [{sources: [{source_glob: {list_glob: 'rec/*.rec', name_regex: '(.*)\\.rec'}}]}]
voxel_spacings: [{sources: [{literal: {value: [10.5]}}]}]
tomograms: [{metadata: {fiducial_alignment_status: false}, sources: [{source_glob: {list_glob: 'rec/{run_name}.rec'}}]}]
collection_metadata: [{sources: [{source_glob: {list_glob: 'mdoc/{run_name}.mdoc'}}]}]
frames: [{metadata: {dose_rate: 2, is_gain_corrected: true}, sources: [{source_glob: {list_glob: 'frames/{run_name}_*.tif'}}]}]
tiltseries: [{metadata: {pixel_spacing: 1.96}, sources: [{source_glob: {list_glob: 'st/{run_name}.st'}}]}]
rawtilts: [{sources: [{source_glob: {list_glob: 'st/{run_name}.rawtlt'}}]}]
alignments: [{metadata: {format: IMOD}, sources: [{source_multi_glob: {list_globs: ['ali/{run_name}.xf', 'ali/{run_name}.tlt']}}]}]
`;

const counts = { stat: 0, read: 0, children: 0 };
const far = (store) => ({
  ...store,
  async stat(...asked) {
    counts.stat++;
    await sleep(latencyMs);
    return store.stat(...asked);
  },
  async read(...asked) {
    counts.read++;
    await sleep(latencyMs);
    return store.read(...asked);
  },
  async *children(...asked) {
    counts.children++;
    await sleep(latencyMs);
    yield* store.children(...asked);
  },
});

const begun = performance.now();
const plan = await planIngest(readStructure(text(config), "bench.yaml"), far(files), far(memoryStore({ url: "memory:target" })), {
  selection: makeSelection({ everything: true }),
  clock: systemClock,
});
const seconds = (performance.now() - begun) / 1000;
figure(`plan of ${runs} runs × ${frames} frames, ${latencyMs} ms a request`, round(seconds, 2), {
  unit: "s",
  tasks: plan.tasks.length,
  failures: plan.failures.length,
  requests: counts,
  rss_mib: Math.round(process.memoryUsage().rss / 2 ** 20),
});
