import type { CheckPlace } from "../../../../core/finding.js";
import { shown, unless } from "../../../../core/finding.js";
import { counted } from "../../../../core/units.js";
import { READABLE_MODES } from "../../../../formats/mrc/modes.js";
import { BOTH, type Check, checksOf, STANDARDIZED } from "../check.js";
import { known, readable, Undecided } from "../facts/fact.js";
import { type MrcFields, voxelSize } from "../facts/mrc.js";
import type { VoxelFacts } from "../facts/voxels.js";
import type { Mark } from "../finding.js";
import type { MrcSubject, Role } from "../subjects.js";

/** Å. In a Zarr times two for each level. */
export const SPACING_TOLERANCE = 0.001;
/** Bytes that a file may be longer than its header says before it is more than odd. */
const LENGTH_TOLERANCE = 2 ** 20;

/** Tolerance of mean and deviation, as a share of the range of the voxels: sums of float32 are that far off. */
const MEAN_TOLERANCE = 1e-3;

const MARKS: readonly Mark[] = ["frame", "gain", "tiltseries", "tomogram", "annotation"];
const VOLUMES: readonly Mark[] = ["tiltseries", "tomogram", "annotation"];
const XYZ = ["z", "y", "x"];

const MODES: Readonly<Record<number, { name: string; bytes: number }>> = {
  0: { name: "int8", bytes: 1 },
  1: { name: "int16", bytes: 2 },
  2: { name: "float32", bytes: 4 },
  4: { name: "complex64", bytes: 8 },
  6: { name: "uint16", bytes: 2 },
  12: { name: "float16", bytes: 2 },
};
const PERMITTED = ["int8", "uint16", "int16", "float32", "float64"];
const EXTENDED = ["CCP4", "MRCO", "SERI", "AGAR", "FEI1", "FEI2", "HDF5"];

const isFlat = (role: Role): boolean => role === "frame" || role === "gain" || role === "tiltseries";
const isVolume = ({ role }: MrcSubject): boolean => role !== "frame" && role !== "gain";
/** Compressed files are not checked. */
const isPlain = ({ key }: MrcSubject): boolean => !/\.(bz2|gz)$/i.test(key);

/** A rule about the fields of a header. */
function header(
  judge: (fields: MrcFields, at: (byte: number) => CheckPlace, subject: MrcSubject) => ReturnType<typeof unless>,
): (subject: MrcSubject) => Promise<ReturnType<typeof unless>> {
  return async (subject) => judge(await known(subject.fields), (byte) => ({ key: subject.key, byte }), subject);
}

/**
 * The correction of a header field that an import writes itself: tilt series, tomograms and masks are converted. Frames and gains
 * are copied with their errors, and a file that the reader refuses fails.
 */
function mended(
  sentence: string | ((fields: MrcFields) => string | undefined),
): (subject: MrcSubject) => Promise<string | undefined> {
  return async (subject) => {
    if (!isVolume(subject)) return undefined;
    const fields = await known(subject.fields);
    if (!isConvertible(fields)) return undefined;
    return typeof sentence === "string" ? sentence : sentence(fields);
  };
}

/** Whether the importer can read voxels of it: mode 4 holds Fourier transforms, and these space groups stacks of volumes. */
function isConvertible({ mode, shape, spaceGroup }: MrcFields): boolean {
  const isStackOfVolumes = spaceGroup >= 401 && spaceGroup <= 630;
  return READABLE_MODES.includes(mode) && mode !== 4 && shape.every((length) => length > 0) && !isStackOfVolumes;
}

const perAxis = (values: readonly number[]): string => [...values].reverse().map(shown).join(", ");

/** Checks of the header of uncompressed MRC files. */
export const MRC_CHECKS: readonly Check[] = [
  ...checksOf("mrc", { marks: MARKS, suites: BOTH }, [
    {
      id: "mrc.readable",
      statement: "an MRC file has a header of 1024 bytes",
      marks: VOLUMES,
      judge: ({ fields, key }) => readable(fields, key, "an MRC header"),
    },
    {
      id: "mrc.space-group",
      statement: "the space group is 0 for images and 1 for volumes",
      mended: mended("ingest writes space group 0 for tilt series and 1 for volumes: nothing need be done"),
      applies: isPlain,
      judge: header(({ spaceGroup }, at, { role }) => {
        const wanted = isFlat(role) ? 0 : 1;
        return unless(spaceGroup === wanted, at(88), `space group ${spaceGroup}`, `${wanted}`);
      }),
    },
    {
      id: "mrc.map-id",
      statement: 'the identifier is "MAP "',
      mended: mended("ingest goes by mode and lengths, which are plausible, and writes the identifier: nothing need be done"),
      applies: isPlain,
      judge: header(({ mapId }, at) => unless(mapId === "MAP ", at(208), `identifier ${JSON.stringify(mapId)}`, '"MAP "')),
    },
    {
      id: "mrc.machine-stamp",
      statement: "the machine stamp gives the byte order",
      mended: mended(
        "ingest finds the byte order by mode and lengths, and writes little-endian files with their stamp: see that min, max and mean in its report are what you expect",
      ),
      applies: isPlain,
      judge: header(({ stamp: [first, second] }, at) => {
        const isKnown = (first === 0x44 && (second === 0x44 || second === 0x41)) || (first === 0x11 && second === 0x11);
        return unless(isKnown, at(212), `machine stamp ${first} ${second}`, "68 68, 68 65 or 17 17");
      }),
    },
    {
      id: "mrc.mode",
      statement: "voxels are int8, int16, uint16 or float32; those of instance masks uint16",
      mended: mended("ingest reads these voxels and writes float32, or the type of masks: nothing need be done"),
      applies: isPlain,
      judge: header(({ mode }, at, { role }) => {
        const name = MODES[mode]?.name;
        const permitted = role === "instances" ? ["uint16"] : PERMITTED;
        const found = `mode ${mode}${name ? ` (${name})` : ""}`;
        return unless(name !== undefined && permitted.includes(name), at(12), found, `one of ${permitted.join(", ")}`);
      }),
    },
    {
      id: "mrc.dimensions",
      statement: "no length, grid, space group or count of labels is negative",
      applies: isPlain,
      judge: header(({ shape, grid, spaceGroup, labelCount }, at) => {
        const fields = [
          ...["nz", "ny", "nx"].map((name, i) => ({ name, value: shape[i]!, byte: 8 - 4 * i })),
          ...["mz", "my", "mx"].map((name, i) => ({ name, value: grid[i]!, byte: 36 - 4 * i })),
          { name: "ispg", value: spaceGroup, byte: 88 },
          { name: "nlabl", value: labelCount, byte: 220 },
        ];
        return fields.flatMap(({ name, value, byte }) => unless(value >= 0, at(byte), `${name} is ${value}`, "0 or more"));
      }),
    },
    {
      id: "mrc.cell",
      statement: "the cell is not negative, and as long as its grid times the voxel size",
      mended: mended(
        "ingest takes the voxel size of the configuration and writes a cell that fits it: see that it is the right one",
      ),
      applies: isPlain,
      judge: header(({ cellAngstrom, grid }, at) =>
        cellAngstrom.flatMap((cell, i) => {
          const isWell = Number.isFinite(cell) && cell >= 0 && (grid[i]! > 0 || cell === 0);
          return unless(
            isWell,
            at(48 - 4 * i),
            `cell of ${shown(cell)} Å over ${grid[i]} intervals along ${XYZ[i]}`,
            "0 Å or more over a grid",
          );
        }),
      ),
    },
    {
      id: "mrc.extended-header",
      statement: "an extended header is of a known kind, and as long as the header says",
      mended: mended(({ extendedBytes, fileBytes }) =>
        extendedBytes >= 0 && (fileBytes === undefined || fileBytes >= 1024 + extendedBytes)
          ? "ingest ignores an extended header of an unknown kind, and does not copy it: nothing need be done"
          : undefined,
      ),
      applies: isPlain,
      judge: header(({ extendedBytes, extendedType, fileBytes }, at) => {
        if (extendedBytes === 0) return [];
        const isThere = extendedBytes > 0 && (fileBytes === undefined || fileBytes >= 1024 + extendedBytes);
        return [
          ...unless(
            extendedBytes < 0 || EXTENDED.includes(extendedType),
            at(104),
            `an extended header of the kind ${JSON.stringify(extendedType)}`,
            `one of ${EXTENDED.join(", ")}`,
          ),
          ...unless(
            isThere,
            at(92),
            `an extended header of ${counted(extendedBytes, "byte")} in a file of ${fileBytes}`,
            "one that is there",
          ),
        ];
      }),
    },
    {
      id: "mrc.axes",
      statement: "columns, rows and sections are x, y and z",
      mended: mended(
        "ingest writes columns, rows and sections as x, y and z: see that the picture of the volume lies as you expect",
      ),
      applies: isPlain,
      judge: header(({ axes }, at) => unless(axes.join() === "1,2,3", at(64), `axes ${axes.join(", ")}`, "1, 2, 3")),
    },
    {
      id: "mrc.grid",
      statement: "the grid has the lengths of the data, along z 1 for tilt series",
      mended: mended(
        "ingest writes a grid of the lengths of the data, along z 1 for tilt series, and the voxel size of the configuration: nothing need be done",
      ),
      applies: isPlain,
      judge: header(({ shape, grid }, at, { role }) => {
        const wanted = role === "tiltseries" ? [1, shape[1], shape[2]] : shape;
        const isWell = grid.every((intervals, i) => intervals === wanted[i]);
        return unless(isWell, at(28), `grid ${perAxis(grid)} (x, y, z)`, perAxis(wanted));
      }),
    },
    {
      id: "mrc.angles",
      statement: "the angles of the cell are 90°",
      mended: mended("ingest writes 90°: nothing need be done"),
      applies: isPlain,
      judge: header(({ angles }, at) =>
        unless(
          angles.every((angle) => angle === 90),
          at(52),
          `angles ${angles.join(", ")}`,
          "90, 90, 90",
        ),
      ),
    },
    {
      id: "mrc.origin",
      statement: "the origin is 0",
      mended: mended("ingest writes the origin 0: shift coordinates that were measured from another one"),
      applies: isPlain,
      judge: header(({ origin }, at) =>
        unless(
          origin.every((value) => value === 0),
          at(196),
          `origin ${perAxis(origin)} (x, y, z)`,
          "0, 0, 0",
        ),
      ),
    },
    {
      id: "mrc.start",
      statement: "the data begin at 0 of the grid",
      mended: mended("ingest begins the data at 0: shift coordinates that were measured from another start"),
      applies: isPlain,
      judge: header(({ start }, at) =>
        unless(
          start.every((value) => value === 0),
          at(16),
          `start ${perAxis(start)} (x, y, z)`,
          "0, 0, 0",
        ),
      ),
    },
    {
      id: "mrc.length",
      statement: "the file is not shorter than its header says, and longer by less than 1 MiB",
      mended: mended((fields) =>
        isTooLong(fields)
          ? "ingest leaves the bytes after the last section alone: see that mode and lengths of the header are right"
          : undefined,
      ),
      applies: ({ key }) => key.endsWith(".mrc"),
      judge: header((fields, at) => lengthFinding(fields, at, (more) => more >= 0 && more < LENGTH_TOLERANCE)),
    },
    {
      id: "mrc.length-exact",
      severity: "warn",
      statement: "the file is exactly as long as its header says",
      applies: ({ key }) => key.endsWith(".mrc"),
      // a shorter one, and one that is longer by more than that, is an error already
      judge: header((fields, at) => lengthFinding(fields, at, (more) => more <= 0 || more >= LENGTH_TOLERANCE)),
    },
  ]),
  ...checksOf("mrc", { marks: VOLUMES, suites: BOTH }, [
    {
      id: "mrc.labels",
      statement: "as many labels hold text as the header counts, and none is of blanks alone",
      mended: mended("ingest writes a label of its own: nothing need be done"),
      applies: (subject) => isPlain(subject) && isVolume(subject),
      judge: header(({ labels, labelCount }, at) => {
        const texts = labels.filter((label) => label === "text").length;
        const blank = labels.indexOf("blank");
        return [
          ...unless(texts === labelCount, at(220), `${counted(texts, "label")} with text`, `${labelCount}, as the header counts`),
          ...unless(blank < 0, at(224 + 80 * Math.max(0, blank)), `label ${blank + 1} of blanks alone`, "text, or nothing"),
        ];
      }),
    },
    {
      id: "mrc.version",
      statement: "the version of the format is 20140 or 20141",
      mended: mended("ingest writes version 20141: nothing need be done"),
      applies: (subject) => isPlain(subject) && isVolume(subject),
      judge: header(({ version }, at) =>
        unless(version === 20140 || version === 20141, at(108), `version ${version}`, "20140 or 20141"),
      ),
    },
    {
      id: "mrc.spacing",
      statement: "the voxel size along x, y and z is the spacing that is expected, to 0.001 Å",
      async mended({ role, fields, spacing }) {
        const [[, y, x], wanted] = [voxelSize(await known(fields)), await known(spacing)];
        const isWell = [y, x].every((size) => Math.abs(size - wanted) <= SPACING_TOLERANCE);
        return role === "tiltseries" && isWell
          ? "along z, where a tilt series has no length, ingest writes the pixel size too: nothing need be done"
          : undefined;
      },
      applies: (subject) => isPlain(subject) && isVolume(subject),
      async judge(subject) {
        const [fields, wanted] = [await known(subject.fields), await known(subject.spacing)];
        const sizes = voxelSize(fields);
        const isWell = sizes.every((size) => Math.abs(size - wanted) <= SPACING_TOLERANCE);
        return unless(isWell, { key: subject.key, byte: 40 }, `voxels of ${perAxis(sizes)} Å (x, y, z)`, `${shown(wanted)} Å`);
      },
    },
  ]),
  ...checksOf("mrc", { marks: VOLUMES, suites: STANDARDIZED }, [
    {
      id: "mrc.finite",
      statement: "no voxel that is read is NaN or infinite: of volumes above 64 MiB a part is read",
      applies: (subject) => isPlain(subject) && isVolume(subject),
      async judge({ voxels, key }) {
        const { notFinite, notFiniteAt } = await known(voxels);
        return unless(
          notFinite === 0,
          { key, byte: notFiniteAt },
          `${counted(notFinite, "voxel")} NaN or infinite`,
          "finite numbers",
        );
      },
    },
    {
      id: "mrc.statistics",
      statement: "minimum, maximum, mean and deviation of the header are those of the voxels",
      applies: (subject) => isPlain(subject) && isVolume(subject),
      judge: async ({ voxels, key }) => statisticsFindings(await known(voxels), key),
    },
  ]),
];

/** Compares the header's statistics with the voxels. The order of additions in a program slightly changes mean and deviation. */
function statisticsFindings(
  { min, max, mean, deviation, whole, header: { dmin, dmax, dmean, rms } }: VoxelFacts,
  key: string,
): ReturnType<typeof unless> {
  if (!(min <= max)) throw new Undecided("no finite voxels");
  if (dmin > dmax) throw new Undecided("statistics that the header calls not computed");
  const seen = whole ? "" : " among those read";
  const range = Math.max(Math.abs(max - min), Math.abs(max), Math.abs(min));
  const differs = (a: number, b: number, part: number) => Math.abs(a - b) > part * range;
  return [
    ...unless(
      whole ? dmin === min : dmin <= min,
      { key, byte: 76 },
      `a minimum of ${shown(dmin)}`,
      `${shown(min)}, the least voxel${seen}`,
    ),
    ...unless(
      whole ? dmax === max : dmax >= max,
      { key, byte: 80 },
      `a maximum of ${shown(dmax)}`,
      `${shown(max)}, the greatest voxel${seen}`,
    ),
    ...(whole
      ? [
          ...unless(!differs(dmean, mean, MEAN_TOLERANCE), { key, byte: 84 }, `a mean of ${shown(dmean)}`, shown(mean)),
          ...unless(
            rms < 0 || !differs(rms, deviation, MEAN_TOLERANCE),
            { key, byte: 216 },
            `a deviation of ${shown(rms)}`,
            shown(deviation),
          ),
        ]
      : []),
  ];
}

function isTooLong(fields: MrcFields): boolean {
  return fields.fileBytes !== undefined && fields.fileBytes >= promisedBytes(fields);
}

function promisedBytes({ shape, mode, extendedBytes }: MrcFields): number {
  const itemBytes = MODES[mode]?.bytes;
  if (itemBytes === undefined) throw new Undecided("a mode that does not exist");
  return shape[0] * shape[1] * shape[2] * itemBytes + extendedBytes + 1024;
}

function lengthFinding(
  fields: MrcFields,
  at: (byte: number) => CheckPlace,
  isWell: (more: number) => boolean,
): ReturnType<typeof unless> {
  const { fileBytes } = fields;
  if (fileBytes === undefined) throw new Undecided("the length of a compressed file");
  const wanted = promisedBytes(fields);
  return unless(
    isWell(fileBytes - wanted),
    at(fileBytes),
    `a file of ${counted(fileBytes, "byte")}`,
    `${wanted}, as its header says`,
  );
}
