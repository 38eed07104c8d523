import type { ShapeName } from "../config/grammar/sources.js";
import type { Laboratory } from "./survey/laboratory.js";

/** What a file is to a submission. `left out`: to none, for a reason that can be told. */
export const ROLES = [
  "tomogram",
  "half map",
  "tilt series",
  "frame",
  "gain",
  "acquisition",
  "raw tilts",
  "alignment",
  "ctf",
  "points",
  "mask",
  "mesh",
  "table",
  "left out",
] as const;
export type Role = (typeof ROLES)[number];

/**
 * How much a claim is worth: what a project's own bookkeeping says; what the contents of the file show; what its name alone suggests.
 * The strongest claims on a file count; if they contradict each other, a person is asked.
 */
export type Strength = "bookkeeping" | "contents" | "name";

/** How the numbers of a file of points become voxels of the tomogram, counted from 0. */
export interface PointsReading {
  /** `file_format` of the configuration. */
  readonly format: string;
  readonly shape: Extract<ShapeName, "Point" | "OrientedPoint" | "InstanceSegmentation">;
  readonly delimiter?: string | undefined;
  /** Column that names the tomogram of a row, in files with the points of many tomograms; its value for each run is its name. */
  readonly rowName?: string | undefined;
  /** Of coordinates from the centre: Å along x, y, z of the tomograms in which they count, by what `rowName` has. */
  readonly centredIn?: Readonly<Record<string, readonly number[]>> | undefined;
  /**
   * What the bookkeeping or the format itself says of the coordinates. `voxels` of the tomogram; `pixels` of `pixelAngstrom`, which are divided to become
   * voxels; `Å`; `nm`; `format`: its reader knows; undefined where nothing says it, and their range against the tomogram has to tell.
   */
  readonly unit?: "voxels" | "pixels" | "Å" | "nm" | "format" | undefined;
  /** The column's name that says the unit: a person wrote it, and it counts where the points lie in the tomogram then. */
  readonly unitFrom?: string | undefined;
  readonly pixelAngstrom?: number | undefined;
  /** Coordinates are divided by it, where a person or their range has told it. */
  readonly binning?: number | undefined;
  /** The file has z first. */
  readonly isReversed?: boolean | undefined;
  /** Path of the tomogram that they lie in, where the bookkeeping names it. */
  readonly of?: string | undefined;
  /** Spacing of that tomogram, Å, where a run has several. */
  readonly inSpacingAngstrom?: number | undefined;
  /**
   * Of a table that knows tomograms by numbers: the value of its column for each, by the path of the tomogram. Of one that tells samples apart by another
   * column, that follows: `TS_01 & sample=wt`.
   */
  readonly rowValues?: Readonly<Record<string, string>> | undefined;
  /** Of a file of one run with the points of several objects: what each is called, by its class. Each is an annotation of its own. */
  readonly classes?: Readonly<Record<string, string>> | undefined;
  /** Of a table whose rows are chosen by names of columns: the one of the classes, and what else must be so, such as `keep=1`. */
  readonly className?: string | undefined;
  readonly kept?: string | undefined;
  /** What `rowName` has in the rows of each class: a run without any has no such annotation. */
  readonly classRows?: Readonly<Record<string, readonly string[]>> | undefined;
}

/** What is known of a file in its role; each recogniser tells what its bookkeeping has. */
export interface Details {
  /** Å of voxels, or of pixels of a tilt series, where the bookkeeping knows better than the header. */
  readonly spacingAngstrom?: number | undefined;
  /** Å that it is published with, where the pixel was calibrated later than its header was written: all else is decided by the size of before. */
  readonly calibratedAngstrom?: number | undefined;
  /** Where that was concluded from, if it may be wrong. */
  readonly spacingFrom?: string | undefined;
  /** Of tilt series, where no acquisition file tells it: rotation of the tilt axis in degrees, voltage in V. */
  readonly tiltAxisDegrees?: number | undefined;
  readonly voltage?: number | undefined;
  /** Of tomograms. */
  readonly processing?: "raw" | "filtered" | "denoised" | undefined;
  readonly processingSoftware?: string | undefined;
  readonly reconstructionSoftware?: string | undefined;
  /** As the portal writes it: WBP, SIRT, SART, Fourier Space. */
  readonly reconstructionMethod?: string | undefined;
  readonly ctfCorrected?: boolean | undefined;
  readonly fiducial?: boolean | undefined;
  /** Of alignments and CTF estimates: as the configuration calls the format. */
  readonly format?: string | undefined;
  readonly methodType?: string | undefined;
  readonly alignmentType?: "GLOBAL" | "LOCAL" | undefined;
  /** Of an alignment: path of a table of all series that has the size of its pixels. It is read with it where the run has no tilt series. */
  readonly table?: string | undefined;
  readonly points?: PointsReading | undefined;
  /** What points, masks and meshes show, in the words of the project: `ribosome`. */
  readonly object?: string | undefined;
  /** Label of a mask, and whether each value is an instance. */
  readonly label?: number | undefined;
  readonly isInstances?: boolean | undefined;
  /** Of a mask in which each label is a kind of objects: their names by label. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

/** What somebody says of one file. */
export interface Claim {
  /** As in the survey. */
  readonly path: string;
  readonly role: Role;
  /** Name of the run, as the project itself calls it; undefined for files of all runs, or where nothing says it. */
  readonly run?: string | undefined;
  /** For a file of several runs: a table of particles, a gain reference. */
  readonly runs?: readonly string[] | undefined;
  /** File whose run it has: of a denoised tomogram its original, of points and masks their tomogram. */
  readonly sameRunAs?: string | undefined;
  /** Of what is left out since it is byte for byte this file. */
  readonly copyOf?: string | undefined;
  /** The program that made this file, where its recogniser knows several; empty where nothing tells which. Default: that of the recogniser. */
  readonly software?: string | undefined;
  /** Evidence, as the end of a sentence: `TS_01.edf names it`. For `left out` the reason: `an average of particles`. */
  readonly because: string;
  readonly strength: Strength;
  readonly details?: Details | undefined;
}

/** Something that only a person can decide. */
export interface Question {
  /** Stable, of letters, digits and dashes: a file of decisions answers by it. */
  readonly id: string;
  /** One short sentence that ends with a question mark, and perhaps for what else its answer is. Files that it does not name are listed below it. */
  readonly text: string;
  /** Why it is asked: what was found, in one or two sentences. */
  readonly why?: string | undefined;
  /** Files that it decides about. */
  readonly files: readonly string[];
  readonly options: readonly Option[];
  /** The answer that is taken until a person gives one; undefined where nothing speaks for any: then the files are left out. */
  readonly guess?: string | undefined;
  /** Its answer tells of which runs the files are, and nothing else of them: what each file is, is decided as if nobody had asked. */
  readonly isOfRuns?: true | undefined;
  /** Asked by names and sizes alone: where the bookkeeping of some software has each file as this, nobody is asked. */
  readonly unlessKnownAs?: Role | undefined;
}

export interface Option {
  /** One word or two, as a person writes it into the file of decisions. */
  readonly answer: string;
  /** What follows from it. */
  readonly says: string;
  /** What the answer claims. */
  readonly claims: readonly Claim[];
  /** Of a question of runs: the run that a file is of then, by its path and the run that is claimed. */
  readonly runs?: readonly RunOfFile[] | undefined;
}

/** That a file which somebody claims for a run is of another one. */
export interface RunOfFile {
  readonly path: string;
  /** As it is claimed. */
  readonly run: string;
  /** Undefined: of one of several, and nothing tells of which. */
  readonly isOf: string | undefined;
}

/** What a recogniser has found of its software. */
export interface Recognised {
  /** Name of the software with its version where that is known: `WarpTools`, `RELION 5`. */
  readonly software: string;
  /** Folders or files by which it was recognised, a few. */
  readonly by: readonly string[];
  readonly claims: readonly Claim[];
  readonly questions?: readonly Question[] | undefined;
  /** Sentences for the person: what of the project cannot be read, and what to export. */
  readonly notes?: readonly string[] | undefined;
  readonly missingFrames?: readonly MissingFrames[] | undefined;
  readonly goneGains?: readonly GoneGain[] | undefined;
}

/** A gain reference that bookkeeping names, and that is not in the folder: without it nobody can correct the frames any more. */
export interface GoneGain {
  /** The file that names it. */
  readonly by: string;
  /** As it is named there, with the folders of a machine that may be gone. */
  readonly named: string;
}

/** Frames of a series, of which some or all are not in the folder. */
export interface MissingFrames {
  readonly run: string;
  /** The file that names them. */
  readonly by: string;
  readonly found: number;
  readonly of: number;
}

/**
 * Knows one software by the files that it writes beside its data. A row of `RECOGNISERS` and a folder each.
 */
export interface Recogniser {
  readonly id: string;
  /** As in `recognised: IMOD (etomo)`. */
  readonly software: string;
  /** Undefined where nothing of the software is there. It claims only what its bookkeeping says, and invents no run. */
  recognise(laboratory: Laboratory): Promise<Recognised | undefined>;
}
