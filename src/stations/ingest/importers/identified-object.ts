import { EmporiumError } from "../../../core/errors.js";
import type { Json, JsonObject } from "../../../core/json.js";
import { identifiedObjectKeys } from "../../../model/layout.js";
import { formatTemplate } from "../config/expand.js";
import { scalarText, toJson } from "../config/nodes.js";
import { addMetadataTask, type Draft, makeTask, type Whereabouts } from "../draft.js";
import { type Ancestor, type Scope, variablesOf } from "../finders/scope.js";
import { allotIds, depositionOf, type GivenId, readMetadata } from "../identifiers.js";
import { metadataText } from "../metadata.js";
import { DOCUMENT_OPERATION } from "../ops/document.js";
import { findSection, isAsked, type PlanContext, placeOf, type SectionItem, wants } from "./context.js";
import { distinctFiles } from "./copies.js";
import { parseIdentifiedTable, printRecords } from "./identified-table.js";

/**
 * Plans the table of objects that somebody has identified in a run: the rows of the run, and their metadata.
 *
 * @throws {EmporiumError} CONFIG_COLLISION for two tables, or for one where another deposition has put its own; CONFIG_SYNTAX, STORE_…
 */
export async function planIdentifiedObjects(
  context: PlanContext,
  draft: Draft,
  { run, deposition, scope }: { run: Ancestor; deposition: Ancestor; scope: Scope },
  where: Whereabouts,
): Promise<readonly GivenId[]> {
  if (!wants(context, "identified_object")) return [];
  const { items } = await findSection(context, "identified_object", scope);
  const files = distinctFiles(items.filter(({ atTarget }) => !atTarget)).filter((item) =>
    isAsked(context, "identified_object", item),
  );
  const item = files.at(-1);
  if (!item) return [];
  const runName = scalarText(run.name);
  const sourceFile = context.source.fullPath(item.key!);
  if (files.length > 1 && !context.compat) {
    const message = `${runName}: ${files.map(({ key }) => context.source.fullPath(key!)).join(" and ")}, one table of identified objects is possible`;
    throw new EmporiumError("CONFIG_COLLISION", message, { place: item.place, hint: "narrow the glob to one table" });
  }
  const file = await context.files.read("source", item.key!, item.stat);
  const { columns, runs } = context.files.parsed(file, "identified objects", ({ bytes, name }) =>
    parseIdentifiedTable(new TextDecoder().decode(bytes), name),
  );
  if (!runs) {
    const message = `${sourceFile} has no column run_name: nothing of it is imported`;
    if (!draft.warnings.some((warning) => warning.message === message))
      draft.warnings.push({ message, place: item.place, ...where });
    return [];
  }
  const rows = runs.get(rowsOf(context, item, scope, runName)) ?? [];
  const configured = item.block.metadata ? (toJson(item.block.metadata) as JsonObject) : {};
  const depositionId = scalarText(deposition.name);
  const keys = identifiedObjectKeys(run.folder);
  const stored = await readMetadata(context.target.store, keys.metadata);
  const owner = stored && depositionOf(stored, depositionId);
  const mine = depositionOf(configured, depositionId);
  if (owner !== undefined && owner !== mine && !context.compat) {
    throw new EmporiumError(
      "CONFIG_COLLISION",
      `${keys.metadata} is of deposition ${owner}, a run has one table of identified objects`,
      {
        place: item.place,
        hint: "import them with that deposition, or leave the section out",
      },
    );
  }
  const container = `${run.folder}/IdentifiedObjects`;
  const identity = [mine, runName];
  const known = Number.isInteger(stored?.identifier) ? [{ key: [owner!, runName], id: stored!.identifier as number }] : [];
  const ids = allotIds(container, known, context, [identity]);
  const measured: JsonObject = {
    object_count: rows.length,
    columns: rows.length === 0 ? [] : columns,
    file_format: "json",
    source_file: sourceFile,
    identifier: ids.of(identity),
  };
  const wantsMetadata = context.selection.metadata("identified_object");
  const title = `identified objects of ${runName}`;
  const place = placeOf(item.block);
  if (!context.selection.items("identified_object")) {
    addMetadataTask(draft, {
      kind: "identified_object",
      title: `metadata of ${title}`,
      key: keys.metadata,
      configured,
      measured,
      depositionId: deposition.name,
      force: context.force,
      place,
      where,
    });
    return ids.given;
  }
  const text = printRecords(columns, rows);
  const metadata = wantsMetadata ? metadataText(configured, measured, deposition.name as Json) : null;
  const outputs = [keys.objects, ...(wantsMetadata ? [keys.metadata] : [])];
  draft.tasks.push(
    makeTask({
      title,
      run: DOCUMENT_OPERATION,
      params: {
        kind: "identified_object",
        document: keys.objects,
        text,
        metadataKey: wantsMetadata ? keys.metadata : null,
        metadata,
        ...(context.force ? { force: true } : {}),
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
  draft.entities.push({
    kind: "identified_object",
    title,
    ...where,
    action: "write",
    reads: [sourceFile],
    writes: outputs,
    bytes: file.bytes.length,
    place,
  });
  return ids.given;
}

/** What `run_name` says in the run's rows: the run's name, unless `filter_value` says otherwise. (`compat`: it does not count.) */
function rowsOf({ compat }: PlanContext, { block }: SectionItem, scope: Scope, runName: string): string {
  const node = block.metadata?.entries.get("filter_value");
  if (compat || node?.kind !== "scalar" || node.value === null) return runName;
  return formatTemplate(scalarText(node.value), variablesOf(scope), { place: node.place });
}
