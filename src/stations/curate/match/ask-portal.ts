import { EmporiumError, isEmporiumError } from "../../../core/errors.js";
import { type JsonObject, printJsonLine } from "../../../core/json.js";
import { jsonId, jsonList } from "../../../core/json-fields.js";
import type { PortalNet } from "../../../portals/portal.js";
import { distinctRuns, type PortalRun } from "./portal-run.js";

const PAGE = 2000;
const DATASETS_AT_ONCE = 500;

/**
 * All runs of a CryoET portal, or those of one author's datasets. Requests pages of runs with their datasets. If the server
 * rejects that query, it requests the flat lists that the portal's Python client uses.
 *
 * @throws {EmporiumError} NETWORK, PORTAL_REPLY, CANCELLED, …
 */
export async function askRuns(endpoint: string, author: string | undefined, net: PortalNet): Promise<PortalRun[]> {
  const where = author === undefined ? undefined : `{dataset: {authors: {name: {_eq: ${JSON.stringify(author)}}}}}`;
  try {
    return distinctRuns(await inPages(endpoint, where, net));
  } catch (error) {
    // only an error about the query itself is worth another query
    if (!isEmporiumError(error) || !(error.code === "PORTAL_REPLY" || error.code === "NOT_FOUND")) throw error;
    if (error.code === "NOT_FOUND") throw error;
  }
  return distinctRuns(await inFlatLists(endpoint, where, net));
}

async function inPages(endpoint: string, where: string | undefined, net: PortalNet): Promise<PortalRun[]> {
  const runs: PortalRun[] = [];
  const seen = new Set<string>();
  for (let offset = 0; ; ) {
    const args = [
      ...(where === undefined ? [] : [`where: ${where}`]),
      "orderBy: [{id: asc}]",
      `limitOffset: {limit: ${PAGE}, offset: ${offset}}`,
    ].join(", ");
    const rows = await ask(endpoint, `{ runs(${args}) { id name dataset { id title organismName } } }`, "runs", net);
    const fresh = rows.map(runOf).filter(({ id }) => !seen.has(id));
    for (const run of fresh) seen.add(run.id);
    runs.push(...fresh);
    // a server may give fewer at a time than are asked for; one that ignores the offset repeats itself
    if (fresh.length === 0) return runs;
    offset += rows.length;
  }
}

async function inFlatLists(endpoint: string, where: string | undefined, net: PortalNet): Promise<PortalRun[]> {
  const args = where === undefined ? "" : `(where: ${where})`;
  const rows = await ask(endpoint, `{ runs${args} { id datasetId name } }`, "runs", net);
  const runs = rows.map(runOf);
  const ids = [...new Set(runs.map(({ datasetId }) => datasetId))].filter((id) => /^\d+$/.test(id));
  const datasets = new Map<string, JsonObject>();
  for (let at = 0; at < ids.length; at += DATASETS_AT_ONCE) {
    const some = ids.slice(at, at + DATASETS_AT_ONCE).join(", ");
    const found = await ask(endpoint, `{ datasets(where: {id: {_in: [${some}]}}) { id title organismName } }`, "datasets", net);
    for (const dataset of found) datasets.set(jsonId(dataset.id) ?? "", dataset);
  }
  return runs.map((run) => {
    const dataset = datasets.get(run.datasetId);
    return { ...run, datasetTitle: jsonId(dataset?.title), organism: jsonId(dataset?.organismName) };
  });
}

async function ask(endpoint: string, query: string, root: string, net: PortalNet): Promise<JsonObject[]> {
  const reply = (await net.getJson(endpoint, { method: "POST", body: printJsonLine({ query }) })) as JsonObject | null;
  const [error] = jsonList(reply?.errors);
  const data = reply?.data as JsonObject | null | undefined;
  const rows = data?.[root];
  if (error === undefined && Array.isArray(rows)) return rows as JsonObject[];
  const said = jsonId((error as JsonObject | undefined)?.message) ?? "an answer without runs";
  throw new EmporiumError("PORTAL_REPLY", `${endpoint}: ${said}`, {
    place: { url: endpoint },
    hint: "give --runs a file of runs instead: JSON, CSV or a list of names",
  });
}

function runOf(row: JsonObject): PortalRun {
  const dataset = (row.dataset ?? {}) as JsonObject;
  const name = jsonId(row.name);
  const id = jsonId(row.id);
  if (name === undefined || id === undefined)
    throw new EmporiumError("PORTAL_REPLY", "a run without a name or id in the portal's answer");
  return {
    name,
    id,
    datasetId: jsonId(dataset.id) ?? jsonId(row.datasetId) ?? "",
    datasetTitle: jsonId(dataset.title),
    organism: jsonId(dataset.organismName),
  };
}
