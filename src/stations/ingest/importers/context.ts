import type { ShardCodec } from "../../../arrays/stream/plan/layout.js";
import type { UseLedger } from "../account/ledger.js";
import type { Arriving } from "../arriving.js";
import type { RunData } from "../config/run-data-map.js";
import type { IngestConfig } from "../config/schema.js";
import type { Listing } from "../finders/listing.js";
import type { GivenId, StoredEntities } from "../identifiers.js";
import type { OpenAddress } from "../ops/photo.js";
import type { OmeZarrVersion } from "../ops/volume-params.js";
import type { Selection } from "../selection.js";
import type { SourceFiles } from "../source-files.js";
import type { DTypeChoice, VolumeSources } from "../volume-source.js";
import type { EmptyFinds } from "./empty-finds.js";
import type { FindLedger } from "./unused-finds.js";

/** The context that all importers share while a plan is made. It is never changed. */
export interface PlanContext {
  readonly config: IngestConfig;
  readonly selection: Selection;
  readonly source: Listing;
  readonly target: Listing;
  /** Small files of the source and the target, each read once. */
  readonly files: SourceFiles;
  /** Headers of the source's volumes, each read once. */
  readonly volumes: VolumeSources;
  /** Metadata that is on the target, each container read once. */
  readonly stored: StoredEntities;
  readonly runData: RunData;
  readonly compat: boolean;
  readonly writeMrc: boolean;
  readonly writeZarr: boolean;
  readonly omeZarr: OmeZarrVersion;
  /** Element type of the Zarr's voxels. Default `float32`. */
  readonly dtype?: DTypeChoice | undefined;
  /** Compression of chunks in OME-Zarr 0.5. Default `blosc-lz4`. */
  readonly codec?: ShardCodec | undefined;
  /** Address of the published tree, as views name it. */
  readonly viewUrl: string;
  readonly force: boolean;
  /** Point lists without a row of their tomogram are written empty. */
  readonly allowEmpty: boolean;
  /** Points outside of their tomogram are a failure. */
  readonly strict: boolean;
  /** Worker threads that a large volume may use: for estimates of memory. */
  readonly threads: number;
  readonly reserved: readonly GivenId[];
  /** Ids that other imports, which may be running, have laid claim to. */
  readonly claimed: readonly GivenId[];
  readonly signal: AbortSignal | undefined;
  /** Opens what lies outside of source and target: pictures by their address. */
  readonly open: OpenAddress;
  /** Takes note of sources that find nothing: told once for all runs. */
  readonly empty: EmptyFinds;
  /** Records what sources find: items that are not used are reported at the end. */
  readonly finds: FindLedger;
  /** Records what each source file is used as; the account and its findings are made from it. */
  readonly uses: UseLedger;
  /** Decides what is left for later of sources that are still being written; undefined: nothing is. */
  readonly arriving?: Arriving | undefined;
}
