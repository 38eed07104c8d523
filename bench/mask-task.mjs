/**
 * `node bench/mask-task.mjs FORM SOURCE OUT WORKSPACE`: makes `OUT.zarr` by a mask task, with the journal and the threads that `emporium ingest
 * convert` has. FORM is `mask` (label 1), `labels`, or `mean` (a threshold, at half the size of the source).
 */
import { availableParallelism } from "node:os";
import { basename, dirname } from "node:path";
import { systemClock } from "../dist/core/clock.js";
import { silentLog } from "../dist/core/log.js";
import { seededRandom } from "../dist/core/random.js";
import { runPlan } from "../dist/engine/run.js";
import { newDraft } from "../dist/stations/ingest/draft.js";
import { addMaskTask } from "../dist/stations/ingest/importers/volume-task.js";
import { VOLUME_OPERATION, volumeOperation } from "../dist/stations/ingest/ops/volume.js";
import { readVolumeSource } from "../dist/stations/ingest/volume-source.js";
import { fileStore } from "../dist/stores/file/store.js";

const [form, sourcePath, out, workspace] = process.argv.slice(2);
const source = fileStore(dirname(sourcePath));
const volume = await readVolumeSource(source, basename(sourcePath), false, { compat: false });
const draft = newDraft();
const threads = availableParallelism();
addMaskTask(
  { writeMrc: false, writeZarr: true, compat: false, omeZarr: "0.4", force: false, threads, source: { store: source } },
  draft,
  {
    segmentation: form === "labels" ? { form } : { form: "mask", select: form === "mask" ? { equals: 1 } : { atLeast: 0.5 } },
    title: form,
    volume,
    keys: { mrc: `${basename(out)}.mrc`, zarr: `${basename(out)}.zarr/` },
    targetShape: form === "mean" ? volume.shape.map((length) => length / 2) : undefined,
    spacingAngstrom: 10,
    needs: [],
    place: undefined,
  },
);
const report = await runPlan(
  { createdMs: systemClock.now(), tasks: draft.tasks, locks: ["masks"] },
  {
    operations: { [VOLUME_OPERATION]: volumeOperation },
    source,
    target: fileStore(dirname(out)),
    workspace,
    name: "masks",
    jobs: threads,
    memoryBytes: 2 ** 30,
    clock: systemClock,
    random: seededRandom(1),
    log: silentLog,
    signal: new AbortController().signal,
  },
);
process.exitCode = report.exitStatus;
