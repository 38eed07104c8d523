import { cancelled, throwIfCancelled } from "../../../core/cancel.js";
import { asEmporiumError, EmporiumError, type ErrorRecord, toErrorRecord } from "../../../core/errors.js";
import { exitOf, type Report, withText } from "../../../core/report.js";
import { counted } from "../../../core/units.js";
import { type Env, envOf, type GivenEnv } from "../../../engine/env.js";
import type { Store } from "../../../stores/store.js";
import type { Profile } from "../profile/profile.js";
import { openNeuronService, type ServiceOptions } from "./browser.js";
import { type DocumentDiff, diffDocument, documentText, INDEX_KEY, type IndexedDate, indexText, sha256 } from "./document.js";
import { neuronEntries } from "./entries.js";
import { folderNames, neuronFolders } from "./folder.js";
import { type AreaTree, areaTree, type Mappings, mapNeurons } from "./mappings.js";
import { tagPattern } from "./tag-pattern.js";

export const LOCATIONS = ["Finished_Neurons", "tracing_complete"] as const;
type TracingLocation = (typeof LOCATIONS)[number];

export interface NeuronsOptions extends Pick<ServiceOptions, "browser" | "configServer" | "token" | "resolve">, GivenEnv {
  readonly bucket: Store;
  readonly settings: Profile["neurons"];
  readonly locations: readonly TracingLocation[];
  /** Default: only report what would be written. */
  readonly write?: boolean | undefined;
  /** Bytes, order and errors of the reference. */
  readonly compat?: boolean | undefined;
  /** Read skeletons and report errors in them. Default true. */
  readonly checkSwc?: boolean | undefined;
  /** Add the areas above each soma's. */
  readonly ancestors?: boolean | undefined;
}

export interface NeuronsReport extends Report {
  readonly bucket: string;
  readonly service: string;
  readonly dry_run: boolean;
  /** Distinct ones over all locations. */
  readonly dates_in_bucket: number;
  readonly dates_without_mappings: readonly string[];
  /** `metadata.json` documents that were made; copies do not count. */
  readonly metadata_files: number;
  readonly documents: readonly (DocumentDiff & { location: string; date: string; neurons: number })[];
  readonly skipped: readonly { location: string; date: string; reason: string }[];
  readonly index: "written" | "would be written" | "same" | "none";
  readonly warnings: readonly string[];
  /** 0 all dates, 3 some failed. */
  readonly exitStatus: number;
}

/** A date becomes part of keys. */
const DATE = /^\d{4}-\d{2}-\d{2}$/;

/**
 * Makes the neuron lists of every date for which the bucket has tracings, from the service's data and the tracings; compares them
 * with the bucket's lists, and writes those that differ. If a date fails, it is reported, and all others are done.
 *
 * @throws {EmporiumError} USAGE, SERVICE_UNREACHABLE, PORTAL_REPLY, ADDRESS_REFUSED, CONFIG_FIELD, CONFIG_REGEX; STORE_… when a
 *   location cannot be listed. With `compat` also the errors at which the reference stops: METADATA_VALUE for a brain area,
 *   STORE_ABSENT for a date without folders.
 */
export async function publishNeurons(options: NeuronsOptions): Promise<NeuronsReport> {
  const { bucket, settings, locations, compat = false } = options;
  const env = envOf(options);
  const { log, signal } = env;
  const warnings: string[] = [];
  const warn = (message: string) => {
    warnings.push(message);
    log.warn(message);
  };
  const { service, mappings, areas } = await askService({ ...options, ...env }, warn);
  const made = new Run(options, mappings, areas, tagPattern(settings.tagPattern), warn);
  const present = new Map<string, ReadonlySet<string>>();
  for (const location of locations) {
    const dates = await folderNames(bucket, `tracings/${location}`, signal);
    present.set(location, new Set(dates));
    for (const date of dates) {
      throwIfCancelled(signal);
      try {
        await made.date(location, date);
      } catch (thrown) {
        if (signal?.aborted) throw cancelled(signal);
        if (compat) throw thrown;
        const error = asEmporiumError(thrown);
        made.errors.push(toErrorRecord(new EmporiumError(error.code, `${location}/${date}: ${error.message}`, error.facts)));
      }
    }
  }
  const index = compat ? "none" : await made.index(present);
  return report(options, service, made, present, index, warnings);
}

async function askService(options: NeuronsOptions & Env, warn: (message: string) => void) {
  const {
    settings,
    compat = false,
    ancestors = false,
    browser = settings.graphql,
    configServer,
    token,
    resolve,
    clock,
    log,
    signal,
  } = options;
  const service = await openNeuronService({ browser, configServer, token, resolve, clock, log, signal });
  try {
    const injections = await service.injections();
    const areas = await service.brainAreas();
    for (const fault of [...injections.faults, ...areas.faults]) warn(fault);
    const mappings = mapNeurons(injections.rows, settings.timezone);
    const tree = areaTree(areas.rows);
    if (compat && tree.warnings[0] !== undefined)
      throw new EmporiumError("METADATA_VALUE", tree.warnings[0], { place: { url: service.url } });
    for (const message of [...mappings.warnings, ...tree.warnings]) warn(message);
    return { service: service.url, mappings, areas: ancestors ? tree : undefined };
  } finally {
    await service.close();
  }
}

class Run {
  readonly documents: (DocumentDiff & { location: string; date: string; neurons: number })[] = [];
  readonly skipped: { location: string; date: string; reason: string }[] = [];
  readonly unmapped = new Set<string>();
  readonly errors: ErrorRecord[] = [];
  readonly indexed: IndexedDate[] = [];
  metadataFiles = 0;

  constructor(
    private readonly options: NeuronsOptions,
    private readonly mappings: Mappings,
    private readonly areas: AreaTree | undefined,
    private readonly tagsIn: (names: readonly string[]) => ReadonlySet<string>,
    private readonly warn: (message: string) => void,
  ) {}

  async date(location: TracingLocation, date: string): Promise<void> {
    const { bucket, compat = false, checkSwc = true, settings, signal } = this.options;
    const skip = (reason: string) => void this.skipped.push({ location, date, reason });
    const tags = this.mappings.dates.get(date);
    if (!tags || !DATE.test(date)) {
      this.unmapped.add(date);
      this.warn(`${date} has no neuron mappings`);
      return skip("no neuron mappings");
    }
    const folder = `tracings/${location}/${date}`;
    const folders = await neuronFolders(bucket, folder, signal);
    if (folders.length === 0)
      throw new EmporiumError("STORE_ABSENT", `${location}/${date} has no prefixes on AWS S3`, {
        place: { url: `${bucket.url}/${folder}` },
      });
    const wanted = this.tagsIn(folders.map(({ name }) => name));
    const usable = folders.flatMap((found) => {
      const mapped = wanted.has(found.name) ? tags.get(found.name) : undefined;
      return mapped ? [{ folder: found, mapped }] : [];
    });
    const left = folders.filter(({ name }) => !wanted.has(name) || !tags.has(name)).map(({ name }) => name);
    if (!compat && left.length > 0)
      this.warn(
        `${location}/${date}: ${counted(left.length, "folder is", "folders are")} no known neuron: ${left.slice(0, 5).join(", ")}${left.length > 5 ? ", …" : ""}`,
      );
    if (usable.length === 0 && !compat) return skip("none of its folders is a known neuron");
    const lastArea = this.mappings.lastAreas.get(date);
    const context = {
      bucket,
      folder,
      compat,
      lastArea,
      areas: this.areas,
      checkSwc: checkSwc && !compat,
      signal,
      warn: this.warn,
    };
    const entries = await neuronEntries(usable, context);
    // own properties, whatever the name: a service may call a neuron __proto__
    const document = { title: `${date} MouseLight published neurons`, neurons: Object.fromEntries(entries) };
    const text = documentText(document, compat);
    const key = `neurons/${location}/${date}/metadata.json`;
    await this.put(location, date, key, text, document, entries.size);
    this.metadataFiles++;
    this.indexed.push({ location, date, key, neurons: entries.size, sha256: sha256(text) });
    const copy = Object.hasOwn(settings.extraCopy, location)
      ? settings.extraCopy[location]!.replaceAll("{date}", date)
      : undefined;
    if (copy !== undefined) await this.put(location, date, copy, text, document, entries.size);
  }

  async index(present: ReadonlyMap<string, ReadonlySet<string>>): Promise<NeuronsReport["index"]> {
    const { bucket, write = false, signal } = this.options;
    const text = await indexText(bucket, this.indexed, present, signal);
    if (text === undefined) return "same";
    if (!write) return "would be written";
    await bucket.write(INDEX_KEY, Buffer.from(text), { contentType: "application/json", signal });
    return "written";
  }

  private async put(
    location: string,
    date: string,
    key: string,
    text: string,
    document: Parameters<typeof diffDocument>[3],
    neurons: number,
  ): Promise<void> {
    const { bucket, write = false } = this.options;
    const { log, signal } = envOf(this.options);
    const diff = await diffDocument(bucket, key, text, document, signal);
    if (diff.state !== "same") {
      if (write) await bucket.write(key, Buffer.from(text), { contentType: "application/json", signal });
      else log.debug(`Put ${bucket.url}/${key}`);
    }
    this.documents.push({ ...diff, location, date, neurons });
  }
}

function report(
  { bucket, write = false, compat = false }: NeuronsOptions,
  service: string,
  made: Run,
  present: ReadonlyMap<string, ReadonlySet<string>>,
  index: NeuronsReport["index"],
  warnings: readonly string[],
): NeuronsReport {
  const dates = new Set([...present.values()].flatMap((known) => [...known]));
  const { documents, skipped, unmapped, errors, metadataFiles } = made;
  const document = {
    bucket: bucket.url,
    service,
    dry_run: !write,
    dates_in_bucket: dates.size,
    dates_without_mappings: [...unmapped],
    metadata_files: metadataFiles,
    documents,
    skipped,
    index,
    warnings,
    errors,
    exitStatus: exitOf(errors.length),
  };
  return withText(document, (report) => linesOf(report, compat));
}

function linesOf(report: Omit<NeuronsReport, "toText">, compat: boolean): string[] {
  const { documents, skipped, index, dry_run: dryRun } = report;
  const summary = [
    `Dates in AWS S3:         ${report.dates_in_bucket}`,
    `Missing neuron mappings: ${report.dates_without_mappings.length}`,
    `Metadata files written:  ${report.metadata_files}`,
  ];
  if (compat) return summary;
  const differing = documents.filter(({ state }) => state !== "same");
  return [
    ...differing.map(({ key, state, neurons, added, removed, changed }) => {
      const words =
        state === "new"
          ? `${counted(neurons, "neuron")}`
          : [listed("+", added), listed("-", removed), listed("~", changed)].filter(Boolean).join(" ") || "its form";
      return `${state.padEnd(7)} ${key}: ${words}`;
    }),
    ...skipped.map(({ location, date, reason }) => `skipped ${location}/${date}: ${reason}`),
    `index   ${INDEX_KEY}: ${index}`,
    ...summary,
    `${documents.length - differing.length} documents are as they should be, ${differing.length} ${dryRun ? "would be written: --write does it" : "written"}`,
  ];
}

const SHOWN = 5;

function listed(sign: string, ids: readonly string[]): string {
  if (ids.length === 0) return "";
  return `${sign}${ids.length} (${ids.slice(0, SHOWN).join(", ")}${ids.length > SHOWN ? ", …" : ""})`;
}
