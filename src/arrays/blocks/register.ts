import { type Box, boxShape } from "../../core/box.js";
import { EmporiumError } from "../../core/errors.js";
import { counted } from "../../core/units.js";
import { bytesOfArrays } from "./batches.js";
import type { BlockInput } from "./blocks.js";
import { type BlockData, type ReadBoxOptions, readBox } from "./edges.js";
import { boxOf, type GridRequest, gridOf, levelAt, type ReadGrid } from "./grid.js";
import { fitOf, type Lattice, latticeOf, nearestLevel, type WorldTransform } from "./lattice.js";
import { resampleBox } from "./resample.js";
import { type BlockArrays, inBatches, nmOf, sequenceOf } from "./sequence.js";
import type { BlockLevel, BlockVolume } from "./volume.js";

/**
 * Method by which an array is read that does not lie on the grid.
 *
 * - `nearest`: the voxel that lies nearest to each voxel of the grid: for labels;
 * - `linear`: between the eight voxels around it: for images;
 * - `refuse`, the default: as it is, moved by whole voxels, and not at all where a voxel would be taken for one that lies farther than
 *   `mismatchMax` away.
 */
export type Resampling = "nearest" | "linear" | "refuse";

export type RegisterOptions<Name extends string> = {
  /** The array whose voxels are the grid. */
  readonly grid: Name;
  /** Levels of the other arrays. Default: that whose voxels are nearest in size to those of the grid. */
  readonly levels?: Readonly<Partial<Record<Name, number>>> | undefined;
  /** Transforms into the world for arrays whose metadata place them wrongly. Rotations are refused. */
  readonly transforms?: Readonly<Partial<Record<Name, WorldTransform>>> | undefined;
  /** Largest mismatch that `refuse` accepts, in voxels of the array. Default 0.5. */
  readonly mismatchMax?: number | undefined;
} & { readonly [name in Name]?: Resampling };

/** Names that an array cannot have, because options have them. */
const OPTIONS = ["grid", "levels", "transforms", "mismatchMax"];

/**
 * Several arrays in one grid, laid on each other by their places in the world.
 *
 * @throws {EmporiumError} USAGE (names that are not there), FORMAT_UNSUPPORTED (rotations). `blocks` and `batches` throw USAGE where an array
 *   does not meet the grid, or where it is not said how large voxels are
 */
export function register<Name extends string>(
  volumes: Readonly<Record<Name, BlockVolume>>,
  options: RegisterOptions<NoInfer<Name>>,
): BlockArrays<Record<Name, BlockData>> {
  const names = Object.keys(volumes) as Name[];
  requireNames(names, options);
  const owner = volumes[options.grid];
  const inputOf = (request: GridRequest): BlockInput<Record<Name, BlockData>> => {
    const level = levelAt(owner.levels, request.level ?? 0, owner.name);
    const grid = gridOf(owner.levels, request, owner.name);
    const readers = names.map((name) => readerOf(name, volumes, options, { grid, level }));
    const dtypes = readers.map(({ dtype }) => dtype);
    return {
      grid,
      bytesOf: (box) => bytesOfArrays(boxShape(box), dtypes),
      nmOf: nmOf(level),
      async read(box, signal) {
        const arrays = await Promise.all(readers.map((reader) => reader.read(box, signal)));
        return Object.fromEntries(names.map((name, at) => [name, arrays[at]!])) as Record<Name, BlockData>;
      },
    };
  };
  return {
    blocks: (request) => sequenceOf(inputOf(request), owner, request),
    batches: (request) => inBatches(inputOf(request), owner, request),
  };
}

function requireNames<Name extends string>(names: readonly Name[], options: RegisterOptions<Name>): void {
  const taken = names.find((name) => OPTIONS.includes(name));
  if (taken) throw usage(`an array cannot be called ${taken}: that is an option of register`);
  const { grid, levels = {}, transforms = {}, mismatchMax: _, ...methods } = options;
  for (const name of [grid, ...Object.keys(levels), ...Object.keys(transforms), ...Object.keys(methods)])
    if (!names.includes(name as Name)) throw usage(`no array is called ${name}; there are ${names.join(", ")}`);
  for (const [name, method] of Object.entries(methods))
    if (!["nearest", "linear", "refuse"].includes(method as string))
      throw usage(`${name}: expected nearest, linear or refuse, found ${method}`);
}

interface ArrayReader {
  readonly dtype: BlockLevel["dtype"];
  read(box: Box, signal: AbortSignal | undefined): Promise<BlockData>;
}

function readerOf<Name extends string>(
  name: Name,
  volumes: Readonly<Record<Name, BlockVolume>>,
  options: RegisterOptions<Name>,
  on: { readonly grid: ReadGrid; readonly level: BlockLevel },
): ArrayReader {
  const { grid } = on;
  if (name === options.grid) return { dtype: on.level.dtype, read: (box, signal) => readBox(on.level, box, { ...grid, signal }) };
  const volume = volumes[name];
  const names = { grid: options.grid, array: name };
  const index = options.levels?.[name] ?? nearestLevel(volume.levels, on.level, names);
  const level = levelAt(volume.levels, index, name);
  const lattice = latticeOf(on.level, level, names, options.transforms?.[name]);
  const fit = fitOf(lattice, boxOf(grid, 0).start, boxOf(grid, grid.count - 1).stop);
  const method = options[name] ?? "refuse";
  // a grid that shrinks ends where its own array ends; others may end before that
  const edges: Required<Pick<ReadBoxOptions, "constant">> & { edge: "reflect" | "constant" } = {
    edge: grid.edge === "reflect" ? "reflect" : "constant",
    constant: grid.constant,
  };
  const { dtype } = level;
  if (!fit.isSame && method !== "refuse")
    return { dtype, read: (box, signal) => resampleBox(level, box, lattice, { method, ...edges, signal }) };
  const { mismatchMax = 0.5 } = options;
  if (!(fit.mismatch <= mismatchMax)) throw mismatchError(names, lattice, fit.mismatch, mismatchMax);
  return {
    dtype,
    async read(box, signal) {
      const moved = await readBox(level, shifted(box, fit.by, 1), { ...edges, signal });
      return { ...moved, box, valid: moved.valid && shifted(moved.valid, fit.by, -1) };
    },
  };
}

function shifted({ start, stop }: Box, by: readonly number[], sign: 1 | -1): Box {
  const move = (at: number, axis: number) => at + sign * by[axis]!;
  return { start: start.map(move) as Box["start"], stop: stop.map(move) as Box["stop"] };
}

function mismatchError(names: { grid: string; array: string }, { scale }: Lattice, mismatch: number, max: number): EmporiumError {
  const sizes = scale.map((factor) => Number(factor.toPrecision(6))).join(", ");
  return new EmporiumError(
    "USAGE",
    `${names.array} is not on the grid of ${names.grid}: up to ${counted(Number(mismatch.toPrecision(3)), "voxel")} apart, at most ${max} allowed (one voxel of the grid spans ${sizes} of its voxels)`,
    { hint: `say how to read it: { ${names.array}: "nearest" } for labels, "linear" for images` },
  );
}

function usage(message: string): EmporiumError {
  return new EmporiumError("USAGE", message);
}
