import type { Hono } from "hono";
import type pg from "pg";
import type { PortalApi } from "../../catalog/graphql/answer.js";
import type { Clock } from "../../core/clock.js";
import type { ErrorRecord } from "../../core/errors.js";
import type { Log } from "../../core/log.js";
import type { AccessNotes, CatalogueFacts, PortalFacts, ServerFacts } from "../../model/page-api.js";
import type { Ref } from "../../model/ref.js";
import type { Location } from "../../stores/location.js";
import type { JobWatch } from "../job-watch.js";
import type { ServedMemory } from "../memory-shares.js";
import type { ServedMicroscopy } from "../microscopy.js";
import type { PieceBudget } from "../piece-budget.js";
import type { Place, PlacedKey } from "../places.js";
import type { ServedVolumes } from "../planes.js";
import type { Plans } from "../plans.js";
import type { ServedReports } from "../reports.js";
import type { ViewStore } from "../saved-views.js";
import type { Submissions } from "../submissions.js";
import type { Tokens } from "../tokens.js";

/** The sources and settings that routes answer from. */
export interface ApiContext {
  readonly places: readonly Place[];
  /** Absent where no place is a standardised tree. */
  readonly catalogue?: ServedCatalogue | undefined;
  /** Absent where no database is open. */
  readonly microscopy?: ServedMicroscopy | undefined;
  /** Time of the last change of the catalogue's tree: `CatalogueFacts.treeChangedAt`. */
  readonly treeChangedAt?: (() => string | undefined) | undefined;
  readonly reports: ServedReports;
  readonly volumes: ServedVolumes;
  readonly memory: ServedMemory;
  /** Memory for files that are being sent. Default: shared by the process. */
  readonly pieces?: PieceBudget | undefined;
  /** Folder in which commands leave their results. They are shown only to this machine, and to clients with a token. */
  readonly workspace?: string | undefined;
  /** Others reach the server by another address: a client on loopback may be their proxy. */
  readonly isHandedOn: boolean;
  /** Tokens that the server knows, for whatever they are. */
  readonly tokens?: Tokens | undefined;
  /** Absent where nothing can be changed. */
  readonly writing?: Writing | undefined;
  /** Runs in the workspace; absent without one. */
  readonly jobs?: JobWatch | undefined;
  /** Jobs that pages may start. */
  readonly plans?: Plans | undefined;
  /** Folders that pages make ready for ingest; absent where pages may start no jobs. */
  readonly submissions?: Submissions | undefined;
  /** Views that people have saved, of whatever is served; absent without a workspace. */
  readonly views?: ViewStore | undefined;
  readonly log: Log;
  readonly clock: Clock;
  /** What rules of access say of the requests that are answered here; absent where everybody sees everything. */
  readonly access?: RuledAccess | undefined;
  /** What the portal says of itself to who asks; absent where pages are those of emporium. */
  readonly portal?: (() => Promise<PortalFacts>) | undefined;
  /** Facts of `GET server` that are known when the server starts. */
  readonly server: Pick<ServerFacts, "version" | "bucket" | "start">;
  /** The address of this server as the client of a request sees it; ends with `/`. */
  base(request: Request): string;
  /** Resolves a reference to the place and key of its volume or file. @throws {EmporiumError} NOT_FOUND, NAME_UNSAFE */
  find(ref: Ref, signal?: AbortSignal): Promise<PlacedKey>;
}

/** Tokens that allow changes from pages, and the places of these changes. */
export interface Writing {
  readonly tokens: Tokens;
  /** Folders and URLs below which jobs may read and write, as below the places. */
  readonly roots: readonly Location[];
  /** Origin of the page, beside the one by which a request reaches the server: behind a proxy the server does not see it. */
  readonly origin?: string | undefined;
}

/** What pages tell of rules of access to whom they let in. */
export interface RuledAccess {
  readonly notes: AccessNotes;
  /** Nothing is hidden from who makes these requests. */
  readonly seesAll: boolean;
  /** Whether the server knows tokens. */
  readonly signIn: boolean;
  /** Name of who makes a request. */
  viewerOf(request: Request): string | undefined;
}

export interface ServedCatalogue {
  readonly place: Place;
  readonly api: PortalApi;
  /** Connections with the role that only reads. */
  readonly pool: pg.Pool;
  /** State of the catalogue. Its error names files as they are on this machine. */
  state(): Omit<CatalogueFacts, "error" | "treeChangedAt"> & { readonly error?: ErrorRecord | undefined };
  /** The state where it must be asked for: the numbers are of what somebody may see. */
  look?(): Promise<ReturnType<ServedCatalogue["state"]>>;
  /** Reads the catalogue's state again: other programs may have imported. */
  refresh?(): Promise<void>;
}

/** Adds the routes of one noun. Paths are relative to `/api/v1`. */
export type Routes = (app: Hono, context: ApiContext) => void;
