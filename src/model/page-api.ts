/**
 * Types of the JSON answers that the pages get from their server at `/api/v1/`. The server writes them, `web/` reads them; both
 * are compiled against this file. Lengths and shapes are `[z, y, x]`; units are in names.
 */
import type { Triple } from "../core/box.js";
import type { JsonObject } from "../core/json.js";

/** Errors of `/api/v1/`, the same as the program prints. `path` never leads outside of a place. */
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
  /** Address that `/` leads to: `/`, `/browse/…`, `/view/at/…`. */
  readonly start: string;
  /**
   * Limits of one request: `queryDepth` levels, `queryNames` aliases, `queryRows` rows of the catalogue; `slabSections` sections
   * of a volume.
   */
  readonly limits: Readonly<Record<"queryDepth" | "queryNames" | "queryRows" | "slabSections", number>>;
  /** Whether pages can make changes, with a token for it. */
  readonly writing: boolean;
  /** Holder of the token that the request brought; absent without a valid one. */
  readonly holder?: { readonly name: string; readonly scopes: readonly TokenScope[] } | undefined;
  /** Whether runs are shown: to clients on the server's machine, and with a token. */
  readonly jobs: boolean;
  /** Absent where everybody sees everything. */
  readonly access?: AccessFacts | undefined;
  /** What the portal says of itself; absent where nobody has told the server. */
  readonly portal?: PortalFacts | undefined;
}

/** `GET views?run=` of a run, `?ref=` of a volume and the others of its run, without both of everything: the newest first. */
export interface SavedViews {
  readonly views: readonly SavedView[];
  /** There are more, older ones. */
  readonly isCut?: true | undefined;
}

/** A view of a volume that somebody has given a name. */
export interface SavedView {
  readonly id: string;
  /** One line. */
  readonly name: string;
  /** Plain text, with its lines; empty: none. */
  readonly note: string;
  /** Address of the viewer, relative to the base: `/view/tomogram/5?p=1,2,3`. */
  readonly to: string;
  /** The volume: `tomogram:5`, or of a key of a place. */
  readonly ref: string;
  /** The run that it is of. */
  readonly run?: { readonly id: number; readonly name: string } | undefined;
  /** Name of the token that it was saved with; absent where the server shows no names. */
  readonly who?: string | undefined;
  /** ISO 8601. */
  readonly savedAt: string;
  /** To be sent as `If-Match` with a change. */
  readonly etag: string;
  /** Its volume is not here now. It is kept, and shown to those who see everything. */
  readonly isGone?: true | undefined;
}

/** A portal of one's own, by its `portal.yaml`. Addresses of pictures are relative to the page's base. */
export interface PortalFacts {
  /** At most 60 letters. */
  readonly title: string;
  /** At most 24 letters, for the header. */
  readonly shortTitle: string;
  /** `brand/logo.svg` or `.png`. */
  readonly logo?: string | undefined;
  /** The same for dark pages. Absent where there is one logo for both. */
  readonly logoDark?: string | undefined;
  readonly about?: readonly AboutBlock[] | undefined;
  /** At most four. */
  readonly links: readonly { readonly label: string; readonly href: string }[];
  /** Id of the run that the first page begins with. A catalogue need not have it; to somebody who may not see it, it is absent. */
  readonly hero?: number | undefined;
  /** How to cite, as it was written: it may have several lines. */
  readonly cite?: string | undefined;
}

/** A part of the text about a portal. */
export type AboutBlock =
  | { readonly kind: "paragraph"; readonly parts: readonly AboutPart[] }
  | { readonly kind: "list"; readonly items: readonly (readonly AboutPart[])[] };

/** A text; with `href`, which is http, https or mailto, it is a link. */
export interface AboutPart {
  readonly text: string;
  readonly href?: string | undefined;
}

/** Who sees what, where a server has rules for it. */
export interface AccessFacts {
  /** Whether the server knows tokens. */
  readonly signIn: boolean;
  /** Name of the token, of the user or of the link by which the request is known; absent for everybody else. */
  readonly viewer?: string | undefined;
}

/** What a dataset or deposition says of itself that is seen without being public: who sees it, and until which day it is not public. */
export interface AccessNote {
  readonly for?: readonly string[] | undefined;
  readonly until?: string | undefined;
}

/** `GET access`: what the request may see that is not public, by number. */
export interface AccessNotes {
  readonly datasets: Readonly<Record<string, AccessNote>>;
  readonly depositions: Readonly<Record<string, AccessNote>>;
}

/**
 * Right of a token: to read what commands have left; to decide on matches; to start jobs that change files, and to save views. None includes
 * another.
 */
export type TokenScope = "read" | "review" | "write";

/**
 * `running`; `silent`: it has not said for 25 s that it works; `died`: its process is gone without saying that it ends; `ended`.
 */
export type JobLife = "running" | "silent" | "died" | "ended";

/** `GET jobs`, newest first, and the stream: a run that somebody began, in a terminal or elsewhere. */
export interface JobBrief {
  readonly id: string;
  /** Words after `emporium`, without secrets. */
  readonly command: readonly string[];
  /** Folder on `host` in which the command was typed. */
  readonly folder: string;
  readonly host: string;
  readonly life: JobLife;
  /** ISO 8601. */
  readonly startedAt: string;
  /** Time at which the run last wrote something. */
  readonly heardAt: string;
  readonly exitStatus?: number | undefined;
  /** Error with which the command ended. */
  readonly error?: ApiError | undefined;
  readonly progress: {
    /** Part that is done, between 0 and 1; less than 1 while more is to come. */
    readonly fraction: number;
    readonly tasksTotal: number;
    /** Including `tasksAlready`, those of earlier runs. */
    readonly tasksDone: number;
    readonly tasksAlready: number;
    /** Including `tasksBlocked`, those that need one that failed. */
    readonly tasksFailed: number;
    readonly tasksBlocked: number;
    readonly bytesTotal: number;
    readonly bytesDone: number;
    readonly bytesPerSecond?: number | undefined;
    readonly tasksPerSecond?: number | undefined;
    readonly secondsLeft?: number | undefined;
    readonly seconds: number;
  };
  /**
   * Set while all known work is done and the command waits for more: the number of runs that it has taken, and a line for each of
   * the first of `count` incomplete ones.
   */
  readonly waits?: { readonly taken: number; readonly count: number; readonly lines: readonly string[] } | undefined;
}

/** `GET jobs/{id}`. */
export interface Job extends JobBrief {
  readonly running: readonly { readonly title: string; readonly bytes: number; readonly bytesDone: number }[];
  /** The last 200. */
  readonly failures: readonly { readonly title: string; readonly run: string; readonly error?: ApiError | undefined }[];
  /** Other errors that the command has reported, the last 200. */
  readonly errors: readonly ApiError[];
  /**
   * Bytes a second, or tasks a second where there are no bytes, of the last ten minutes; times are milliseconds before the run
   * last wrote something.
   */
  readonly rates: readonly (readonly [beforeMs: number, perSecond: number])[];
}

/** `GET plans/{id}`, and the answer to requests that plan or start a job. Its run has the same id. */
export interface JobPlan {
  readonly planId: string;
  readonly kind: string;
  /** Words after `emporium`, without secrets. */
  readonly command: readonly string[];
  /** Working directory of the job. */
  readonly folder: string;
  /**
   * `refused`: the command says why, in `errors`. `checking`: it is planned again before it starts. `changed`: it would do
   * something else by now.
   */
  readonly state: "planning" | "planned" | "refused" | "checking" | "changed" | "started";
  /** ISO 8601. The plan is removed then, unless it was started. */
  readonly expires: string;
  /** Exit status of the planning command. */
  readonly exitStatus?: number | undefined;
  readonly locations: readonly { readonly name: string; readonly text: string; readonly use: "read" | "write" | "source" }[];
  readonly errors: readonly ApiError[];
  /** Whether `GET plans/{id}/document` has output of the planning command. */
  readonly hasDocument: boolean;
  /** Absent for a command that is its own plan. */
  readonly plan?: PlanSummary | undefined;
}

/** Contents of a plan for people. */
export interface PlanSummary {
  /** Sums over the whole plan, such as tasks, bytes and memory, with their units in their names. */
  readonly totals: Readonly<Record<string, number>>;
  /** The first of `entriesTotal`. */
  readonly entries: readonly PlanEntry[];
  readonly entriesTotal: number;
  /** The first of `warningsTotal`. */
  readonly warnings: readonly { readonly message: string; readonly path?: string | undefined }[];
  readonly warningsTotal: number;
}

export interface PlanEntry {
  readonly title: string;
  /** Dataset and run, or the source, or the target. */
  readonly of?: string | undefined;
  readonly action: "write" | "leave" | "fail";
  /** State of the entity's files in the target, as far as the plan tells. */
  readonly state?: "new" | "same" | "changed" | undefined;
  /** Reason for which it is left out. */
  readonly why?: string | undefined;
  readonly reads?: number | undefined;
  readonly writes?: number | undefined;
  readonly bytes?: number | undefined;
  /** Place in the configuration that asks for it. */
  readonly at?: string | undefined;
}

/** An option of a job's command, as a form shows it. */
export interface JobField {
  /** Key in the JSON of `POST jobs`. */
  readonly name: string;
  /** Name on the command line: `--subset`, or `TREE` for a word without an option. */
  readonly word: string;
  readonly description: string;
  /** `lines`: several texts. `choices`: some of `choices`. `groups`: texts for some of `choices`. */
  readonly type: "text" | "lines" | "switch" | "choice" | "choices" | "groups";
  readonly isNeeded: boolean;
  /** Use of the location, where the option is one. */
  readonly use?: "read" | "write" | "source" | undefined;
  readonly choices?: readonly string[] | undefined;
  readonly default?: string | boolean | undefined;
}

/** `GET plans`: the jobs that a page may ask to be planned. */
export interface JobForms {
  readonly kinds: readonly { readonly kind: string; readonly summary: string; readonly fields: readonly JobField[] }[];
  /** Absolute paths and URLs below which jobs may work. */
  readonly roots: readonly { readonly location: string; readonly writable: boolean }[];
  /** Configurations of deposits within the roots. */
  readonly configs: readonly { readonly location: string; readonly folder: string }[];
  /** There are more files than were looked at. */
  readonly isCut: boolean;
}

/** `GET submissions`: where a folder may be looked at, and those that were. */
export interface SubmissionForm {
  /** Absolute paths and URLs below which folders may be looked at. */
  readonly roots: readonly { readonly location: string; readonly writable: boolean }[];
  /** Folders of this machine directly below the roots. */
  readonly folders: readonly string[];
  /** The latest first. */
  readonly open: readonly { readonly id: string; readonly folder: string; readonly state: Submission["state"] }[];
}

/** `GET submissions/{id}`, and the answer to everything that changes it: a folder as `ingest new` knows it. */
export interface Submission {
  readonly id: string;
  /** The folder or bucket, as it was named. */
  readonly folder: string;
  /** What else was given, as options of `ingest new`: `--matches`, a path, … */
  readonly options: readonly string[];
  readonly state: "surveying" | "ready" | "failed";
  /** Files whose beginnings are read, and all; absent before they are counted. */
  readonly progress?: { readonly done: number; readonly of: number } | undefined;
  /** Reason for which there is no account; or for which the last decision left no configuration. */
  readonly error?: ApiError | undefined;
  readonly account?: SubmissionAccount | undefined;
}

/** What became of the files of a folder, and what a person has to decide and to fill in. */
export interface SubmissionAccount {
  /** Changes with every decision and every fact. What changes it is sent with `If-Match`. */
  readonly etag: string;
  /** INPUT of `ingest run`. */
  readonly input: string;
  readonly files: number;
  readonly software: readonly string[];
  /** Roles of files that are used, in the order of the program. */
  readonly kinds: readonly string[];
  /** In natural order. `counts`: files of each of `kinds`. */
  readonly runs: readonly { readonly run: string; readonly counts: readonly number[] }[];
  /** Files that are used and of no single run, of each of `kinds`. */
  readonly ofAllRuns: readonly number[];
  /** What is not used, by reason. */
  readonly unused: readonly {
    readonly id: string;
    readonly fate: "left out" | "not used";
    readonly because: string;
    readonly files: number;
    readonly example: string;
  }[];
  readonly questions: readonly SubmissionQuestion[];
  /** Roles that a person may give to a file. */
  readonly roles: readonly string[];
  /** Further sentences of the account: links, hidden files, notes of the software. */
  readonly notes: readonly string[];
  readonly facts: readonly SubmissionFact[];
  /** The profile that was read. */
  readonly profile?: string | undefined;
  /** Placeholders and guesses in the configuration: lines from 1. */
  readonly toFill: readonly { readonly line: number; readonly what: string }[];
  readonly toCheck: readonly { readonly line: number; readonly what: string }[];
  /** What `ingest check` finds. */
  readonly errors: readonly ApiError[];
  /** Whether there is a decision or a fact to take back. */
  readonly canUndo: boolean;
  /** Where the configuration may be written, and the tree. */
  readonly suggested: { readonly config: string; readonly output: string };
  readonly written?: SubmissionWritten | undefined;
}

export interface SubmissionQuestion {
  readonly id: string;
  readonly text: string;
  /** Why it is asked. */
  readonly why?: string | undefined;
  /** The first files that neither it nor its answers name. */
  readonly unnamed: readonly string[];
  readonly options: readonly { readonly answer: string; readonly says: string }[];
  /** The answer that is taken. */
  readonly answer?: string | undefined;
  /** Somebody has given it; otherwise it is a guess. */
  readonly isAnswered: boolean;
  readonly files: number;
}

/** A fact that only a person knows, as the terminal asks for it. */
export interface SubmissionFact {
  readonly key: string;
  readonly text: string;
  readonly choices?: readonly string[] | undefined;
  /** As it was typed. */
  readonly value?: string | undefined;
  /** What a profile says, where nothing was typed. */
  readonly inProfile?: string | undefined;
}

export interface SubmissionWritten {
  readonly config: string;
  readonly decisions: string;
  /** ISO 8601. */
  readonly at: string;
  /** Nothing was decided since. */
  readonly isCurrent: boolean;
}

/** `GET submissions/{id}/files`: a part of the files that fit. */
export interface SubmissionFiles {
  readonly total: number;
  readonly offset: number;
  readonly files: readonly SubmissionFile[];
}

export interface SubmissionFile {
  readonly path: string;
  readonly size: number;
  /** Undefined: nobody knows, or a question about it is open. */
  readonly is?: string | undefined;
  readonly run?: string | undefined;
  readonly because: string;
  /** A person has decided it. */
  readonly isDecided: boolean;
  /** Sections, rows, columns, of volumes. */
  readonly shape?: readonly [number, number, number] | undefined;
  readonly voxelSizeAngstrom?: number | undefined;
  /** Reference of the volume, where its file is in a place that this server serves. */
  readonly ref?: string | undefined;
}

/** Event `jobs` of `GET events`: the jobs that are new or have changed; the first event has all of them. */
export interface JobsEvent {
  readonly isAll: boolean;
  readonly jobs: readonly JobBrief[];
  /** Ids of jobs that are no longer kept. */
  readonly gone: readonly string[];
}

/** `GET harvest/sets`, `GET curate/labels`: results that commands have left in the workspace, the newest first. */
export interface KeptAnswers {
  readonly kept: readonly { readonly id: string; readonly at: string }[];
  /** Number of files that cannot be read as such a result. */
  readonly unreadable: number;
}

/** `GET harvest/sets/{id}`: a comparison. The output of `harvest compare` is at `…/comparison.json` and `…/comparison.csv`. */
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
  /** The value as in the CSV, followed by the source's own text; null is unknown. */
  readonly text: string | null;
  readonly isNumber: boolean;
  /** Sources of the value where it is not from the file: `web`, `z: web`, `derived`. */
  readonly from: readonly string[];
  /** Indices into `conflicts`. */
  readonly conflicts: readonly number[];
}

/** `GET curate/labels/{id}`. The output of `--csv` is at `…/histogram.csv`, that of `--plot` at `…/histogram.svg`. */
export interface CuratedLabels {
  readonly id: string;
  readonly at: string;
  readonly command: string;
  /** Number of counted models. */
  readonly total: number;
  /** Number of counted models that are in no matched run. */
  readonly outside: number;
  /** Number of files by class, also of classes that are not counted. */
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
  /** Number of run folders, and of runs of the portal, without a row. */
  readonly unmatched?: { readonly archive: number; readonly portal: number } | undefined;
  readonly rows: readonly ShownMatch[];
  /** Number of rows that pass the filters. */
  readonly total: number;
  /** Index of the first of `rows`. */
  readonly row: number;
  /** Number of rows by status, under all other filters. */
  readonly byStatus: Readonly<Record<string, number>>;
  /** Values that can be filtered by. */
  readonly values: Readonly<Partial<Record<"rule" | "drive" | "species", readonly string[]>>>;
  /** The file beside the table that `curate match` reads; absent where its command reads none. */
  readonly decisions?: DecisionsFacts | undefined;
}

export interface DecisionsFacts {
  /** Name of the file without folders. */
  readonly file: string;
  /** Number of rows of the whole table that are accepted or rejected in it. */
  readonly decided: number;
  /** Absent before the file exists. */
  readonly savedAt?: string | undefined;
  /** Error of a file that cannot be read: then rows have no decisions, and none can be made. */
  readonly error?: ApiError | undefined;
}

export interface ShownMatch {
  readonly archiveRun: string;
  readonly portalRun: string;
  readonly portalRunId: string;
  readonly datasetId: string;
  readonly status: "matched" | "ambiguous" | "rejected" | "manual";
  readonly rule: string;
  /** Score of the match, between 0 and 1. */
  readonly score: number;
  readonly drive: string;
  readonly species: string;
  /** Path from the scanned folder's own name on; "" in tables without paths. */
  readonly folder: string;
  /** Reason for which the rule takes the two names for one run. */
  readonly reason: string;
  /**
   * Id of the pair of folder and run, the same in later tables, for `PUT curate/decisions/{name}`. Absent where nobody can
   * decide.
   */
  readonly name?: string | undefined;
  /** Decision in the file as it is now. Without one nobody has decided, or `who` has undone it. */
  readonly decision?: "accept" | "reject" | undefined;
  readonly who?: string | undefined;
  readonly note?: string | undefined;
  /** ETag for `If-Match`; it changes with the decision and the status. */
  readonly etag?: string | undefined;
}

/** `PUT curate/decisions/{name}` with `{ decision: "accept" | "reject" | "undo", note? }` and `If-Match: "etag"`. */
export interface MatchDecided {
  readonly row: ShownMatch;
  readonly decisions: DecisionsFacts;
}

/** Answer with status 412 where the etag has changed: nothing was written, and this is the row as it is now. */
export interface ChangedMatch extends ApiError, MatchDecided {}

/** `GET curate/matches/{name}`: the row's folder, volumes first. */
export interface MatchFolder {
  readonly files: readonly MatchFile[];
  /** Number of files that are left out. */
  readonly more: number;
}

export interface MatchFile {
  readonly name: string;
  readonly size: number;
  /** z, y, x; of the first few volumes only. */
  readonly shape?: readonly (number | null)[] | undefined;
  /** Voxel size along x. */
  readonly voxelSizeAngstrom?: number | undefined;
  /** Error code where the header cannot be read. */
  readonly fault?: string | undefined;
  /** Reference for the viewer, where the volume is in a place that is served. */
  readonly ref?: string | undefined;
}

/** `GET curate/overlap?by=species|label`: matched folders by drive and species, or counted models by drive and label. */
export interface Overlap {
  readonly by: "species" | "label";
  /** Id of the matching table or count of labels that the numbers are from. */
  readonly id?: string | undefined;
  readonly cells: readonly { readonly drive: string; readonly column: string; readonly count: number }[];
}

/** `GET curate/batches`: the output of `curate batches list --history --json`, without the files of each. */
export interface LedgerBatches {
  readonly batches: readonly JsonObject[];
}

/** One location of the command line. */
export interface PlaceFacts {
  /** Part of addresses: letters, digits and hyphens. Unique among the places. */
  readonly id: string;
  /** Last part of the location. */
  readonly name: string;
  readonly kind: "tree" | "folder" | "bucket" | "web" | "file";
  /** Key of the file, where the place is one file. */
  readonly key?: string | undefined;
}

export interface CatalogueFacts {
  readonly place: string;
  /** `importing`: it is being brought up to date from the tree. `failed`: that failed, with the reason in `error`. */
  readonly state: "ready" | "importing" | "failed";
  readonly importedAt?: string | undefined;
  /**
   * Time of the last change of the tree, or of a file's coming or going, after `importedAt`. Absent while it is unknown, or where
   * the tree is not on a disk.
   */
  readonly treeChangedAt?: string | undefined;
  readonly error?: ApiError | undefined;
  /** Of a `failed` one that did a part: runs that are in the catalogue, runs that are not, and the number of all errors. */
  readonly inPart?: { readonly runsDone: number; readonly runsFailed: number; readonly errors: number } | undefined;
  readonly counts?: Readonly<Record<"datasets" | "runs" | "tomograms" | "annotations" | "depositions", number>> | undefined;
  /** Numbers of datasets from other trees: the catalogue has their rows, but `place` does not have their files. */
  readonly otherDatasets?: readonly number[] | undefined;
}

/** `GET /api/v1/places/{place}/list?prefix=a/b/&after=KEY&limit=500`: one folder. */
export interface Listing {
  readonly place: string;
  /** `""`, or a key that ends with `/`. */
  readonly prefix: string;
  readonly entries: readonly ListedEntry[];
  /** Reference for `volumes/{ref}`, where the folder is a volume itself. */
  readonly ref?: string | undefined;
  /** Value of `after` for the next part; absent in the last one. */
  readonly next?: string | undefined;
}

/**
 * `GET /api/v1/places/{place}/facts?key=a/b.mrc`: the output of `harvest inspect --json` for the file or volume, by name; several
 * where a file has several images. `location` is the key.
 */
export type FileFacts = Readonly<Record<string, FileRecord>>;

export interface FileRecord {
  readonly format: string;
  /** Lengths along `axes`, slowest first; null is unknown. */
  readonly shape: readonly number[];
  readonly dtype: string | null;
  readonly unit: readonly (string | null)[];
  readonly voxel_size: readonly (number | null)[];
  readonly axes: readonly string[];
  readonly acquisition: Readonly<Record<string, unknown>>;
  /** Source of each known field. */
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
  /** Format by the name: `MRC`, `TIFF`, `OME-Zarr`, `IMOD model`, `tilt angles`. */
  readonly format?: string | undefined;
  readonly sizeBytes?: number | undefined;
  readonly modifiedAt?: string | undefined;
  /** Codes of `curate hygiene` for an odd name or size. Similar names are found within one part of a folder. */
  readonly marks?: readonly string[] | undefined;
  /** Reference for `volumes/{ref}`. */
  readonly ref?: string | undefined;
}

/** `GET /api/v1/volumes/{ref}`. */
export interface VolumeFacts {
  readonly ref: string;
  /** Changes whenever the voxels may have: part of addresses of planes (`v=`). */
  readonly etag: string;
  readonly title: string;
  /** Place and key of the volume's bytes. */
  readonly place: string;
  readonly key: string;
  readonly format: string;
  readonly kind: "tomogram" | "tilt series" | "frame" | "mask" | "image" | "volume";
  readonly dtype: string;
  /** Shape of level 0. A single image has one plane. */
  readonly shape: Triple;
  /** Voxel size at level 0; null where the source does not say. */
  readonly voxelSizeAngstrom: readonly (number | null)[];
  /** Position of the centre of voxel `[0, 0, 0]`. */
  readonly originAngstrom: Triple;
  readonly levels: readonly VolumeLevel[];
  /** Bytes that a plane across this axis reads at level 0. */
  readonly planeBytes: Triple;
  /** Initial contrast limits, and their source. */
  readonly limits: { readonly low: number; readonly high: number; readonly from: "metadata" | "sample" };
  /** Histogram of a sample of the volume: 256 equal bins from `min` to `max`. */
  readonly histogram: { readonly min: number; readonly max: number; readonly counts: readonly number[] };
  readonly isTiltSeries: boolean;
  /** Tilt angles in degrees, one for each section. */
  readonly angles?: readonly number[] | undefined;
  /** Accumulated dose in e/Å² after each section. */
  readonly doses?: readonly number[] | undefined;
  /** Deviations of the header from its format, as text. */
  readonly warnings: readonly string[];
  /** Facts with the source of each; several sources of one fact may contradict each other. */
  readonly sources: Readonly<Record<string, readonly SourcedFact[]>>;
  /** Order of the pages of a file whose pages are channels or times, too. */
  readonly pages?: StackPages | undefined;
  /** The file is compressed: planes come in its order only. */
  readonly isSequential?: boolean | undefined;
}

/**
 * `GET lineage/{ref}/voxel?z=&y=&x=&level=`, `…/point?layer=&index=`, `…/value?pointer=` or `?field=`: the origin of one number
 * of a page.
 */
export interface Lineage {
  /** The question as text: `voxel x 9, y 5, z 3 of level 0`. */
  readonly of: string;
  /** The number with all its digits; a value that is no number, as text. */
  readonly value: string;
  /** Derivation of the shown number from the stored one: `divided by mx, which is at byte 28`. */
  readonly note?: string | undefined;
  /** The place of the file. */
  readonly place: string;
  /** Bytes in which the number is stored. */
  readonly stored: Told<StoredNumber>;
  /** Checksum of the whole file, as the command that wrote it has recorded it. */
  readonly checksum: Told<StoredChecksum>;
  readonly receipt: Told<StoredReceipt>;
  /** Line of the configuration that asked for the file: `cell.yaml:12:5`. */
  readonly configuration: Told<string>;
  /** Command that wrote the file, and the folder in which it was typed. */
  readonly command: Told<{ readonly text: string; readonly folder: string }>;
}

/** A fact, or the reason why it is unknown. */
export type Told<T> = { readonly is: T } | { readonly absent: string };

/**
 * Bytes of a file that hold a number: pass over `headerBytes`, undo `codecs`, the first one first, and read a `dtype` in `byteOrder` at
 * `decodedByte` of what that gives. Packed numbers are `bits` of the bytes there, taken as one big-endian whole number.
 */
export interface StoredNumber {
  /** Key of the file, in its place. */
  readonly key: string;
  /** Position in the stored file. */
  readonly offset: number;
  readonly length: number;
  readonly codecs: readonly string[];
  /** Bytes of a block of N5 before its compressed part. */
  readonly headerBytes?: number | undefined;
  /** Absent where the bytes are the number as text. */
  readonly dtype?: string | undefined;
  readonly byteOrder?: "little" | "big" | undefined;
  readonly decodedByte: number;
  readonly bits?: { readonly shift: number; readonly count: number } | undefined;
  /** Number to subtract from the stored one: files of mode 0 that hold unsigned bytes. */
  readonly minus?: number | undefined;
  /** Reason why the range is no smaller: `the file is compressed as a whole`. */
  readonly says?: string | undefined;
}

export interface StoredChecksum {
  readonly algorithm: "SHA-256" | "CRC-32";
  readonly value: string;
  /**
   * `verified`: the file was read just now and has the checksum. `unchanged`: the file has the size and time of the receipt.
   * `changed`: it has not.
   */
  readonly state: "verified" | "unchanged" | "changed";
}

export interface StoredReceipt {
  /** File in the workspace; `byte` is the position of the receipt's line in it. */
  readonly journal: string;
  readonly byte: number;
  readonly task: string;
  readonly title: string;
  /** Keys of the files that were read for it. */
  readonly inputs: readonly string[];
  readonly writtenAt?: string | undefined;
}

export interface SourcedFact {
  readonly value: string;
  readonly from: string;
  /** Address below `lineage/` of its origin: `{ref}/value?pointer=/voxel_spacing`. Absent for names of folders. */
  readonly at?: string | undefined;
}

/**
 * Distribution of a file's pages, the first axis of its shape, over slices, channels and times: `order` has the fastest axis
 * first.
 */
export interface StackPages {
  readonly order: string;
  readonly z: number;
  readonly c: number;
  readonly t: number;
}

export interface VolumeLevel {
  readonly shape: Triple;
  /** Number of voxels of level 0 along each axis for one of this level. */
  readonly scale: Triple;
  /** The level is every n-th voxel of level 0, not a mean. */
  readonly virtual: boolean;
}

/**
 * Parameters of `GET /api/v1/volumes/{ref}/plane?…`. The answer is rows of numbers, little-endian, with the headers of
 * `PLANE_HEADERS`.
 */
export interface PlaneQuery {
  readonly axis: "z" | "y" | "x";
  /** Number of the section, in level 0. */
  readonly at: number;
  readonly level?: number | undefined;
  /** `u0,v0,u1,v1` in voxels of the level, u along the faster axis, without the end. Default: the whole plane. */
  readonly box?: string | undefined;
  /** Number of sections of level 0 about `at` to average; the answer is float32 then. Default 1. */
  readonly slab?: number | undefined;
  /** `native` (default), `f16`, or `u8` scaled to `low`–`high`. */
  readonly as?: "native" | "f16" | "u8" | undefined;
  readonly low?: number | undefined;
  readonly high?: number | undefined;
  /** The etag of the facts: the answer of an address with it never changes. */
  readonly v?: string | undefined;
}

/** Limit in bytes of an answer, and of a plane of a dropped file. */
export const PLANE_BYTES_MAX = 64 * 2 ** 20;

/**
 * Headers of a plane: `rows,columns`; the numbers' type; the level that was read; where chunks are not stored, so that their voxels have the fill
 * value, how many and the key of one, percent-encoded.
 */
export const PLANE_HEADERS = { shape: "x-shape", dtype: "x-dtype", level: "x-level", absent: "x-absent" } as const;

/** `GET /api/v1/overlays/{ref}?with=` (`ref` of a tomogram, or of any volume): layers that can be drawn over it. */
export interface Overlays {
  readonly ref: string;
  readonly layers: readonly OverlayLayer[];
  /** For a file: further files of its folder that can be drawn, once `?with=id,id` names them. */
  readonly others?: readonly { readonly id: string; readonly name: string }[] | undefined;
  /** Summary as text: `5 of 12 annotations can be drawn; 3 belong to another alignment`. */
  readonly summary: string;
  /** Sentences about what was not looked at, or is not listed. */
  readonly notices: readonly string[];
}

export interface OverlayLayer {
  readonly id: string;
  readonly name: string;
  readonly kind: "points" | "orientedPoints" | "instancePoints" | "mask" | "instances" | "mesh" | "model";
  /** `#F0A202`, as in the Neuroglancer state. */
  readonly color: string;
  /**
   * Number of points, contours, triangles or instances; 0 for masks, and for lists and surfaces that are too long to be counted
   * before they are shown.
   */
  readonly count: number;
  /** Colours of instances by their numbers, where the view has them. */
  readonly instanceColors?: Readonly<Record<string, string>> | undefined;
  /** Colours that the view gives to point instances in the order of their numbers; they repeat where there are more instances. */
  readonly instancePalette?: readonly string[] | undefined;
  /** The layer is shown by default. */
  readonly isVisible?: boolean | undefined;
  /** Id in the catalogue of the layer's annotation. */
  readonly annotationId?: number | undefined;
  readonly isOtherAlignment?: boolean | undefined;
  /** Radius of points. */
  readonly radiusAngstrom?: number | undefined;
  /** For masks: reference of the volume to ask planes of. Other layers are at `overlays/{ref}/{id}.bin`. */
  readonly volumeRef?: string | undefined;
  /** Error for which the layer cannot be drawn. */
  readonly error?: ApiError | undefined;
}

/**
 * `GET /api/v1/neuroglancer/tomogram/{id}?p=&z=&on=&c=` and `/api/v1/neuroglancer/at/{ref}?…`: a view for `viewer/` with the
 * state of the slices.
 */
export interface NeuroglancerView {
  readonly title: string;
  /**
   * Beginning of the sources in `state`: this server's address as the server sees it. A page that came by another address uses
   * that one instead.
   */
  readonly base: string;
  readonly state: JsonObject;
  /** Sources that are not on this server: `viewer/` may not fetch them. */
  readonly elsewhere: readonly string[];
  /** Sentences about layers that are not drawn, with the reasons. */
  readonly notices: readonly string[];
  /** Layers of `state` by the ids of `OverlayLayer`, which `on=` uses. */
  readonly layers: readonly { readonly id: string; readonly name: string }[];
  /** Address of the same slices, relative to the base: `view/…`. */
  readonly slices: string;
}

/** `GET /api/v1/facets?of=runs&where={…}`: numbers of distinct entities, each facet under all filters but its own. */
export interface Facets {
  readonly of: "datasets" | "runs" | "annotations";
  /** Number of entities that pass all filters. */
  readonly total: number;
  readonly facets: readonly Facet[];
}

export interface Facet {
  readonly id: string;
  readonly title: string;
  /**
   * Groups of the portal: `sample`, `contents`, `objects`, `hardware`, `tilt`, `tomogram`, `annotation`, `people`, `identifiers`.
   */
  readonly group: string;
  /** Range of a facet of numbers, in place of values. */
  readonly range?: { readonly min: number; readonly max: number } | undefined;
  readonly values: readonly { readonly value: string; readonly count: number; readonly chosen: boolean }[];
  /** There are more values than these. */
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
  /** Most similar word, where nothing was found. */
  readonly nearest?: string | undefined;
}

/** `GET /api/v1/microscopy?after=ID&limit=500`: data sets of the microscopy catalogue, by id. */
export interface MicroscopyList {
  readonly datasets: readonly MicroscopyEntry[];
  /** Value of `after` for the next part; absent in the last one. */
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
  /** Id of the data set that it was made from. The next field has those that were made from it. */
  readonly parent: string | null;
  readonly children: readonly string[];
  readonly frames?: MicroscopyFrames | undefined;
  /** Null in rows of an older catalogue, which kept no names. */
  readonly file?: { readonly name: string | null; readonly sha256: string | null } | undefined;
}

/** Properties that all frames of a data set share, and the number of distinct indices along each axis. */
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
  /** Sorted by channel, then name. For frames, channels as in the axes. */
  readonly channels: readonly { readonly index: number; readonly name: string | null }[];
  /** Sorted indices of the frames; they may have gaps. An older catalogue did not know an axis without any. */
  readonly indices: Readonly<Record<FrameAxis, readonly number[]>>;
  /** Metadata as of the upload of the data set. */
  readonly metadata: JsonObject | null;
  /** Place whose storage has the frames; absent where none has. */
  readonly place?: string | undefined;
}

/** `GET /api/v1/microscopy/{id}/frame?c=&z=&t=&p=`: one frame. An index that an older catalogue did not know is left out. */
export interface FrameFacts {
  readonly channel: string | null;
  readonly name: string;
  /** Hash of the decoded pixels. Null in rows of an older catalogue. */
  readonly sha256: string | null;
  readonly metadata: JsonObject | null;
}

/**
 * `GET /api/v1/microscopy/{id}/pixels?c=&z=&t=&p=&as=&side=`: the pixels of a frame. `native` (default): rows of numbers, little-endian, the colours of
 * a pixel together; with `side` as a thumbnail whose sides are no longer. `png`: the file as it is stored. Headers are `FRAME_HEADERS`.
 */
export const FRAME_HEADERS = { shape: "x-shape", dtype: "x-dtype", proof: "x-proof" } as const;

/** Longest side of a thumbnail, in pixels. */
export const THUMBNAIL_SIDE_MAX = 1024;

/** `GET /api/v1/reports`: reports of `ingest validate` on served locations, the latest first. */
export interface ReportList {
  readonly reports: readonly ReportSummary[];
  /** Number of reports of the workspace on other locations. */
  readonly elsewhere: number;
  /** Number of files of the workspace that are no reports. */
  readonly unreadable: number;
}

export interface ReportSummary {
  /** Time of the validation, UTC: `2026-11-20T14-02-31`. */
  readonly id: string;
  readonly at: string;
  readonly suite: "source" | "standardized";
  readonly place: string;
  /** Name of the place. */
  readonly name: string;
  /** Folder that was validated, within the place; empty for all of it. */
  readonly folder: string;
  /** Name of the configuration's file. */
  readonly config?: string | undefined;
  /** Only a selection of entities was validated. */
  readonly isPart: boolean;
  /** Numbers of checks on entities. */
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
  /** The preceding comparable report. */
  readonly previous?: { readonly id: string; readonly at: string } | undefined;
  readonly changes?: Readonly<Record<FindingChange, number>> | undefined;
}

/** Change since the previous report. */
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
  /** For `scale.truth`: the spacing by each of its sources. */
  readonly sources?: readonly { readonly who: string; readonly angstrom: number; readonly isOdd: boolean }[] | undefined;
  /** Key relative to what was validated. */
  readonly key: string;
  readonly path?: string | undefined;
  readonly byte?: number | undefined;
  readonly line?: number | undefined;
  readonly change?: FindingChange | undefined;
  /** The finding is gone because its check could not be decided, which may be no repair. */
  readonly isUndecided?: boolean | undefined;
  /** For the first finding of a group: the name and size of the group. */
  readonly heads?: string | undefined;
  readonly size?: number | undefined;
  /** Id of the run in the catalogue. */
  readonly runId?: number | undefined;
  /** Key in the place, if the file or folder exists. */
  readonly file?: string | undefined;
  /** The name is that of a volume, which the viewer can open. */
  readonly isVolume?: boolean | undefined;
}

/** `GET /api/v1/download`: what entities hold, put together by what a person would choose. */
export interface DownloadContents {
  readonly all: readonly DownloadContent[];
  /** Number of files of the catalogue that are not in the tree that is served. */
  readonly elsewhere: number;
}

/** Files and volumes of one kind and format, and of annotations of one object. */
export interface DownloadContent {
  readonly kind: "tomograms" | "tilt series" | "frames" | "annotations";
  /** `raw, 10.00 Å`, or object and shape of annotations; may be empty. */
  readonly what: string;
  readonly format: string;
  /** Keys of the tree: that of a folder, such as a Zarr, ends with `/`. */
  readonly parts: readonly { readonly key: string; readonly sizeBytes: number | null }[];
}

/** `GET /api/v1/download/size`: the archive of `download/zip`. */
export interface DownloadSize {
  readonly files: number;
  /** Bytes of the whole archive; null where a server does not tell the size of a file before it is read. */
  readonly sizeBytes: number | null;
}

/** `GET /api/v1/download/levels`: levels that all OME-Zarr volumes of a choice have, the finest first. */
export interface DownloadLevels {
  readonly volumes: number;
  readonly levels: readonly {
    /** Name of its array in each volume; null where volumes have different ones. */
    readonly path: string | null;
    /** Bytes of it in all volumes, with their metadata; null where a server does not tell them. */
    readonly sizeBytes: number | null;
  }[];
  /** Number of volumes that have more levels. */
  readonly deeper: number;
}
