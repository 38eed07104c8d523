import { few } from "../../../../../core/finding.js";
import { mapLimit } from "../../../../../system/parallel.js";
import type { Claim, Details, Recogniser } from "../../claims.js";
import type { Laboratory, Surveyed } from "../../survey/laboratory.js";
import { baseName, distinctNames, folderOf } from "../common/paths.js";

/**
 * Protomo, as Appion calls it: a folder for each alignment of a tilt series with `series0001.tlt`, single images in `raw/`, what it turned and shifted in
 * `stack/`, and tomograms in `recons_protomo/` and its like. They are called after the session, the series and the binning:
 * `22apr12a_series0001_ite005_dim4096x4096_ang-60.0to60.0_thick800_pxlsz2.62_bck.bin4_protomo.norm.mrc`.
 *
 * Source: protomo2reconstruction.py of Appion, https://emg.nysbc.org/redmine/projects/appion
 */
export const protomo: Recogniser = {
  id: "protomo",
  software: "Protomo",
  async recognise(laboratory) {
    const alignments = await alignmentsOf(laboratory);
    if (alignments.length === 0) return undefined;
    const runs = runsOf(alignments);
    const single = new Set<string>();
    const claims = laboratory.files.flatMap((file): Claim[] => {
      const at = alignments.findIndex(({ folder }) => file.path.startsWith(`${folder}/`));
      if (at < 0) return [];
      const run = runs[at]!;
      const part = partOf(file, file.path.slice(alignments[at]!.folder.length + 1));
      if (part?.role === "left out" && part.because === IMAGE) single.add(run);
      return part ? [{ path: file.path, run, strength: "bookkeeping", ...part }] : [];
    });
    const notes =
      single.size === 0
        ? []
        : [
            `The images of ${few([...single])} as recorded are files of their own in folders called raw: make a stack of them (IMOD: newstack) to publish a tilt series.`,
          ];
    return { software: "Protomo", by: alignments.slice(0, 3).map(({ folder }) => folder), claims, notes };
  },
};

const READS_IN_FLIGHT = 8;
/** A geometry has a few lines an image. */
const BYTES_MAX = 1024 * 1024;

/** A folder in which Protomo aligned a series. */
interface Alignment {
  readonly folder: string;
  /** `series0001` */
  readonly series: string;
  /** Leginon's name of the session, which the names of its images begin with. */
  readonly session: string | undefined;
}

async function alignmentsOf(laboratory: Laboratory): Promise<Alignment[]> {
  const geometries = laboratory.files.filter(({ path, format }) => /(?:^|\/)series\d{4}\.tlt$/.test(path) && format === "text");
  const told = new Set(geometries.map(({ path }) => folderOf(path)));
  const read = await mapLimit(geometries, READS_IN_FLIGHT, async ({ path }): Promise<Alignment[]> => {
    const text = (await laboratory.text(path, BYTES_MAX)) ?? "";
    const folder = folderOf(path);
    // the copy beside a reconstruction is of the same alignment
    if (!/^\s*TILT SERIES\s/.test(text) || folder === "" || /^recons_/.test(baseName(folder))) return [];
    const image = /\bFILE\s+"?([^\s"]+)/.exec(text)?.[1];
    const session = image === undefined ? undefined : /^([^_]+)_/.exec(baseName(image))?.[1];
    return [{ folder, series: baseName(path).slice(0, -".tlt".length), session }];
  });
  return [...read.flat(), ...ofNames(laboratory).filter(({ folder }) => !told.has(folder))];
}

/** As Protomo's stacks and tomograms are called: `22apr12a_series0001_ite005_dim4096x4096_ang-60.0to60.0_thick800_pxlsz2.62…`. */
const WRITTEN = /^(.+)_(series\d{4})_ite\d+_dim\d+x\d+_ang/;

/** Folders of alignments whose geometry is not there, by the names of what was made in them. */
function ofNames(laboratory: Laboratory): Alignment[] {
  const found = new Map<string, Alignment>();
  for (const { path } of laboratory.files) {
    const [, session, series] = WRITTEN.exec(baseName(path)) ?? [];
    const folder = /^(.+?)\/(?:stack|recons_\w+)\//.exec(path)?.[1];
    if (series !== undefined && folder !== undefined) found.set(folder, { folder, series, session });
  }
  return [...found.values()];
}

/** Several alignments of one series of one session are of one run. */
function runsOf(alignments: readonly Alignment[]): string[] {
  const nameOf = ({ session, series }: Alignment) => `${session}_${series}`;
  const unnamed = alignments.filter(({ session }) => session === undefined);
  const names = distinctNames(unnamed.map(({ series, folder }) => ({ name: series, folder })));
  return alignments.map((one) => (one.session === undefined ? names[unnamed.indexOf(one)]! : nameOf(one)));
}

const IMAGE = "a single image of a tilt series";

/** @param inside path below the folder of the alignment */
function partOf({ path, volume }: Surveyed, inside: string): Pick<Claim, "role" | "because" | "details"> | undefined {
  const leave = (because: string) => ({ role: "left out" as const, because });
  if (/\.(?:tlt|param|i3t)$/i.test(path))
    return leave("the geometry or parameters of an alignment by Protomo, which are not read");
  if (!volume) return undefined;
  if (/^raw\//.test(inside)) return volume.shape[0] === 1 ? leave(IMAGE) : undefined;
  if (/^stack(?:_temp)?\//.test(inside)) return leave("a stack of images that Protomo's alignment has turned and shifted");
  if (!/^recons_\w+\//.test(inside) || volume.shape[0] < 2) return undefined;
  return { role: "tomogram", because: "it was reconstructed of an alignment by Protomo", details: detailsOf(path) };
}

/** What the name of a reconstruction tells of it. */
function detailsOf(path: string): Details {
  const name = baseName(path);
  const [pixel, binning] = [/_pxlsz(\d+(?:\.\d+)?)/, /\.bin(\d+)(?=[._])/].map((form) => Number(form.exec(name)?.[1]));
  const isOfTomo3d = /_tomo3d/i.test(path);
  const method = /_SIRT\b|SIRT\//i.test(path) ? "SIRT" : "WBP";
  return {
    ...(pixel! > 0 && binning! > 0 && { spacingAngstrom: Number((pixel! * binning!).toPrecision(6)) }),
    processing: /\.lp\d+/.test(name) ? "filtered" : "raw",
    reconstructionSoftware: isOfTomo3d ? "Tomo3D" : "Protomo",
    reconstructionMethod: method,
  };
}
