import { ceilDiv, volumeOf } from "../../../core/box.js";
import { EmporiumError } from "../../../core/errors.js";
import { FORMS, LEVELS } from "../plan/forms.js";
import type { Geometry } from "../plan/geometry.js";
import type { UnitReceipt, WriteVolumeOptions, WriteVolumeResult, WrittenObject } from "../plan/job.js";
import type { Unit } from "../plan/shard-walk.js";
import type { WorkerMessage } from "../work/worker-job.js";
import { Counts } from "./counts.js";
import type { Flusher } from "./flusher.js";
import { finishMrc, statisticsOf, type UnitReport, voxelFacts } from "./results.js";
import type { ShardBook } from "./shard-book.js";
import { UnitNotes } from "./unit-notes.js";

/** Units with what is known of them: a unit is done when its workers have reported it and all its objects are there. */
export class Units {
  private readonly objects = new Map<number, WrittenObject[]>();
  private readonly reports = new Map<number, UnitReport>();
  private readonly counts: Counts;
  private readonly notes: UnitNotes;
  private readonly expected: number[];
  /** Units that an earlier attempt has done. */
  private readonly kept: readonly number[];

  constructor(
    private readonly options: WriteVolumeOptions,
    private readonly g: Geometry,
    private readonly columns: number,
    private readonly done: Map<number, UnitReceipt>,
    flusher: Flusher | undefined,
    private readonly shards: ShardBook | undefined,
  ) {
    this.kept = [...done.keys()];
    this.counts = new Counts(options.scratch);
    this.notes = new UnitNotes(options, flusher, shards, done.size);
    this.expected = g.units.map((unit) => (options.zarr || shards ? chunksOf(unit, g) : 0));
  }

  async addReport({ unit, sums, checksums, counts }: Extract<WorkerMessage, { kind: "unit" }>): Promise<void> {
    this.reports.set(unit, { sums, checksums });
    this.counts.add(counts);
    await this.counts.keep(unit, counts);
    await this.maybeDone(unit);
  }

  async addObject(unit: number, object: WrittenObject): Promise<void> {
    const list = this.objects.get(unit) ?? [];
    list.push(object);
    this.objects.set(unit, list);
    await this.maybeDone(unit);
  }

  private async maybeDone(unit: number): Promise<void> {
    const report = this.reports.get(unit);
    const objects = this.objects.get(unit) ?? [];
    if (!report || objects.length < this.expected[unit]!) return;
    this.reports.delete(unit);
    const receipt = {
      unit,
      columns: this.columns,
      ...voxelFacts(this.g.units[unit]!, this.g, report),
      objects: objects.map(({ key, size, crc32 }) => ({ key, size, crc32 })).sort((a, b) => (a.key < b.key ? -1 : 1)),
    };
    this.done.set(unit, receipt);
    await this.notes.add(receipt);
  }

  async result(wholeRows: boolean): Promise<WriteVolumeResult> {
    const { options, g } = this;
    const receipts = g.units.map(({ index }) => {
      const receipt = this.done.get(index);
      if (!receipt) throw new EmporiumError("INTERNAL", `unit ${index} of ${g.units.length} gave no receipt`);
      return receipt;
    });
    const { counts } = FORMS[g.form];
    const { bins } = this.counts;
    if (counts) for (const unit of this.kept) await this.counts.addKept(unit);
    const statistics = statisticsOf(receipts, volumeOf(g.shapes[0]!));
    return {
      shapes: g.shapes,
      chunk: g.chunk,
      statistics,
      histogram: counts === "histogram" ? bins : undefined,
      labels: counts === "labels" ? [...bins.keys()].filter((label) => label > 0 && bins[label]! > 0) : undefined,
      objects: this.shards?.table.results() ?? receipts.flatMap((receipt) => receipt.objects),
      shards: this.shards?.table.shapes,
      mrc: options.mrc && (await finishMrc(options.mrc, g, statistics, wholeRows ? receipts : undefined)),
    };
  }
}

function chunksOf(unit: Unit, g: Geometry): number {
  let count = 0;
  for (let level = 0; level < LEVELS; level++) {
    const scale = 1 << level;
    const depth = g.halvesZ ? ceilDiv(ceilDiv(unit.z1 - unit.z0, scale), g.chunk[0]) : unit.z1 - unit.z0;
    const height = ceilDiv(ceilDiv(unit.y1 - unit.y0, scale), g.chunk[1]);
    count += depth * height * ceilDiv(ceilDiv(unit.x1 - unit.x0, scale), g.chunk[2]);
  }
  return count;
}
