import type { Triple } from "../../../core/box.js";
import type { EmporiumError, ErrorRecord } from "../../../core/errors.js";
import type { UnfollowedLink } from "../../../stores/store.js";
import type { AlignedSections } from "./facts/aligned-sections.js";
import type { AngleFile, MdocFile } from "./facts/angles.js";
import type { AbsentChunk } from "./facts/chunks.js";
import type { Lazy } from "./facts/fact.js";
import type { Document } from "./facts/fields.js";
import type { ImageFile } from "./facts/image-file.js";
import type { MrcFields } from "./facts/mrc.js";
import type { PictureFacts } from "./facts/picture.js";
import type { PointFacts } from "./facts/points.js";
import type { VoxelFacts } from "./facts/voxels.js";
import type { ZarrFacts } from "./facts/zarr.js";
import type { Mark } from "./finding.js";
import type { ScaleCase } from "./scale/case.js";

/** Something that checks look at. */
interface Subject {
  readonly mark: Mark;
  /** Title in messages: `tomogram 100 of TS_0001`. */
  readonly title: string;
  /** Folder or file that it is. */
  readonly key: string;
  readonly dataset?: string | undefined;
  readonly run?: string | undefined;
}

/** Role of a volume or image file: rules differ by it. */
export type Role = "frame" | "gain" | "tiltseries" | "tomogram" | "mask" | "instances";

export interface MrcSubject extends Subject {
  readonly role: Role;
  readonly fields: Lazy<MrcFields>;
  /** Statistics of its voxels, to compare with its header. Not read for frames and gains. */
  readonly voxels: Lazy<VoxelFacts>;
  /** Å that its header should say; unknown for frames and gains. */
  readonly spacing: Lazy<number>;
}

/** `key` has no slash at its end. */
export interface ZarrSubject extends Subject, ZarrFacts {
  readonly role: Role;
  readonly spacing: Lazy<number>;
}

/** One volume in its two formats, by their common base name. */
export interface VolumeSubject extends Subject {
  readonly role: Role;
  /** A voxel of the MRC file by which a chunk that is not stored cannot be all zeros. */
  voxelBelow(chunk: AbsentChunk, level: number): Promise<{ readonly at: Triple; readonly value: number } | undefined>;
  readonly mrc: MrcSubject | undefined;
  readonly zarr: ZarrSubject | undefined;
}

/** The frames of a run, or its gain references, as a set. */
export interface ImagesSubject extends Subject {
  readonly role: "frame" | "gain";
  readonly suite: "source" | "standardized";
  readonly files: readonly ImageFile[];
  readonly acquisition: AcquisitionSubject;
}

/** Acquisition of a run. */
export interface AcquisitionSubject extends Subject {
  readonly mdocKeys: readonly string[];
  readonly mdoc: Lazy<MdocFile>;
  readonly frames: readonly ImageFile[];
  readonly gains: readonly ImageFile[];
  /** Metadata of the frames; only a tree has them. */
  readonly metadata: Lazy<Document>;
  /** A folder of frames is there, whatever it holds. */
  readonly hasFolder: boolean;
}

/** Volumes and metadata of one folder. */
interface Entity extends Subject {
  readonly id: string;
  readonly metadata: Lazy<Document>;
  readonly volumes: readonly VolumeSubject[];
  /** Whether an object or folder of the tree is there. */
  exists(key: string): Promise<boolean>;
}

export interface TiltseriesSubject extends Entity {
  readonly rawtltKeys: readonly string[];
  readonly rawtlt: Lazy<AngleFile>;
  /** Number of sections of its stack. */
  readonly sections: Lazy<number>;
  readonly acquisition: AcquisitionSubject;
}

export interface AlignmentSubject extends Subject {
  readonly id: string;
  readonly metadata: Lazy<Document>;
  readonly tltKeys: readonly string[];
  readonly tlt: Lazy<AngleFile>;
  /** Numbers of sections that its own files hold. */
  readonly sections: Lazy<AlignedSections>;
  readonly tiltseries: Lazy<TiltseriesSubject>;
  readonly acquisition: AcquisitionSubject;
}

interface VoxelSpacingSubject extends Subject {
  /** `13.480` of the folder `VoxelSpacing13.480`. */
  readonly name: string;
}

export interface TomogramSubject extends Entity {
  /** Name of the folder that it lies in. */
  readonly spacingName: string;
}

export interface AnnotationSubject extends Entity {
  /** Names of its data files, folders of Zarr among them; metadata left out. */
  readonly stored: readonly string[];
  readonly points: readonly PointsFile[];
  /** Tomograms at its voxel spacing. */
  readonly tomograms: readonly TomogramSubject[];
}

export interface PointsFile {
  readonly key: string;
  /** Kind of points according to the file's name: points, each one with a matrix, or with the id of an instance. */
  readonly kind: "point" | "orientedpoint" | "instancesegmentation";
  readonly facts: Lazy<PointFacts>;
}

interface DatasetSubject extends Subject {
  readonly metadata: Lazy<Document>;
  readonly runs: readonly string[];
  /** Names that a configuration gives literally. */
  readonly runsWanted: readonly string[];
}

interface RunSubject extends Subject {
  readonly metadata: Lazy<Document>;
  readonly folders: readonly string[];
  readonly spacings: readonly string[];
}

interface DepositionSubject extends Subject {
  readonly metadata: Lazy<Document>;
}

/** A metadata document, whatever it is of. */
export interface DocumentSubject extends Subject {
  readonly metadata: Lazy<Document>;
  /** Authors are expected. */
  readonly basic: boolean;
  /** Whether an object or folder of the tree is there. */
  exists(key: string): Promise<boolean>;
  /** It names its deposition. Asks whether that one has a document. */
  readonly hasDeposition: ((id: string) => Promise<boolean>) | undefined;
}

export interface PhotoSubject extends Subject {
  /** Use of the picture: pictures of tomograms have sizes of their own. */
  readonly role: "key-photo" | "tomogram-thumbnail" | "tomogram-snapshot";
  readonly facts: Lazy<PictureFacts>;
}

interface NeuroglancerSubject extends Subject {
  readonly state: Lazy<Document>;
  /** Å of a voxel of its tomogram. */
  readonly spacing: Lazy<number>;
  /** Whether an object or folder of the tree is there. */
  exists(key: string): Promise<boolean>;
}

/** The spacing of one volume, with all that tell of it. */
export interface ScaleSubject extends Subject {
  readonly scale: ScaleCase;
}

/** The configuration that sources are found by. */
interface ConfigSubject extends Subject {
  /** Errors that `ingest check` finds in it. */
  readonly faults: readonly ErrorRecord[];
}

/** Links that are not followed, of one part of a place. */
interface LinksSubject extends Subject {
  readonly links: readonly UnfollowedLink[];
}

/** All that a configuration finds among the sources. */
interface SourceSubject extends Subject {
  readonly runs: readonly string[];
}

/** A run of the sources. */
export interface SourceRunSubject extends Subject {
  readonly acquisition: AcquisitionSubject;
  /** Keys of what is found for it. */
  readonly tiltseries: readonly string[];
  readonly rawtlts: readonly string[];
  /** Why some finders could not be run. */
  readonly faults: readonly EmporiumError[];
}

export interface Subjects {
  mrc: MrcSubject;
  zarr: ZarrSubject;
  volume: VolumeSubject;
  images: ImagesSubject;
  acquisition: AcquisitionSubject;
  tiltseries: TiltseriesSubject;
  alignment: AlignmentSubject;
  voxelSpacing: VoxelSpacingSubject;
  tomogram: TomogramSubject;
  annotation: AnnotationSubject;
  dataset: DatasetSubject;
  run: RunSubject;
  deposition: DepositionSubject;
  document: DocumentSubject;
  photo: PhotoSubject;
  neuroglancer: NeuroglancerSubject;
  scale: ScaleSubject;
  config: ConfigSubject;
  links: LinksSubject;
  source: SourceSubject;
  sourceRun: SourceRunSubject;
}
export type SubjectKind = keyof Subjects;

/** Takes subjects as they are found. */
export type Visit = <K extends SubjectKind>(kind: K, subject: Subjects[K]) => Promise<void>;
