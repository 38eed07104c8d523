import type { PointKind, ReadPoints } from "./points.js";

export interface PointReader {
  readonly read: ReadPoints;
  /** Kinds of points that the format can hold. */
  readonly kinds: readonly PointKind[];
  /** Its files hold the points of many tomograms and have nothing but a number to distinguish them: a filter must be given. */
  readonly needsFilter?: boolean;
  /** Its files are of one tomogram: a filter leaves nothing out. */
  readonly ignoresFilter?: boolean;
  /** The file is held whole, as bytes and as objects: ten times its size. All others are read a batch at a time. */
  readonly isWhole?: boolean;
}

/** Readers of formats that the portal does not have. */
export const OWN_POINT_READERS = {
  relion5_star: { read: later(async () => (await import("./relion5.js")).readRelion5), kinds: ["point", "orientedPoint"] },
  warp_star: { read: later(async () => (await import("./warp.js")).readWarp), kinds: ["point", "orientedPoint"] },
  warp_matching_star: {
    read: later(async () => (await import("./warp.js")).readWarpMatching),
    kinds: ["point", "orientedPoint"],
  },
  dynamo_tbl: { read: later(async () => (await import("./dynamo.js")).readDynamo), kinds: ["point", "orientedPoint"] },
  peet_motl: {
    read: later(async () => (await import("./peet.js")).readPeet),
    kinds: ["point", "orientedPoint"],
    ignoresFilter: true,
  },
  eman2_box: { read: later(async () => (await import("./eman2.js")).readEman2Box), kinds: ["point"], ignoresFilter: true },
  eman2_json: { read: later(async () => (await import("./eman2.js")).readEman2Json), kinds: ["point"], isWhole: true },
  cryolo_cbox: { read: later(async () => (await import("./cryolo.js")).readCryolo), kinds: ["point"], ignoresFilter: true },
  csv_by_name: { read: later(async () => (await import("./csv-by-name.js")).readCsvByName), kinds: ["point"] },
  napari: { read: later(async () => (await import("./napari.js")).readNapari), kinds: ["point"], ignoresFilter: true },
  tomotwin_tloc: { read: later(async () => (await import("./tomotwin.js")).readTomotwin), kinds: ["point"], isWhole: true },
} as const satisfies Readonly<Record<string, PointReader>>;

/** Every `file_format` of a point source. */
export const POINT_READERS: Readonly<Record<string, PointReader>> = {
  csv: { read: later(async () => (await import("./csv.js")).readCsv), kinds: ["point"], ignoresFilter: true },
  csv_with_header: {
    read: later(async () => (await import("./csv.js")).readCsvWithHeader),
    kinds: ["point"],
    ignoresFilter: true,
  },
  tsv: { read: later(async () => (await import("./csv.js")).readTsv), kinds: ["point"], ignoresFilter: true },
  mod: {
    read: later(async () => (await import("./imod.js")).readImodPoints),
    kinds: ["point", "orientedPoint"],
    ignoresFilter: true,
  },
  relion3_star: { read: later(async () => (await import("./relion3.js")).readRelion3), kinds: ["point", "orientedPoint"] },
  relion4_star: { read: later(async () => (await import("./relion4.js")).readRelion4), kinds: ["point", "orientedPoint"] },
  tomoman_relion_star: { read: later(async () => (await import("./tomoman.js")).readTomoman), kinds: ["point", "orientedPoint"] },
  stopgap_star: {
    read: later(async () => (await import("./stopgap.js")).readStopgap),
    kinds: ["orientedPoint"],
    needsFilter: true,
  },
  copick: {
    read: later(async () => (await import("./copick.js")).readCopick),
    kinds: ["point", "orientedPoint", "instancePoint"],
    ignoresFilter: true,
    isWhole: true,
  },
  tardis: { read: later(async () => (await import("./tardis.js")).readTardis), kinds: ["instancePoint"], ignoresFilter: true },
  ...OWN_POINT_READERS,
};

/** A plan asks what formats can do; a format's code is loaded with the first file that is read. */
function later(load: () => Promise<ReadPoints>): ReadPoints {
  return async function* (source, options, read) {
    yield* (await load())(source, options, read);
  };
}
