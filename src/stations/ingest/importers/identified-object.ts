import { EmporiumError } from "../../../core/errors.js";
import type { Json, JsonObject } from "../../../core/json.js";
import { identifiedObjectKeys } from "../../../model/layout.js";
import { formatTemplate } from "../config/expand.js";
import { scalarText, toJson } from "../config/nodes.js";
import { makeTask } from "../draft.js";
import { variablesOf } from "../finders/scope.js";
import { allotIds, depositionOf, type Identifiers, readMetadata } from "../identifiers.js";
import { metadataText } from "../metadata.js";
import { DOCUMENT_OPERATION } from "../ops/names.js";
import { distinctFiles } from "./copies.js";
import { parseIdentifiedTable, printRecords } from "./identified-table.js";
import { addWritten, type ImportContext, type Importer, warn } from "./importer.js";
import { addMetadataTask } from "./metadata-task.js";
import { findSection, isAsked, placeOf, type SectionItem, wants } from "./sections.js";

const KIND = "identified_object";

/**
 * The table of identified objects of a run: the rows of the run, and their metadata. Two tables are a failure
 * (CONFIG_COLLISION), and so is one where another deposition has put its own.
 */
export const identifiedObject: Importer<readonly SectionItem[]> = {
  kind: KIND,
  per: "run",
  files: { emptyTold: "section" },
  needs: [],
  title: ({ location }) => `identified objects of ${location.run}`,
  isWanted: (context) => wants(context, KIND),
  async find(context) {
    const { items } = await findSection(context, KIND, context.scope);
    return distinctFiles(items.filter(({ atTarget }) => !atTarget)).filter((item) => isAsked(context, KIND, item));
  },
  async plan(context, files) {
    const item = files.at(-1);
    if (!item) return;
    if (files.length > 1 && !context.compat) {
      const message = `${context.location.run}: ${files.map(({ key }) => context.source.fullPath(key!)).join(" and ")}, expected one table of identified objects`;
      throw new EmporiumError("CONFIG_COLLISION", message, { place: item.place, hint: "narrow the glob to one table" });
    }
    const rows = await readRows(context, item);
    if (!rows) return;
    const configured = item.block.metadata ? (toJson(item.block.metadata) as JsonObject) : {};
    const { id, given } = await identify(context, item, configured);
    const measured: JsonObject = {
      object_count: rows.records.length,
      columns: rows.records.length === 0 ? [] : rows.columns,
      file_format: "json",
      source_file: rows.sourceFile,
      identifier: id,
    };
    addTable(context, item, rows, { configured, measured });
    context.draft.ids.push(...given);
  },
};

/** The rows of one run. */
interface RunRows {
  readonly columns: readonly string[];
  readonly records: readonly (readonly string[])[];
  readonly sourceFile: string;
  readonly file: Awaited<ReturnType<ImportContext["files"]["read"]>>;
}

/** Undefined, with a warning, for a table that says of no row which run it is of. */
async function readRows(context: ImportContext, item: SectionItem): Promise<RunRows | undefined> {
  const file = await context.files.read("source", item.key!, item.stat);
  const sourceFile = context.source.fullPath(item.key!);
  const { columns, runs } = context.files.parsed(file, "identified objects", ({ bytes, name }) =>
    parseIdentifiedTable(new TextDecoder().decode(bytes), name),
  );
  if (runs) return { columns, records: runs.get(rowsOf(context, item)) ?? [], sourceFile, file };
  const message = `${sourceFile} is not imported: there is no column run_name`;
  if (!context.draft.warnings.some((warning) => warning.message === message)) warn(context, message, item.place);
  return undefined;
}

/** The value of `run_name` in the run's rows: the run's name unless `filter_value` is given. (`compat`: it is ignored.) */
function rowsOf({ compat, scope, location }: ImportContext, { block }: SectionItem): string {
  const node = block.metadata?.entries.get("filter_value");
  if (compat || node?.kind !== "scalar" || node.value === null) return location.run!;
  return formatTemplate(scalarText(node.value), variablesOf(scope), { place: node.place });
}

/** @throws {EmporiumError} CONFIG_COLLISION where another deposition has its table */
async function identify(
  context: ImportContext,
  { place }: SectionItem,
  configured: JsonObject,
): Promise<{ id: number; given: Identifiers["given"] }> {
  const { entity: run, depositionId, location } = context;
  const { metadata: key } = identifiedObjectKeys(run.folder);
  const stored = await readMetadata(context.target.store, key);
  const owner = stored && depositionOf(stored, depositionId);
  const mine = depositionOf(configured, depositionId);
  if (owner !== undefined && owner !== mine && !context.compat) {
    throw new EmporiumError(
      "CONFIG_COLLISION",
      `${key} is of deposition ${owner}, and a run can have one table of identified objects`,
      {
        place,
        hint: "import them with that deposition, or leave the section out",
      },
    );
  }
  const identity = [mine, location.run!];
  const known = Number.isInteger(stored?.identifier) ? [{ key: [owner!, location.run!], id: stored!.identifier as number }] : [];
  const ids = allotIds(`${run.folder}/IdentifiedObjects`, known, context, [identity]);
  return { id: ids.of(identity), given: ids.given };
}

function addTable(
  context: ImportContext,
  item: SectionItem,
  { columns, records, file, sourceFile }: RunRows,
  { configured, measured }: { configured: JsonObject; measured: JsonObject },
): void {
  const { draft, deposition, selection, force } = context;
  const keys = identifiedObjectKeys(context.entity.folder);
  const entity = { kind: KIND, title: identifiedObject.title(context) } as const;
  const place = placeOf(item.block);
  if (!selection.items(KIND)) {
    addMetadataTask(context, {
      ...entity,
      title: `metadata of ${entity.title}`,
      key: keys.metadata,
      configured,
      measured,
      place,
    });
    return;
  }
  const hasMetadata = selection.metadata(KIND);
  const text = printRecords(columns, records);
  const outputs = [keys.objects, ...(hasMetadata ? [keys.metadata] : [])];
  draft.tasks.push(
    makeTask({
      title: entity.title,
      run: DOCUMENT_OPERATION,
      params: {
        kind: KIND,
        document: keys.objects,
        text,
        metadataKey: hasMetadata ? keys.metadata : null,
        metadata: hasMetadata ? metadataText(configured, measured, deposition.name as Json) : null,
        ...(force ? { force: true } : {}),
      },
      inputs: [file.input],
      outputs,
      needs: [],
      bytes: 0,
      memoryBytes: 4 * text.length + (1 << 20),
      threads: 1,
      place,
    }),
  );
  addWritten(context, entity, { reads: [sourceFile], writes: outputs, bytes: file.bytes.length, place });
}
