/** Least and greatest coordinate of a list of points along x, y, z, as the file's reader gives them without any binning. */
export interface PointRange {
  readonly count: number;
  readonly least: readonly [x: number, y: number, z: number];
  readonly most: readonly [x: number, y: number, z: number];
}

/** The tomogram that points lie in. */
export interface PointsVolume {
  /** Voxels along x, y, z. */
  readonly size: readonly [x: number, y: number, z: number];
  readonly spacingAngstrom: number | undefined;
}

export type Placed = readonly { readonly range: PointRange; readonly volume: PointsVolume }[];

/** One way to read coordinates under which all points lie in the tomogram and fill it. */
export interface Reading {
  /** Coordinates are divided by it and become voxels. */
  readonly binning: number;
  readonly unit: "voxels" | "pixels" | "Å" | "nm" | "parts";
  /** Counted from the centre of the tomogram, not from its first voxel. */
  readonly isCentred: boolean;
  /** The file has z first. */
  readonly isReversed: boolean;
}

/** Points of one object may leave half of a tomogram empty; a factor of two would leave more. */
const FILLED = 0.5;
/** A point may stand a voxel outside: programs count from 0 or from 1, and round. */
const MARGIN = 1;

/**
 * Every way to read coordinates that the range of the points allows: all lie in the tomogram and reach over more than half of it along its longest filled
 * axis. Two that remain cannot be told apart by numbers.
 *
 * @param pixelsAngstrom sizes of pixels that the run has otherwise, such as those of its tilt series
 * @param countsPixels the format has pixels and no other unit: those of which volume is the question
 * @param mayHaveAngstrom people write Å into it all the same: thought of where nothing tells the size of a pixel
 * @param isReversed what the names of the columns say of their order
 */
export function readingsOf(
  ranges: Placed,
  pixelsAngstrom: readonly number[],
  {
    countsPixels = false,
    mayHaveAngstrom = false,
    isReversed: known,
  }: {
    readonly countsPixels?: boolean | undefined;
    readonly mayHaveAngstrom?: boolean | undefined;
    readonly isReversed?: boolean | undefined;
  } = {},
): Reading[] {
  const filled = ranges.filter(({ range }) => range.count > 0);
  if (filled.length === 0) return [];
  const spacing = filled[0]!.volume.spacingAngstrom;
  const isNegative = filled.some(({ range }) => range.least.some((least) => least < -MARGIN));
  const scales: Pick<Reading, "binning" | "unit">[] = [
    { binning: 1, unit: "voxels" },
    ...(!countsPixels && spacing !== undefined && Math.abs(spacing - 1) > 0.05
      ? [
          { binning: spacing, unit: "Å" as const },
          { binning: Number((spacing / 10).toPrecision(12)), unit: "nm" as const },
        ]
      : []),
    ...binningsOf(spacing, pixelsAngstrom).map((binning) => ({ binning, unit: "pixels" as const })),
    ...(countsPixels && mayHaveAngstrom && pixelsAngstrom.length === 0 && spacing !== undefined && spacing > 1.05
      ? [{ binning: spacing, unit: "Å" as const }]
      : []),
  ];
  const isParts =
    !countsPixels &&
    filled.every(({ range }) => range.least.every((least) => least >= 0) && range.most.every((most) => most <= 1));
  const readings: Reading[] = [];
  for (const isReversed of known === undefined ? [false, true] : [known]) {
    for (const scale of scales)
      for (const isCentred of isNegative ? [true] : [false]) readings.push({ ...scale, isCentred, isReversed });
    if (isParts) readings.push({ binning: 1, unit: "parts", isCentred: false, isReversed });
  }
  const fitting = readings.filter((reading) => fits(reading, filled));
  // an order of axes other than the format's is asked about where the format's own, in voxels, does not fit
  const hasOwn = fitting.some(({ isReversed, unit }) => !isReversed && unit === "voxels");
  const orders = fitting.filter(({ isReversed, unit }) => known === true || !isReversed || (!hasOwn && unit === "voxels"));
  // two units of one size are one reading
  return orders.filter(
    (one, at) =>
      orders.findIndex((other) => near(one.binning, other.binning) && other.isReversed === one.isReversed) === at ||
      one.unit === "parts",
  );
}

const near = (a: number, b: number): boolean => Math.abs(a / b - 1) < 0.01;

/** Whole numbers from 2 to 16 where nothing tells the size of a pixel; otherwise those that the sizes of pixels give. */
function binningsOf(spacing: number | undefined, pixelsAngstrom: readonly number[]): number[] {
  if (spacing === undefined || pixelsAngstrom.length === 0) return [2, 3, 4, 5, 6, 8, 10, 12, 16];
  const ratios = pixelsAngstrom.map((pixel) => spacing / pixel).filter((ratio) => ratio > 1.2);
  return [...new Set(ratios.map((ratio) => Number(ratio.toPrecision(4))))];
}

const fits = (reading: Reading, ranges: Placed): boolean => (reachOf(reading, ranges) ?? 0) > FILLED;

/** Whether all points lie in their tomograms under a reading. */
export const liesIn = (reading: Reading, ranges: Placed): boolean => reachOf(reading, ranges) !== undefined;

/** How far the points reach, as a part of the tomogram; undefined where one lies outside. */
function reachOf({ binning, unit, isCentred, isReversed }: Reading, ranges: Placed): number | undefined {
  let reach = 0;
  for (const { range, volume } of ranges) {
    for (let axis = 0; axis < 3; axis++) {
      const size = volume.size[axis]!;
      const from = isReversed ? 2 - axis : axis;
      const shift = isCentred ? size / 2 : 0;
      const scale = unit === "parts" ? size : 1 / binning;
      const [least, most] = [range.least[from]! * scale + shift, range.most[from]! * scale + shift];
      if (least < -MARGIN || most > size - 1 + MARGIN) return undefined;
      reach = Math.max(reach, isCentred ? Math.max(Math.abs(least - shift), Math.abs(most - shift)) / (size / 2) : most / size);
    }
  }
  return reach;
}

/** `pixels of 2.5 Å (4 a voxel)`. @param isNamed of several tomograms: by their voxel size */
export function readingText(
  { binning, unit, isCentred, isReversed }: Reading,
  spacing: number | undefined,
  isNamed = false,
): string {
  const number = Number(binning.toPrecision(6));
  const base =
    unit === "voxels"
      ? `voxels of the tomogram${isNamed ? ` of ${spacing} Å` : ""}`
      : unit === "parts"
        ? "parts of the tomogram's size"
        : unit === "pixels"
          ? `pixels${spacing === undefined ? "" : ` of ${Number((spacing / binning).toPrecision(4))} Å`} (${number} a voxel)`
          : `${unit} (${number} ${unit} a voxel)`;
  const which = isNamed && unit !== "voxels" ? ` in the tomogram of ${spacing} Å` : "";
  return `${base}${which}${isCentred ? ", from the centre of the tomogram" : ""}${isReversed ? ", z first" : ""}`;
}
