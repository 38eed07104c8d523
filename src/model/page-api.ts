/**
 * What the pages ask of the server that they come from, at `/api/v1/`: types of its JSON answers. The server writes them, `web/` reads them; both
 * are compiled against this file. Lengths and shapes are `[z, y, x]`; units are in names.
 */
import type { Triple } from "../core/box.js";
import type { JsonObject } from "../core/json.js";

/** Errors of `/api/v1/`: what the program prints. `path` never leads outside of a place. */
export interface ApiError {
  readonly code: string;
  readonly message: string;
  readonly path?: string | undefined;
  readonly byte?: number | undefined;
  readonly hint?: string | undefined;
}

/** `GET /api/v1/server`. */
export interface ServerFacts {
  readonly version: string;
  readonly places: readonly PlaceFacts[];
  /** Absent where no place is a standardised tree. */
  readonly catalogue?: CatalogueFacts | undefined;
  /** Relative to the page's base: `graphql`, `files`, `s3`, `viewer/`. */
  readonly addresses: Readonly<Record<"graphql" | "files" | "s3" | "viewer", string>>;
  /** Name of the bucket at `s3`. */
  readonly bucket: string;
  /** Where `/` leads: `/`, `/browse/…`, `/view/at/…`. */
  readonly start: string;
  /** What one question may come to. `queryDepth` levels, `queryNames` aliases, `queryRows` rows of the catalogue; `slabSections` sections of a volume. */
  readonly limits: Readonly<Record<"queryDepth" | "queryNames" | "queryRows" | "slabSections", number>>;
  /** Whether anything can be changed from a page, by who has a token for it. */
  readonly writing: boolean;
  /** Of the token that the request brought, if it is a good one. */
  readonly holder?: { readonly name: string; readonly scopes: readonly TokenScope[] } | undefined;
  /** Whether runs are shown: to who works on the server's machine, or has a token. */
  readonly jobs: boolean;
}

/** What a token is for: to read what commands have left; to decide on matches; to start what changes files. None contains another. */
export type TokenScope = "read" | "review" | "write";

/** `running`; `silent`: it has not said for 25 s that it works; `died`: its process is gone and has not said that it ends; `ended`. */
export type JobLife = "running" | "silent" | "died" | "ended";

/** `GET jobs`, newest first, and of the stream: a run that somebody began, in a terminal or elsewhere. */
export interface JobBrief {
  readonly id: string;
  /** Behind `emporium`, without secrets. */
  readonly command: readonly string[];
  /** Where it was typed, on `host`. */
  readonly folder: string;
  readonly host: string;
  readonly life: JobLife;
  /** ISO 8601. */
  readonly startedAt: string;
  /** When it was last heard of. */
  readonly heardAt: string;
  readonly exitStatus?: number | undefined;
  /** Why the command ended. */
  readonly error?: ApiError | undefined;
  readonly progress: {
    /** Between 0 and 1; less than 1 while more is to come. */
    readonly fraction: number;
    readonly tasksTotal: number;
    /** Those of earlier runs, `tasksAlready`, among them. */
    readonly tasksDone: number;
    readonly tasksAlready: number;
    /** Those that need one that failed among them. */
    readonly tasksFailed: number;
    readonly bytesTotal: number;
    readonly bytesDone: number;
    readonly bytesPerSecond?: number | undefined;
    readonly tasksPerSecond?: number | undefined;
    readonly secondsLeft?: number | undefined;
    readonly seconds: number;
  };
  /** It has done what there is, and waits for more: how many runs it has taken, and a line each of the first of `count` that are not complete. */
  readonly waits?: { readonly taken: number; readonly count: number; readonly lines: readonly string[] } | undefined;
}

/** `GET jobs/{id}`. */
export interface Job extends JobBrief {
  readonly running: readonly { readonly title: string; readonly bytes: number; readonly bytesDone: number }[];
  /** The last 200. */
  readonly failures: readonly { readonly title: string; readonly run: string; readonly error?: ApiError | undefined }[];
  /** What else it has said that it could not do. The last 200. */
  readonly errors: readonly ApiError[];
  /** Bytes, or tasks where there are none, a second; moments are milliseconds before the run was last heard of. Of ten minutes at most. */
  readonly rates: readonly (readonly [beforeMs: number, perSecond: number])[];
}

/** `GET plans/{id}`, and the answer to who asks for a plan or starts it: a job that a page has asked for. Its run has the same id. */
export interface JobPlan {
  readonly planId: string;
  readonly kind: string;
  /** Behind `emporium`, without secrets. */
  readonly command: readonly string[];
  /** Where it runs. */
  readonly folder: string;
  /** `refused`: the command says why, in `errors`. `checking`: it is planned again before it starts. `changed`: it would do something else by now. */
  readonly state: "planning" | "planned" | "refused" | "checking" | "changed" | "started";
  /** ISO 8601; then it is gone, unless it was started. */
  readonly expires: string;
  /** Of the command that planned. */
  readonly exitStatus?: number | undefined;
  readonly locations: readonly { readonly name: string; readonly text: string; readonly use: "read" | "write" | "source" }[];
  readonly errors: readonly ApiError[];
  /** `GET plans/{id}/document` has what the planning command printed. */
  readonly hasDocument: boolean;
  /** Absent for a command that is its own plan. */
  readonly plan?: PlanSummary | undefined;
}

/** What a plan says, for people. */
export interface PlanSummary {
  /** What is counted: tasks, bytes, memory, with their units in their names. */
  readonly totals: Readonly<Record<string, number>>;
  /** The first ones. */
  readonly entries: readonly PlanEntry[];
  readonly entriesTotal: number;
  /** The first ones. */
  readonly warnings: readonly { readonly message: string; readonly path?: string | undefined }[];
  readonly warningsTotal: number;
}

export interface PlanEntry {
  readonly title: string;
  /** Dataset and run, or where it comes from. */
  readonly of?: string | undefined;
  readonly action: "write" | "leave" | "fail";
  /** What is there already. */
  readonly state?: "new" | "same" | "changed" | undefined;
  /** Why it is left out. */
  readonly why?: string | undefined;
  readonly reads?: number | undefined;
  readonly writes?: number | undefined;
  readonly bytes?: number | undefined;
  /** Where the configuration says so. */
  readonly at?: string | undefined;
}

/** An option of a job's command, as a form asks for it. */
export interface JobField {
  /** In the JSON of `POST jobs`. */
  readonly name: string;
  /** As a terminal has it: `--subset`, or `TREE` of a word without an option. */
  readonly word: string;
  readonly description: string;
  /** `lines`: several texts. `choices`: some of `choices`. `groups`: texts for some of `choices`. */
  readonly type: "text" | "lines" | "switch" | "choice" | "choices" | "groups";
  readonly isNeeded: boolean;
  /** Where it is a location. */
  readonly use?: "read" | "write" | "source" | undefined;
  readonly choices?: readonly string[] | undefined;
  readonly default?: string | boolean | undefined;
}

/** `GET plans`: what a page may ask to be planned. */
export interface JobForms {
  readonly kinds: readonly { readonly kind: string; readonly summary: string; readonly fields: readonly JobField[] }[];
  /** Absolute paths and addresses; jobs may work below them. */
  readonly roots: readonly { readonly location: string; readonly writable: boolean }[];
  /** Configurations of deposits that lie there. */
  readonly configs: readonly { readonly location: string; readonly folder: string }[];
  /** More files are there than were looked at. */
  readonly isCut: boolean;
}

/** Event `jobs` of `GET events`: those that are new or have changed; the first one has all of them. */
export interface JobsEvent {
  readonly isAll: boolean;
  readonly jobs: readonly JobBrief[];
  /** Ids of those that are no longer kept. */
  readonly gone: readonly string[];
}

/** `GET harvest/sets`, `GET curate/labels`: what commands have left in the workspace, the newest first. */
export interface KeptAnswers {
  readonly kept: readonly { readonly id: string; readonly at: string }[];
  /** Number of files there that cannot be read as one. */
  readonly unreadable: number;
}

/** `GET harvest/sets/{id}`: a comparison. What `harvest compare` prints is at `…/comparison.json` and `…/comparison.csv`. */
export interface ComparedSet {
  readonly id: string;
  readonly at: string;
  readonly command: string;
  /** In the order of the program: images, acquisition. Empty ones are left out. */
  readonly tables: readonly ComparedTable[];
  readonly conflicts: readonly { readonly dataset: string; readonly field: string; readonly says: string }[];
  readonly notes: readonly { readonly dataset: string; readonly says: string }[];
}

export interface ComparedTable {
  readonly title: string;
  readonly columns: readonly { readonly key: string; readonly says: string; readonly label?: string | undefined }[];
  readonly rows: readonly (readonly ComparedCell[])[];
}

export interface ComparedCell {
  /** As the CSV has it, with the source's own text behind it; null is unknown. */
  readonly text: string | null;
  readonly isNumber: boolean;
  /** `web`, `z: web`, `derived`: where the file does not say it. */
  readonly from: readonly string[];
  /** Places in `conflicts`. */
  readonly conflicts: readonly number[];
}

/** `GET curate/labels/{id}`. What `--csv` writes is at `…/histogram.csv`, what `--plot` draws at `…/histogram.svg`. */
export interface CuratedLabels {
  readonly id: string;
  readonly at: string;
  readonly command: string;
  /** Counted models. */
  readonly total: number;
  /** Counted models in no matched run. */
  readonly outside: number;
  /** Files by class, those that are not counted among them. */
  readonly classes: Readonly<Record<string, number>>;
  readonly labels: readonly {
    readonly label: string;
    readonly count: number;
    /** Absent where no vocabulary has the label. */
    readonly meaning?: string | undefined;
    readonly status?: string | undefined;
    readonly ontology?: string | undefined;
  }[];
  /** Drive, label, file name, class, files, runs, with points, without. */
  readonly lines: readonly (readonly (string | number)[])[];
}

/** `GET curate/matches?set=…&status=…&rule=…&drive=…&species=…&label=…&row=200`; status `taken`: matched or manual. Without a table: no `id`. */
export interface MatchesAnswer {
  readonly id?: string | undefined;
  readonly at?: string | undefined;
  readonly command?: string | undefined;
  /** Run folders, and runs of the portal, that have no row. */
  readonly unmatched?: { readonly archive: number; readonly portal: number } | undefined;
  readonly rows: readonly ShownMatch[];
  /** Rows that fit. */
  readonly total: number;
  /** Place of the first of `rows`. */
  readonly row: number;
  /** Under all filters but the status. */
  readonly byStatus: Readonly<Record<string, number>>;
  /** What can be filtered by. */
  readonly values: Readonly<Partial<Record<"rule" | "drive" | "species", readonly string[]>>>;
  /** The file beside the table that `curate match` reads; absent where its command reads none. */
  readonly decisions?: DecisionsFacts | undefined;
}

export interface DecisionsFacts {
  /** Its name, without folders. */
  readonly file: string;
  /** Rows of the whole table that are accepted or rejected in it. */
  readonly decided: number;
  /** Absent where there is no file yet. */
  readonly savedAt?: string | undefined;
  /** Why it cannot be read: then rows have no decisions, and none can be taken. */
  readonly error?: ApiError | undefined;
}

export interface ShownMatch {
  readonly archiveRun: string;
  readonly portalRun: string;
  readonly portalRunId: string;
  readonly datasetId: string;
  readonly status: "matched" | "ambiguous" | "rejected" | "manual";
  readonly rule: string;
  /** Between 0 and 1. */
  readonly score: number;
  readonly drive: string;
  readonly species: string;
  /** From the scanned folder's own name on; "" in tables without paths. */
  readonly folder: string;
  /** Why the rule takes the two names for one run. */
  readonly reason: string;
  /** Of the folder and the run, the same in later tables: `PUT curate/decisions/{name}` decides. Absent where nobody can. */
  readonly name?: string | undefined;
  /** Of the file as it is now; without it nobody has decided, or `who` has undone it. */
  readonly decision?: "accept" | "reject" | undefined;
  readonly who?: string | undefined;
  readonly note?: string | undefined;
  /** For `If-Match`: changes with the decision and the status. */
  readonly etag?: string | undefined;
}

/** `PUT curate/decisions/{name}` with `{ decision: "accept" | "reject" | "undo", note? }` and `If-Match: "etag"`. */
export interface MatchDecided {
  readonly row: ShownMatch;
  readonly decisions: DecisionsFacts;
}

/** The same with another etag, status 412: nothing was written, and this is the row as it is now. */
export interface ChangedMatch extends ApiError, MatchDecided {}

/** `GET curate/matches/{name}`: the row's folder, volumes first. */
export interface MatchFolder {
  readonly files: readonly MatchFile[];
  /** Files that are left out. */
  readonly more: number;
}

export interface MatchFile {
  readonly name: string;
  readonly size: number;
  /** Of the first few volumes: z, y, x. */
  readonly shape?: readonly (number | null)[] | undefined;
  /** Along x. */
  readonly voxelSizeAngstrom?: number | undefined;
  /** Why its header says nothing. */
  readonly fault?: string | undefined;
  /** Where it can be looked at: it lies in a place that is served. */
  readonly ref?: string | undefined;
}

/** `GET curate/overlap?by=species|label`: matched folders by drive and species, or counted models by drive and label. */
export interface Overlap {
  readonly by: "species" | "label";
  /** Of the answer that the numbers are from. */
  readonly id?: string | undefined;
  readonly cells: readonly { readonly drive: string; readonly column: string; readonly count: number }[];
}

/** `GET curate/batches`: what `curate batches list --history --json` prints, without the files of each. */
export interface LedgerBatches {
  readonly batches: readonly JsonObject[];
}

/** One location of the command line. */
export interface PlaceFacts {
  /** Part of addresses: letters, digits, hyphens; no two are the same. */
  readonly id: string;
  /** Last part of the location. */
  readonly name: string;
  readonly kind: "tree" | "folder" | "bucket" | "web" | "file";
  /** Of a place that is one file: its key. */
  readonly key?: string | undefined;
}

export interface CatalogueFacts {
  readonly place: string;
  /** `importing`: it is being brought up to date from the tree. `failed`: that did not end well, and `error` says why. */
  readonly state: "ready" | "importing" | "failed";
  readonly importedAt?: string | undefined;
  /** When a file of the tree changed last, or one came or went, after `importedAt`. Absent while that is not known, or the tree is not on a disk. */
  readonly treeChangedAt?: string | undefined;
  readonly error?: ApiError | undefined;
  readonly counts?: Readonly<Record<"datasets" | "runs" | "tomograms" | "annotations" | "depositions", number>> | undefined;
  /** Numbers of datasets of other trees: the catalogue has their rows, `place` does not have their files. */
  readonly otherDatasets?: readonly number[] | undefined;
}

/** `GET /api/v1/places/{place}/list?prefix=a/b/&after=KEY&limit=500`: one folder. */
export interface Listing {
  readonly place: string;
  /** `""`, or a key that ends with `/`. */
  readonly prefix: string;
  readonly entries: readonly ListedEntry[];
  /** The folder is a volume itself: can be given to `volumes/{ref}`. */
  readonly ref?: string | undefined;
  /** What `after` is for the next part, where there is one. */
  readonly next?: string | undefined;
}

/**
 * `GET /api/v1/places/{place}/facts?key=a/b.mrc`: what `harvest inspect --json` prints for the file or volume, by name; several where a file has
 * several images. `location` is the key.
 */
export type FileFacts = Readonly<Record<string, FileRecord>>;

export interface FileRecord {
  readonly format: string;
  /** Along `axes`, slowest first; null is unknown. */
  readonly shape: readonly number[];
  readonly dtype: string | null;
  readonly unit: readonly (string | null)[];
  readonly voxel_size: readonly (number | null)[];
  readonly axes: readonly string[];
  readonly acquisition: Readonly<Record<string, unknown>>;
  /** Where each known field is from. */
  readonly sources: Readonly<Record<string, string>>;
  readonly warnings: readonly string[];
  readonly raw_metadata: Readonly<Record<string, unknown>>;
  readonly location: string;
}

export interface ListedEntry {
  readonly name: string;
  readonly key: string;
  /** A Zarr, N5 or precomputed folder is one `volume`. */
  readonly kind: "folder" | "volume" | "file";
  /** What it looks like by its name: `MRC`, `TIFF`, `OME-Zarr`, `IMOD model`, `tilt angles`. */
  readonly format?: string | undefined;
  readonly sizeBytes?: number | undefined;
  readonly modifiedAt?: string | undefined;
  /** What is odd about the name or size: `curate hygiene`'s codes. Names that look alike are found within one part of a folder. */
  readonly marks?: readonly string[] | undefined;
  /** Can be given to `volumes/{ref}`. */
  readonly ref?: string | undefined;
}

/** `GET /api/v1/volumes/{ref}`. */
export interface VolumeFacts {
  readonly ref: string;
  /** Changes whenever the voxels may have: part of addresses of planes (`v=`). */
  readonly etag: string;
  readonly title: string;
  /** Where the bytes are: a place and a key. */
  readonly place: string;
  readonly key: string;
  readonly format: string;
  readonly kind: "tomogram" | "tilt series" | "frame" | "mask" | "image" | "volume";
  readonly dtype: string;
  /** Of level 0. A single image has one plane. */
  readonly shape: Triple;
  /** Of level 0; null where the source does not say. */
  readonly voxelSizeAngstrom: readonly (number | null)[];
  /** Where the centre of voxel `[0, 0, 0]` lies. */
  readonly originAngstrom: Triple;
  readonly levels: readonly VolumeLevel[];
  /** Bytes that a plane across this axis reads at level 0. */
  readonly planeBytes: Triple;
  /** What is shown at first, and where that is from. */
  readonly limits: { readonly low: number; readonly high: number; readonly from: "metadata" | "sample" };
  /** Of a sample of the volume: 256 equal bins from `min` to `max`. */
  readonly histogram: { readonly min: number; readonly max: number; readonly counts: readonly number[] };
  readonly isTiltSeries: boolean;
  /** Degrees, one a section. */
  readonly angles?: readonly number[] | undefined;
  /** e/Å² after each section. */
  readonly doses?: readonly number[] | undefined;
  /** What the header does not keep to, in words. */
  readonly warnings: readonly string[];
  /** Facts with where each is from; several sources of one fact may contradict each other. */
  readonly sources: Readonly<Record<string, readonly SourcedFact[]>>;
  /** Of a file whose pages are channels or times, too. */
  readonly pages?: StackPages | undefined;
  /** Planes come in the order of the file only: it is compressed. */
  readonly isSequential?: boolean | undefined;
}

/** `GET lineage/{ref}/voxel?z=&y=&x=&level=`, `…/point?layer=&index=`, `…/value?pointer=` or `?field=`: where one number of a page is from. */
export interface Lineage {
  /** What was asked, in words: `voxel x 9, y 5, z 3 of level 0`. */
  readonly of: string;
  /** The number, with all its digits; of a value that is no number its text. */
  readonly value: string;
  /** What is shown is made of it: `divided by mx, which is at byte 28`. */
  readonly note?: string | undefined;
  /** The place of the file. */
  readonly place: string;
  /** Where the number is stored. */
  readonly stored: Told<StoredNumber>;
  /** Of the whole file, as the command that wrote it has noted it. */
  readonly checksum: Told<StoredChecksum>;
  readonly receipt: Told<StoredReceipt>;
  /** The line of the configuration that asked for the file: `cell.yaml:12:5`. */
  readonly configuration: Told<string>;
  /** The command that wrote the file, and where it was typed. */
  readonly command: Told<{ readonly text: string; readonly folder: string }>;
}

/** Something that may not be known: then why. */
export type Told<T> = { readonly is: T } | { readonly absent: string };

/**
 * Bytes of a file that hold a number: pass over `headerBytes`, undo `codecs`, the first one first, and read a `dtype` in `byteOrder` at
 * `decodedByte` of what that gives. Packed numbers are `bits` of the bytes there, taken as one big-endian whole number.
 */
export interface StoredNumber {
  /** Of the file, in its place. */
  readonly key: string;
  /** In the file as it is stored. */
  readonly offset: number;
  readonly length: number;
  readonly codecs: readonly string[];
  /** Of a block of N5: what comes before what is compressed. */
  readonly headerBytes?: number | undefined;
  /** Absent where the bytes are the number as text. */
  readonly dtype?: string | undefined;
  readonly byteOrder?: "little" | "big" | undefined;
  readonly decodedByte: number;
  readonly bits?: { readonly shift: number; readonly count: number } | undefined;
  /** Is taken from the stored number: files of mode 0 that hold unsigned bytes. */
  readonly minus?: number | undefined;
  /** Why the range is no smaller: `the file is compressed as a whole`. */
  readonly says?: string | undefined;
}

export interface StoredChecksum {
  readonly algorithm: "SHA-256" | "CRC-32";
  readonly value: string;
  /** `verified`: the file was read just now, and has it. `unchanged`: the file has the size and the time of the receipt. `changed`: it has not. */
  readonly state: "verified" | "unchanged" | "changed";
}

export interface StoredReceipt {
  /** File in the workspace, and where the line begins in it. */
  readonly journal: string;
  readonly byte: number;
  readonly task: string;
  readonly title: string;
  /** What was read for it. */
  readonly inputs: readonly string[];
  readonly writtenAt?: string | undefined;
}

export interface SourcedFact {
  readonly value: string;
  readonly from: string;
  /** What `lineage/` says of it: `{ref}/value?pointer=/voxel_spacing`. Absent of names of folders. */
  readonly at?: string | undefined;
}

/** How the pages of a file, the first axis of its shape, are spread over slices, channels and times: `order` has the fastest first. */
export interface StackPages {
  readonly order: string;
  readonly z: number;
  readonly c: number;
  readonly t: number;
}

export interface VolumeLevel {
  readonly shape: Triple;
  /** Voxels of level 0 along each axis for one of this level. */
  readonly scale: Triple;
  /** Every n-th voxel of level 0, not a mean. */
  readonly virtual: boolean;
}

/** `GET /api/v1/volumes/{ref}/plane?…`: parameters. Answer: rows of numbers, little-endian; its headers are `PLANE_HEADERS`. */
export interface PlaneQuery {
  readonly axis: "z" | "y" | "x";
  /** Section of level 0. */
  readonly at: number;
  readonly level?: number | undefined;
  /** `u0,v0,u1,v1` in voxels of the level, u along the faster axis; the end is excluded. Default: all of it. */
  readonly box?: string | undefined;
  /** Mean of so many sections of level 0 about `at`; float32 then. Default 1. */
  readonly slab?: number | undefined;
  /** `native` (default), `f16`, or `u8` scaled to `low`–`high`. */
  readonly as?: "native" | "f16" | "u8" | undefined;
  readonly low?: number | undefined;
  readonly high?: number | undefined;
  /** The etag of the facts: an address with it never changes its answer. */
  readonly v?: string | undefined;
}

/** Most bytes of an answer, of a dropped file as well. */
export const PLANE_BYTES_MAX = 64 * 2 ** 20;

/**
 * Headers of a plane: `rows,columns`; the numbers' type; the level that was read; where chunks are not stored, so that their voxels have the fill
 * value, how many and the key of one, percent-encoded.
 */
export const PLANE_HEADERS = { shape: "x-shape", dtype: "x-dtype", level: "x-level", absent: "x-absent" } as const;

/** `GET /api/v1/overlays/{ref}?with=` (`ref` of a tomogram, or of any volume): what can be drawn over it. */
export interface Overlays {
  readonly ref: string;
  readonly layers: readonly OverlayLayer[];
  /** Of a file: what else its folder has that can be drawn, once `?with=id,id` names it. */
  readonly others?: readonly { readonly id: string; readonly name: string }[] | undefined;
  /** In words: `5 of 12 annotations can be drawn; 3 belong to another alignment`. */
  readonly summary: string;
  /** Sentences: what was not looked at, or is not listed. */
  readonly notices: readonly string[];
}

export interface OverlayLayer {
  readonly id: string;
  readonly name: string;
  readonly kind: "points" | "orientedPoints" | "instancePoints" | "mask" | "instances" | "mesh" | "model";
  /** `#F0A202`, as in the Neuroglancer state. */
  readonly color: string;
  /** Points, contours or triangles; of instances their number; 0 of masks and of lists and surfaces that are too long to be counted before they are shown. */
  readonly count: number;
  /** Of instances, by their numbers, where the view has them. */
  readonly instanceColors?: Readonly<Record<string, string>> | undefined;
  /** Of points of instances: colours that the view gives them in the order of their numbers, from the first again where they are more. */
  readonly instancePalette?: readonly string[] | undefined;
  /** Shown until somebody chooses otherwise. */
  readonly isVisible?: boolean | undefined;
  /** Of an annotation. */
  readonly annotationId?: number | undefined;
  readonly isOtherAlignment?: boolean | undefined;
  /** Å; of points. */
  readonly radiusAngstrom?: number | undefined;
  /** Masks: the volume to ask planes of. Others: `overlays/{ref}/{id}.bin`. */
  readonly volumeRef?: string | undefined;
  /** Why it cannot be drawn. */
  readonly error?: ApiError | undefined;
}

/** `GET /api/v1/neuroglancer/tomogram/{id}?p=&z=&on=&c=` and `/api/v1/neuroglancer/at/{ref}?…`: a view for `viewer/` with what slices showed put in. */
export interface NeuroglancerView {
  readonly title: string;
  /** What sources in `state` begin with: this server, as it is known to itself. Where a page came by another address, that holds. */
  readonly base: string;
  readonly state: JsonObject;
  /** Sources that this server does not have: `viewer/` may not fetch them. */
  readonly elsewhere: readonly string[];
  /** Sentences: what of the layers is not drawn, and why. */
  readonly notices: readonly string[];
  /** Layers of `state` by the ids of `OverlayLayer`: as `on=` names them. */
  readonly layers: readonly { readonly id: string; readonly name: string }[];
  /** `view/…`, relative to the base: the slices of the same. */
  readonly slices: string;
}

/** `GET /api/v1/facets?of=runs&where={…}`: distinct entities, each facet under all filters but its own. */
export interface Facets {
  readonly of: "datasets" | "runs" | "annotations";
  /** Entities that all filters leave. */
  readonly total: number;
  readonly facets: readonly Facet[];
}

export interface Facet {
  readonly id: string;
  readonly title: string;
  /** As on the portal: `sample`, `contents`, `objects`, `hardware`, `tilt`, `tomogram`, `annotation`, `people`, `identifiers`. */
  readonly group: string;
  /** Where values are numbers: their range in place of values. */
  readonly range?: { readonly min: number; readonly max: number } | undefined;
  readonly values: readonly { readonly value: string; readonly count: number; readonly chosen: boolean }[];
  /** More values than are here. */
  readonly more: boolean;
}

/** `GET /api/v1/search?q=…`. */
export interface SearchHits {
  readonly q: string;
  readonly groups: readonly {
    readonly kind: "datasets" | "runs" | "annotations" | "depositions" | "people" | "files";
    readonly hits: readonly { readonly title: string; readonly detail: string; readonly to: string }[];
    readonly more: boolean;
  }[];
  /** The nearest word, where nothing was found. */
  readonly nearest?: string | undefined;
}

/** `GET /api/v1/microscopy?after=ID&limit=500`: data sets of the microscopy catalogue, by id. */
export interface MicroscopyList {
  readonly datasets: readonly MicroscopyEntry[];
  /** What `after` is for the next part, where there is one. */
  readonly next?: string | undefined;
}

/** A data set: frames, or one file that is kept unchanged. */
export interface MicroscopyEntry {
  /** `ISP-2018-06-08-15-45-00-0001`. */
  readonly id: string;
  readonly description: string | null;
  readonly microscope: string | null;
  /** Local time without a zone, from the id: `2018-06-08T15:45:00`. */
  readonly date: string;
  /** The data set that it was made from, and those that were made from it. */
  readonly parent: string | null;
  readonly children: readonly string[];
  readonly frames?: MicroscopyFrames | undefined;
  /** Null in rows of an older catalogue, which kept no names. */
  readonly file?: { readonly name: string | null; readonly sha256: string | null } | undefined;
}

/** What all frames of a data set share, and how many distinct indices they have along each axis. */
export interface MicroscopyFrames {
  readonly count: number;
  readonly width: number;
  readonly height: number;
  /** 1, or 3: red, green, blue. */
  readonly colours: number;
  readonly dtype: string;
  readonly sizes: Readonly<Record<FrameAxis, number>>;
}

/** Channel, slice, time, position. */
export const FRAME_AXES = ["c", "z", "t", "p"] as const;
export type FrameAxis = (typeof FRAME_AXES)[number];

/** `GET /api/v1/microscopy/{id}`. */
export interface MicroscopyDataset extends MicroscopyEntry {
  /** By channel, then name. Of frames, as the axes. */
  readonly channels: readonly { readonly index: number; readonly name: string | null }[];
  /** The indices that frames have, sorted: they may have gaps. An axis without any is one that an older catalogue did not know. */
  readonly indices: Readonly<Record<FrameAxis, readonly number[]>>;
  /** As it was when the data set was uploaded. */
  readonly metadata: JsonObject | null;
  /** The place whose storage has the frames; absent where none has. */
  readonly place?: string | undefined;
}

/** `GET /api/v1/microscopy/{id}/frame?c=&z=&t=&p=`: one frame. An index that an older catalogue did not know is left out. */
export interface FrameFacts {
  readonly channel: string | null;
  readonly name: string;
  /** Of the decoded pixels. Null in rows of an older catalogue. */
  readonly sha256: string | null;
  readonly metadata: JsonObject | null;
}

/**
 * `GET /api/v1/microscopy/{id}/pixels?c=&z=&t=&p=&as=&side=`: the pixels of a frame. `native` (default): rows of numbers, little-endian, the colours of
 * a pixel together; with `side` as a thumbnail whose sides are no longer. `png`: the file as it is stored. Headers are `FRAME_HEADERS`.
 */
export const FRAME_HEADERS = { shape: "x-shape", dtype: "x-dtype", proof: "x-proof" } as const;

/** The longest side of a thumbnail. */
export const THUMBNAIL_SIDE_MAX = 1024;

/** `GET /api/v1/reports`: reports of `ingest validate` on what is served, the latest first. */
export interface ReportList {
  readonly reports: readonly ReportSummary[];
  /** Reports of the workspace on what is not served here. */
  readonly elsewhere: number;
  /** Files of the workspace that are no reports. */
  readonly unreadable: number;
}

export interface ReportSummary {
  /** The moment, UTC: `2026-11-20T14-02-31`. */
  readonly id: string;
  readonly at: string;
  readonly suite: "source" | "standardized";
  readonly place: string;
  /** Of the place. */
  readonly name: string;
  /** What was validated, within the place; empty: all of it. */
  readonly folder: string;
  /** Name of the configuration's file. */
  readonly config?: string | undefined;
  /** A selection of entities. */
  readonly isPart: boolean;
  /** Of checks on entities. */
  readonly counts: Readonly<Record<"passed" | "failed" | "warned" | "skipped", number>>;
  readonly findings: number;
}

/** `GET /api/v1/reports/{id}`. */
export interface ReportFacts extends ReportSummary {
  readonly checks: readonly (ReportSummary["counts"] & { readonly id: string; readonly statement: string })[];
  /** Checks that could not be decided. `entities`: the first few. */
  readonly skipped: readonly {
    readonly check: string;
    readonly reason: string;
    readonly count: number;
    readonly entities: readonly string[];
  }[];
  /** The report before, which looked at the same. */
  readonly previous?: { readonly id: string; readonly at: string } | undefined;
  readonly changes?: Readonly<Record<FindingChange, number>> | undefined;
}

/** Since the previous report. */
export type FindingChange = "new" | "same" | "gone";

/** `GET /api/v1/reports/{id}/findings`. */
export interface ReportFindings {
  readonly total: number;
  readonly offset: number;
  readonly findings: readonly ReportFinding[];
}

export interface ReportFinding {
  readonly check: string;
  readonly severity: "fail" | "warn";
  readonly entity: string;
  readonly dataset?: string | undefined;
  readonly run?: string | undefined;
  readonly message: string;
  readonly found: string;
  readonly wanted: string;
  readonly explanation?: string | undefined;
  /** Of `scale.truth`: what each source of the spacing says. */
  readonly sources?: readonly { readonly who: string; readonly angstrom: number; readonly isOdd: boolean }[] | undefined;
  /** Relative to what was validated. */
  readonly key: string;
  readonly path?: string | undefined;
  readonly byte?: number | undefined;
  readonly line?: number | undefined;
  readonly change?: FindingChange | undefined;
  /** It is gone because its check could not be decided: that may be no repair. */
  readonly isUndecided?: boolean | undefined;
  /** Of the first of a group: its name, and how many are in it. */
  readonly heads?: string | undefined;
  readonly size?: number | undefined;
  /** Of the catalogue. */
  readonly runId?: number | undefined;
  /** Key in the place, if the file or folder is there. */
  readonly file?: string | undefined;
  /** Its name is that of a volume, which the viewer opens. */
  readonly isVolume?: boolean | undefined;
}
