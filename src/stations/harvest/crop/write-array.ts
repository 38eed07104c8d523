import { type FileHandle, mkdir, open, rename, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { throwIfCancelled } from "../../../core/cancel.js";
import { positions } from "../../../formats/zarr/chunks.js";
import { writeFully } from "../../../stores/file/write-fully.js";
import { inOrder } from "../../../system/parallel.js";
import { type CropArray, type CropFile, filledUnit, pour, touchedCells, twinOf, unitBox } from "./crop-array.js";
import { type SourceUnits, writeWhole } from "./source-units.js";

/** Numbers of a crop's units, by the way in which they were made. */
export interface CropCounts {
  /** Units whose stored bytes were copied. */
  copied: number;
  /** Units that were composed from elements. */
  rewritten: number;
  /** Units that are absent in the source: readers see the fill value. */
  absent: number;
  /** Units in complete files of an earlier attempt. */
  kept: number;
}

export interface WriteOptions {
  /** Units in progress at once. */
  limit: number;
  signal?: AbortSignal | undefined;
  counts: CropCounts;
  onUnit(): void;
}

/** One unit to be made. */
interface Piece {
  file: CropFile;
  cell: number[];
  entry: number;
  /** Whether it is the last unit of its file. */
  last: boolean;
}

/**
 * Writes the files of a crop below a folder. Complete files of an interrupted attempt are kept.
 *
 * Memory: for each unit in progress its stored bytes, its elements and those of one unit of the source. Shards are written unit
 * by unit.
 */
export async function writeArray(array: CropArray, units: SourceUnits, folder: string, options: WriteOptions): Promise<void> {
  const { limit, signal, counts, onUnit } = options;
  async function* work(): AsyncGenerator<Piece> {
    for (const file of array.files()) {
      const cells = [...file.units];
      const there = await stat(join(folder, file.key)).catch(() => undefined);
      for (const [i, { cell, entry }] of cells.entries()) {
        if (!there?.isFile()) yield { file, cell, entry, last: i === cells.length - 1 };
        else {
          counts.kept++;
          onUnit();
        }
      }
    }
  }
  let shard: ShardFile | undefined;
  try {
    const make = async (piece: Piece) => {
      throwIfCancelled(signal);
      return { ...piece, bytes: await makeUnit(array, units, piece.cell, counts) };
    };
    for await (const { file, entry, last, bytes } of inOrder(work(), limit, make)) {
      const path = join(folder, file.key);
      if (!file.shard) {
        if (bytes) await writeWhole(path, bytes);
      } else {
        if (bytes) {
          shard ??= await ShardFile.begin(path, file.shard);
          await shard.append(entry, bytes);
        }
        if (last) {
          await shard?.finish();
          shard = undefined;
        }
      }
      onUnit();
    }
  } finally {
    await shard?.abandon();
  }
}

/** Stored bytes of one unit of the crop; undefined if the source has nothing of it. */
async function makeUnit(
  array: CropArray,
  units: SourceUnits,
  cell: readonly number[],
  counts: CropCounts,
): Promise<Uint8Array | undefined> {
  const covered = unitBox(array, cell);
  const twin = twinOf(array, covered);
  if (twin) {
    const stored = await units.stored(twin);
    counts[stored ? "copied" : "absent"]++;
    return stored;
  }
  const shape = array.padded ? array.unit : covered.stop.map((to, axis) => to - covered.start[axis]!);
  const cells = touchedCells(array, covered);
  let target: ReturnType<typeof filledUnit> | undefined;
  for (const source of positions(cells.start, cells.stop)) {
    const plain = await units.plain(source);
    if (!plain) continue;
    target ??= filledUnit(shape, array.fill);
    pour(
      plain,
      source.map((at, axis) => at * array.unit[axis]!),
      target,
      covered,
      array.itemBytes,
    );
  }
  counts[target ? "rewritten" : "absent"]++;
  return target && array.encode(target);
}

/** A shard in progress: units in the order in which they come, with an index before or behind them. */
class ShardFile {
  readonly #offsets: Float64Array;
  readonly #lengths: Float64Array;
  #end: number;

  private constructor(
    private readonly path: string,
    private readonly handle: FileHandle,
    private readonly shard: NonNullable<CropFile["shard"]>,
  ) {
    this.#offsets = new Float64Array(shard.entries).fill(-1);
    this.#lengths = new Float64Array(shard.entries);
    this.#end = shard.location === "start" ? shard.indexBytes : 0;
  }

  static async begin(path: string, shard: NonNullable<CropFile["shard"]>): Promise<ShardFile> {
    await mkdir(dirname(path), { recursive: true });
    return new ShardFile(path, await open(`${path}.writing`, "w"), shard);
  }

  async append(entry: number, bytes: Uint8Array): Promise<void> {
    await writeFully(this.handle, bytes, this.#end);
    this.#offsets[entry] = this.#end;
    this.#lengths[entry] = bytes.length;
    this.#end += bytes.length;
  }

  async finish(): Promise<void> {
    const index = this.shard.encodeIndex(this.#offsets, this.#lengths);
    await writeFully(this.handle, index, this.shard.location === "start" ? 0 : this.#end);
    await this.handle.close();
    await rename(`${this.path}.writing`, this.path);
  }

  /** Closes the unfinished file after a failure. The next attempt writes it again. */
  async abandon(): Promise<void> {
    await this.handle.close().catch(() => undefined);
  }
}
