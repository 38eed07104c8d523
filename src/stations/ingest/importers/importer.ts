import { EmporiumError, type ErrorCode, type Place } from "../../../core/errors.js";
import type { TypeKey } from "../../../model/kinds.js";
import { scalarText } from "../config/nodes.js";
import { addFailure, type Draft, type Location, leave, type PlannedEntity } from "../draft.js";
import type { Ancestor, Scope } from "../finders/scope.js";
import type { PlanContext } from "./context.js";
import type { FileFacts } from "./file-facts.js";
import type { SectionItem } from "./sections.js";

/** Level of the tree at which an importer is called, once for each entity there. */
export type Owner = "deposition" | "dataset" | "run" | "tiltseries";

/** One entity of the tree whose parts are being planned: what importers see, and the draft that they add to. */
export interface ImportContext extends PlanContext {
  /** All importers; each is called for the entities that it names in `per`. */
  readonly importers: readonly Importer[];
  /** Plan so far: of the run alone, or the whole plan for datasets and depositions. */
  readonly draft: Draft;
  /** Dataset and run of the entity, for messages. */
  readonly location: Location;
  /** Scope from the deposition down to the entity. */
  readonly scope: Scope;
  /** The deposition that is imported. */
  readonly deposition: Ancestor;
  readonly depositionId: string;
  /** The entity, as the nearest ancestor of everything that importers bring. */
  readonly entity: Ancestor;
  /** The find that gave the entity. */
  readonly item: SectionItem;
  /** Folders of the datasets that the entity is, lies in or holds. */
  readonly datasets: readonly string[];
  /** Finds and plans of the entity's importers so far, by kind. */
  readonly results: Results;
}

/** The parts of a context in which failures and warnings are noted. */
type Notes = Pick<ImportContext, "draft" | "location">;

/** The parts of a run's context that finding volumes takes. */
export type RunScope = PlanContext & Notes & Pick<ImportContext, "scope" | "entity">;

interface Results {
  readonly found: Map<TypeKey, Promise<unknown>>;
  readonly planned: Map<TypeKey, unknown>;
}

/** Looks for files or entities of one kind. */
export interface Finder<Found = unknown> {
  readonly kind: TypeKey;
  /** Name of everything that it finds together; its failures have this title. */
  title(context: ImportContext): string;
  /** It notes the failures of its entities itself; what else goes wrong ends the plan. */
  readonly notesFailures?: true | undefined;
  /** Finders whose results it uses: if one of these fails, this one is skipped. */
  readonly needs: readonly Finder[];
  /** Looks for everything of the kind; writes nothing. */
  find(context: ImportContext): Promise<Found>;
}

/** Imports one kind: a row of the table. */
export interface Importer<Found = unknown, Planned = unknown> extends Finder<Found> {
  readonly per: Owner;
  /** For finds that are source files: what is reported if there are none, or if one is not used. */
  readonly files?: FileFacts | undefined;
  /** Kinds that it plans along with its own. */
  readonly brings?: readonly TypeKey[] | undefined;
  /** Whether the command asks for anything that it finds or plans. */
  isWanted(context: PlanContext): boolean;
  /** Adds tasks and entities to the draft, and answers what other importers need to know of them. */
  plan(context: ImportContext, found: Found): Promise<Planned>;
}

export interface ContextParts extends Pick<ImportContext, "draft" | "location" | "scope" | "item" | "datasets"> {
  readonly importers: readonly Importer[];
}

/** @param parts.scope begins with the deposition and ends with the entity. */
export function importContext(context: PlanContext, parts: ContextParts): ImportContext {
  const { ancestors } = parts.scope;
  const deposition = ancestors[0]!;
  return {
    ...context,
    ...parts,
    deposition,
    depositionId: scalarText(deposition.name),
    entity: ancestors.at(-1)!,
    results: { found: new Map(), planned: new Map() },
  };
}

/** The context of an entity that lies below another. */
export function contextBelow(context: ImportContext, entity: Ancestor, item: SectionItem): ImportContext {
  const { importers, draft, location, datasets } = context;
  return importContext(context, { importers, draft, location, datasets, scope: scopeBelow(context, entity), item });
}

export function scopeBelow({ scope }: Pick<ImportContext, "scope">, ancestor: Ancestor): Scope {
  return { ...scope, ancestors: [...scope.ancestors, ancestor] };
}

/** Plans everything of an entity that the command asks for, in the order of the table. Failures of one importer are its own. */
export async function planAll(context: ImportContext, per: Owner): Promise<void> {
  for (const importer of importersOf(context, per)) {
    const items = await found(context, importer);
    if (items !== undefined) await planFound(context, importer, items);
  }
}

/** The importers that the command needs of those that are called for an owner. */
function importersOf(context: ImportContext, per: Owner): Importer[] {
  return context.importers.filter((importer) => importer.per === per && importer.isWanted(context));
}

/** Finds, as one, what the importers of an owner look for. @throws what the first of them throws that fails */
export async function findAll(context: ImportContext, per: Owner): Promise<void> {
  for (const importer of importersOf(context, per)) {
    const items = await importer.find(context);
    context.results.found.set(importer.kind, Promise.resolve(items));
  }
}

async function planFound(context: ImportContext, importer: Importer, items: unknown): Promise<void> {
  context.results.planned.set(importer.kind, await guarded(context, importer, () => importer.plan(context, items)));
}

/** The items of a finder for this entity, found once. Undefined if it fails, or what it needs; the draft has the failure. */
export function found<Found>(context: ImportContext, finder: Finder<Found>): Promise<Found | undefined> {
  const { found: results } = context.results;
  const known = results.get(finder.kind) ?? look(context, finder);
  results.set(finder.kind, known);
  return known as Promise<Found | undefined>;
}

async function look<Found>(context: ImportContext, finder: Finder<Found>): Promise<Found | undefined> {
  for (const need of finder.needs) {
    if ((await found(context, need)) !== undefined) continue;
    // the failure of what it needs is told; what waits for that is none of its own
    if (context.importers.some((importer) => importer.kind === finder.kind && importer.isWanted(context))) {
      const why = `it needs ${need.title(context)}, which failed`;
      const { draft, location } = context;
      draft.entities.push({ ...leave(finder.kind, finder.title(context), why, location), action: "fail" });
    }
    return undefined;
  }
  return guarded(context, finder, () => finder.find(context));
}

function guarded<T>(context: ImportContext, finder: Finder, work: () => Promise<T>): Promise<T | undefined> {
  return finder.notesFailures ? work() : attempt(context, { kind: finder.kind, title: finder.title(context) }, work);
}

/** The plan of an importer that comes earlier in the table. Undefined where it failed or was not asked for. */
export function planned<Planned>(context: ImportContext, { kind }: Importer<unknown, Planned>): Planned | undefined {
  return context.results.planned.get(kind) as Planned | undefined;
}

/** An entity, or several together, as messages name them. */
export interface Titled {
  readonly kind: TypeKey;
  readonly title: string;
}

/** The result of the work, or undefined after its error is noted as a failure of the entity. */
export async function attempt<T>(context: Notes, entity: Titled, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    fail(context, error, entity);
    return undefined;
  }
}

/** Notes that an entity cannot be made. An error without a place gets the one given. */
export function fail(
  { draft, location }: Notes,
  error: unknown,
  { kind, title }: Titled,
  place?: Place,
  reads: readonly string[] = [],
): void {
  addFailure(draft, error, title, kind, location, place, reads);
}

/** Titles of entities of these kinds that cannot be made, at this entity or below it. */
export function failedOf({ draft, location }: Notes, kinds: readonly TypeKey[]): string[] {
  const isHere = ({ dataset, run }: PlannedEntity) =>
    dataset === location.dataset && (location.run === undefined || run === location.run);
  const failed = draft.entities.filter((one) => one.action === "fail" && kinds.includes(one.kind) && isHere(one));
  return [...new Set(failed.map(({ title }) => title))];
}

/** For an entity that would name what cannot be made: metadata without it would be wrong, and nothing would say so. */
export function blockedBy(title: string, failed: readonly string[], place?: Place): EmporiumError {
  const [first, ...others] = failed;
  const needed = `${first}${others.length > 0 ? ` and ${others.length} more` : ""}`;
  return new EmporiumError("TASK_BLOCKED", `${title} cannot be made, because ${needed} failed`, {
    place,
    hint: "correct what is named above, then run the same command again",
  });
}

/** Warns that what shows the run's annotations is made without those that cannot be made. */
export function warnOfLostAnnotations(context: Notes, title: string): void {
  const [first, ...others] = failedOf(context, ["annotation"]);
  if (first === undefined) return;
  const all = `${first}${others.length > 0 ? ` and ${others.length} more` : ""}`;
  warn(context, `${title} show nothing of ${all}, which failed; run the same command again when they are corrected`);
}

/** @param code code of a warning that `--strict` makes an error. */
export function warn({ draft, location }: Notes, message: string, place?: Place, code?: ErrorCode): void {
  draft.warnings.push({ ...(code && { code }), message, place, ...location });
}

/** Notes that nothing is done to an entity, and why. */
export function passOver(
  { draft, location }: Notes,
  { kind, title }: Titled,
  why: string,
  place?: Place,
  reads: readonly string[] = [],
): void {
  draft.entities.push({ ...leave(kind, title, why, location, place), reads });
}

/** Notes an entity that tasks make. */
export function addWritten(
  { draft, location }: Notes,
  { kind, title }: Titled,
  made: Pick<PlannedEntity, "reads" | "writes" | "bytes" | "place">,
): void {
  draft.entities.push({ kind, title, ...location, action: "write", ...made });
}
