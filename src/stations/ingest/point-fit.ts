/** Factors between the pixels that a program showed and those of a tomogram. */
const BINNINGS = [1, 2, 3, 4, 5, 6, 8, 10, 12, 16];
/** Fewer points than this outside are strays: no unit or order of axes explains them. */
const SHARE_OUTSIDE = 0.25;

export interface FitOptions {
  /** Voxels of the tomogram along x, y, z. */
  readonly size: readonly [number, number, number];
  /** Å of its voxels, where they are known. */
  readonly spacingAngstrom: number | undefined;
  /** Binning: the number that the coordinates have been divided by. */
  readonly binning: number;
  /** The option that reverses the axes of this kind of points, where it has one. */
  readonly reverse: "columns" | "order" | undefined;
}

/** A way to read coordinates under which all of them lie in the tomogram. */
export interface Fit {
  readonly binning: number;
  readonly reversed: boolean;
  /** Unit of the coordinates when they are read this way. */
  readonly unit: "pixels" | "Å" | "nm";
}

export interface PointFit {
  readonly count: number;
  readonly outside: number;
  /** @param positions x, y, z of each point, divided by `binning`. */
  add(positions: Float64Array, points: number): void;
  /** The nearest reading that fits all points, where a good part of them lies outside; undefined where none does. */
  fit(): Fit | undefined;
  /** The orders of axes other than the file's that hold all points as they are divided now, such as `yxz`: of all six. */
  orders(): string[];
  /** Too many points lie outside for a few strays: the coordinates are read wrongly. */
  readonly isMisread: boolean;
}

/** Every order but the file's own: which of its coordinates is x, y, z. */
const ORDERS = ["zyx", "yxz", "xzy", "yzx", "zxy"] as const;
const ORDER_AXES = ORDERS.map((order) => [...order].map((axis) => "xyz".indexOf(axis)));

/**
 * Counts points outside of a tomogram, and tries the usual mistakes: pixels of the full size, Å or nm in place of voxels,
 * axes in each of the six orders. The first correction that fits all points counts: reversed axes alone, then the smallest factor.
 *
 * Cost: about 90 comparisons a point, nothing is kept of it.
 */
export function pointFit({ size, spacingAngstrom, binning, reverse }: FitOptions): PointFit {
  const factors: Pick<Fit, "binning" | "unit">[] = BINNINGS.map((factor) => ({ binning: factor, unit: "pixels" }));
  if (spacingAngstrom !== undefined && spacingAngstrom > 1) factors.push({ binning: spacingAngstrom, unit: "Å" });
  if (spacingAngstrom !== undefined) factors.push({ binning: spacingAngstrom / 10, unit: "nm" });
  factors.sort((a, b) => a.binning - b.binning);
  const asIs = { binning, unit: "pixels" } as const;
  const ways: Fit[] = [
    ...(reverse ? [{ ...asIs, reversed: true }] : []),
    // what is smaller than one voxel was divided once too often, or is in nm
    ...factors.filter((one) => one.binning > binning).map((one) => ({ ...one, reversed: false })),
    ...factors.filter((one) => one.binning < binning && one.binning >= 1).map((one) => ({ ...one, reversed: false })),
    ...(reverse ? factors.filter((one) => one.binning > binning).map((one) => ({ ...one, reversed: true })) : []),
  ];
  const inside = new Array<number>(ways.length).fill(0);
  const ordered = new Array<number>(ORDERS.length).fill(0);
  const scales = ways.map((way) => binning / way.binning);
  let count = 0;
  let outside = 0;
  const holds = (x: number, y: number, z: number) =>
    x >= 0 && y >= 0 && z >= 0 && x <= size[0] - 1 && y <= size[1] - 1 && z <= size[2] - 1;
  const isMisread = () => outside > 0 && outside >= count * SHARE_OUTSIDE;
  return {
    get count() {
      return count;
    },
    get outside() {
      return outside;
    },
    add(positions, points) {
      count += points;
      for (let i = 0; i < points; i++) {
        const [x, y, z] = [positions[3 * i]!, positions[3 * i + 1]!, positions[3 * i + 2]!];
        if (!holds(x, y, z)) outside++;
        for (let order = 0; order < ORDERS.length; order++) {
          const [a, b, c] = ORDER_AXES[order]!;
          if (holds(positions[3 * i + a!]!, positions[3 * i + b!]!, positions[3 * i + c!]!)) ordered[order]!++;
        }
        for (let way = 0; way < ways.length; way++) {
          const scale = scales[way]!;
          if (ways[way]!.reversed ? holds(z * scale, y * scale, x * scale) : holds(x * scale, y * scale, z * scale))
            inside[way]!++;
        }
      }
    },
    get isMisread() {
      return isMisread();
    },
    fit: () => (isMisread() ? ways.find((_, way) => inside[way] === count) : undefined),
    orders: () => (isMisread() ? ORDERS.filter((_, order) => ordered[order] === count) : []),
  };
}

/** Advice that brings points into the tomogram, as the end of a sentence that says they lie outside; empty for a few strays. */
export function mendText(places: PointFit, options: FitOptions): string {
  if (!places.isMisread) return "";
  const way = places.fit();
  const orders = places.orders();
  // the options know two orders alone, and formats that tell their own axes none
  const others = orders.filter((order) => !(options.reverse && order === "zyx")).map((order) => [...order].join(", "));
  if (way && (way.reversed || orders.length === 0)) return `; ${fitText(way, options, places.count)}`;
  if (others.length > 0) return `; read as ${others.join(" or ")} all ${places.count} fit: exchange the coordinates in the file`;
  return way ? `; ${fitText(way, options, places.count)}` : "; none of the six orders of the axes fits";
}

/** The guess in the words of a configuration: "`binning: 4` fits all 12". */
function fitText({ binning, reversed, unit }: Fit, options: FitOptions, count: number): string {
  const words = [
    ...(binning === options.binning ? [] : [`binning: ${Number(binning.toPrecision(7))}`]),
    ...(reversed ? [`${options.reverse}: zyx`] : []),
  ];
  return `\`${words.join(", ")}\` fits all ${count}${unit === "pixels" ? "" : `: they are in ${unit}`}`;
}
