import { VOLUME_OPERATION } from "../../../src/stations/ingest/ops/names.js";
import { mkdirSync } from "node:fs";
import type { Triple } from "../../../src/core/box.js";
import { systemClock } from "../../../src/core/clock.js";
import { silentLog } from "../../../src/core/log.js";
import { seededRandom } from "../../../src/core/random.js";
import { type RunReport, runPlan } from "../../../src/engine/run.js";
import type { PlainObject } from "../../../src/engine/task.js";
import { newDraft } from "../../../src/stations/ingest/draft.js";
import type { ImportContext } from "../../../src/stations/ingest/importers/importer.js";
import { addMaskTask, type Segmentation } from "../../../src/stations/ingest/importers/volume-task.js";
import { volumeOperation } from "../../../src/stations/ingest/ops/volume.js";
import { readVolumeSource } from "../../../src/stations/ingest/volume-source.js";
import type { Store } from "../../../src/stores/store.js";

export interface MaskRun {
  source: Store;
  /** Of the source; a folder (Zarr) ends with `/`. */
  key: string;
  target: Store;
  /** Written as `NAME.mrc` and `NAME.zarr/`. */
  name: string;
  workspace: string;
  segmentation: Segmentation;
  targetShape?: Triple | undefined;
  spacingAngstrom?: number | undefined;
  writeMrc?: boolean | undefined;
  writeZarr?: boolean | undefined;
  compat?: boolean | undefined;
  /** OME-Zarr 0.5 in shards of this many plain bytes at most. */
  shardBytes?: number | undefined;
}

/** Plans one mask as an importer does, and lets the engine make it. The moment is fixed. */
export async function runMask(wish: MaskRun): Promise<RunReport> {
  const { source, key, target, name, workspace, segmentation, targetShape, spacingAngstrom = 13.48, compat = false } = wish;
  mkdirSync(workspace, { recursive: true });
  const volume = await readVolumeSource(source, key.replace(/\/$/, ""), key.endsWith("/"), { compat });
  const draft = newDraft();
  // what planning one task looks at
  const context = {
    writeMrc: wish.writeMrc ?? true,
    writeZarr: wish.writeZarr ?? true,
    compat,
    omeZarr: wish.shardBytes === undefined ? "0.4" : "0.5",
    force: false,
    threads: 2,
    source: { store: source },
    draft,
  } as unknown as ImportContext;
  const shards: PlainObject = wish.shardBytes === undefined ? {} : { shardBytes: wish.shardBytes };
  const keys = { mrc: `${name}.mrc`, zarr: `${name}.zarr/` };
  const wanted = { segmentation, title: name, volume, keys, targetShape, spacingAngstrom, needs: [], place: undefined };
  if (!addMaskTask(context, wanted)) throw new Error("nothing to write");
  return runPlan(
    { createdMs: 1_790_000_000_000, tasks: draft.tasks, locks: ["masks"] },
    {
      operations: {
        [VOLUME_OPERATION]: (task, own) => volumeOperation({ ...task, params: { ...task.params, ...shards } }, own),
      },
      source,
      target,
      workspace,
      name: "masks",
      jobs: 2,
      memoryBytes: 2 ** 28,
      clock: systemClock,
      random: seededRandom(1),
      log: silentLog,
      signal: new AbortController().signal,
      createdMs: 1_790_000_000_000,
      sync: false,
    },
  );
}
