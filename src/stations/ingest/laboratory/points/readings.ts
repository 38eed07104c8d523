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
/** A few points may lie anywhere in it: where they are no voxels, units that people write are thought of all the same, but not where all would lie in a corner. */
const FEW = 10;
const FILLED_BY_FEW = 0.25;
/** A point may stand a voxel outside: programs count from 0 or from 1, and round. */
const MARGIN = 1;

/**
 * Every way to read coordinates that the range of the points allows: all lie in the tomogram and reach over more than half of it along its longest filled
 * axis. Two that remain cannot be told apart by numbers.
 *
 * @param pixelsAngstrom sizes of pixels that the run has otherwise, such as those of its tilt series
 * @param coarserAngstrom of voxels that are larger than the tomogram's, as the name of the list says
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
    coarserAngstrom,
    isReversed: known,
  }: {
    readonly countsPixels?: boolean | undefined;
    readonly mayHaveAngstrom?: boolean | undefined;
    readonly coarserAngstrom?: number | undefined;
    readonly isReversed?: boolean | undefined;
  } = {},
): Reading[] {
  const filled = ranges.filter(({ range }) => range.count > 0);
  if (filled.length === 0) return [];
  const spacing = filled[0]!.volume.spacingAngstrom;
  const isCoarser = spacing !== undefined && coarserAngstrom !== undefined && coarserAngstrom > 1.2 * spacing;
  const coarser = isCoarser ? Number((spacing / coarserAngstrom).toPrecision(4)) : undefined;
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
    ...(coarser === undefined ? [] : [{ binning: coarser, unit: "pixels" as const }]),
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
  const filling = readings.filter((reading) => fits(reading, filled));
  const isOfVoxels = ({ unit, binning }: Reading) => unit === "voxels" || binning === coarser;
  const areVoxels = filling.some(isOfVoxels);
  const isFew = filled.reduce((sum, { range }) => sum + range.count, 0) < FEW;
  const isWritten = ({ unit }: Reading) => unit === "Å" || unit === "nm";
  const fitting =
    isFew && !areVoxels
      ? readings.filter((reading) => fits(reading, filled, isWritten(reading) ? FILLED_BY_FEW : FILLED))
      : filling;
  // an order of axes other than the format's is asked about where the format's own, in voxels, does not fit
  const hasOwn = fitting.some((one) => !one.isReversed && isOfVoxels(one));
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

const fits = (reading: Reading, ranges: Placed, filled = FILLED): boolean => (reachOf(reading, ranges) ?? 0) > filled;

/** Points in the corner of a tomogram are there since they were divided by too much. */
const CORNER = 0.2;
const CORNER_POINTS_MIN = 4;

/**
 * Which of some lists are voxels by themselves, though not all of them are, and would lie in a corner of their tomograms in every unit that all could have: they
 * were written in another unit than the others.
 */
export function writtenOtherwise(ranges: Placed, fitting: readonly Reading[]): readonly boolean[] {
  const isVoxels: Reading = { binning: 1, unit: "voxels", isCentred: false, isReversed: false };
  if (fitting.length === 0 || fitting.some(({ unit, isReversed }) => unit === "voxels" && !isReversed))
    return ranges.map(() => false);
  return ranges.map(
    (one) =>
      one.range.count >= CORNER_POINTS_MIN &&
      fits(isVoxels, [one]) &&
      fitting.every((reading) => (reachOf(reading, [one]) ?? 1) <= CORNER),
  );
}

const span = (least: number, most: number): string => `${Number(least.toPrecision(4))} to ${Number(most.toPrecision(4))}`;

/** `In run TS_1, x is 90 to 100, y 20 to 120, z 50 to 80; the tomogram has 40×40×18 voxels of 10 Å.` @param placed the same points in each tomogram */
export function rangeText(placed: Placed, run: string, fitsEach: boolean): string | undefined {
  const [first] = placed;
  if (first === undefined) return undefined;
  const { least, most } = first.range;
  const axes = ["x", "y", "z"].map((axis, at) => `${axis} ${at === 0 ? "is " : ""}${span(least[at]!, most[at]!)}`);
  const volumes = placed.map(({ volume: { size, spacingAngstrom } }) => {
    const voxels = spacingAngstrom === undefined ? "" : ` of ${Number(spacingAngstrom.toPrecision(6))} Å`;
    return `${size.join("×")} voxels${voxels}`;
  });
  const tomograms = volumes.length === 1 ? `the tomogram has ${volumes[0]}` : `the tomograms have ${volumes.join(" and ")}`;
  return `In run ${run}, ${axes.join(", ")}; ${tomograms}.${fitsEach ? " Each answer fits." : ""}`;
}

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
          ? `pixels${spacing === undefined ? "" : ` of ${Number((spacing / binning).toPrecision(4))} Å`} (${number} per voxel)`
          : `${unit} (${number} ${unit} per voxel)`;
  const which = isNamed && unit !== "voxels" ? ` in the tomogram of ${spacing} Å` : "";
  return `${base}${which}${isCentred ? ", from the centre of the tomogram" : ""}${isReversed ? ", z first" : ""}`;
}
