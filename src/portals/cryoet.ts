import { EmporiumError } from "../core/errors.js";
import type { Json, JsonObject } from "../core/json.js";
import { jsonObject } from "../core/json-fields.js";
import { notFound, replyFault } from "./faults.js";
import { at, listOf, objectsOf, textOf } from "./fields.js";
import { distinct } from "./links.js";
import type { Description, Portal, PortalFile, PortalNet, Target } from "./portal.js";

const ENDPOINT = "https://graphql.cryoetdataportal.czscience.com/graphql";
const PAGE = "pageInfo{hasNextPage endCursor}";

/**
 * GraphQL queries for a dataset, a run and a deposition, and the field of the answer with the rows; relations to many come in
 * pages.
 */
const QUERIES: Readonly<Record<string, { query: string; root: string }>> = {
  dataset: {
    root: "datasets",
    query: `query($id:Int!){datasets(where:{id:{_eq:$id}}){id title description organismName s3Prefix httpsPrefix fileSize depositionId authors{edges{node{name primaryAuthorStatus}} ${PAGE}}}}`,
  },
  run: {
    root: "runs",
    query: `query($id:Int!){runs(where:{id:{_eq:$id}}){id name s3Prefix httpsPrefix dataset{id title} tomograms{edges{node{id voxelSpacing sizeX sizeY sizeZ s3MrcFile httpsMrcFile s3OmezarrDir httpsOmezarrDir}} ${PAGE}} tiltseries{edges{node{id s3MrcFile s3OmezarrDir}} ${PAGE}}}}`,
  },
  deposition: {
    root: "datasets",
    query:
      "query($id:Int!){depositions(where:{id:{_eq:$id}}){id title description} datasets(where:{depositionId:{_eq:$id}}){id title description organismName s3Prefix httpsPrefix fileSize depositionId}}",
  },
};

/** The relations that a run or dataset has many of, with the fields of their nodes. */
const RELATIONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  datasets: { authors: "name primaryAuthorStatus" },
  runs: {
    tomograms: "id voxelSpacing sizeX sizeY sizeZ s3MrcFile httpsMrcFile s3OmezarrDir httpsOmezarrDir",
    tiltseries: "id s3MrcFile s3OmezarrDir",
  },
};

/** Prefixes of accessions on the portal's pages: deposition CZCDP-10301, dataset DS-10000, run RN-501. */
const KIND_OF_PREFIX: Readonly<Record<string, string | undefined>> = { CZCDP: "deposition", DS: "dataset", RN: "run" };

/** The CryoET Data Portal, through its GraphQL interface. An emporium server works too. */
export const cryoet: Portal = {
  name: "cryoet",
  title: "CryoET Data Portal",
  hosts: ["graphql.cryoetdataportal.czscience.com", "cryoetdataportal.czscience.com"],
  home: "cryoetdataportal.czscience.com",
  accession: "(?:CZCDP|DS|RN)-\\d",
  recognise({ text, link }) {
    const page =
      link?.host === "cryoetdataportal.czscience.com" ? /^\/(dataset|run|deposition)s\/(\d{1,9})$/.exec(link.path) : null;
    const [, prefix = "", number] = /^(CZCDP|DS|RN)-(\d{1,9})$/i.exec(text) ?? [];
    const kind = page?.[1] ?? KIND_OF_PREFIX[prefix.toUpperCase()];
    const id = page?.[2] ?? number;
    if (kind === undefined || id === undefined) return undefined;
    return { kind, id, url: `https://cryoetdataportal.czscience.com/${kind}s/${id}` };
  },

  async *describe(target, net) {
    const raw = await ask(target, net);
    yield { key: "cryoet", suffix: target.id, raw, links: linksOf(target, raw) } satisfies Description;
  },

  async *list(target, net) {
    for (const url of linksOf(target, await ask(target, net))) {
      const location = url.replace(/^zarr:\/\//, "").replace(/\/+$/, "");
      const path = location.split("/").at(-1) || target.id;
      yield { url, path, kind: url.startsWith("zarr://") || !/\.mrc$/i.test(location) ? "volume" : "file" } satisfies PortalFile;
    }
  },
};

async function ask({ kind, id, url }: Target, net: PortalNet): Promise<JsonObject> {
  const { query, root } = QUERIES[kind]!;
  const data = await post(query, { id: Number(id) }, net);
  const rows = objectsOf(data[root]);
  if (rows.length === 0 && objectsOf(data.depositions).length === 0) throw notFound(url, `there is no ${kind} ${id}`);
  for (const [relation, fields] of Object.entries(kind === "deposition" ? {} : (RELATIONS[root] ?? {}))) {
    for (const row of rows) await completeRelation(row, { root, relation, fields }, net);
  }
  return data;
}

/** Adds the pages after the first to a relation, in the answer itself. */
async function completeRelation(
  row: JsonObject,
  { root, relation, fields }: { root: string; relation: string; fields: string },
  net: PortalNet,
): Promise<void> {
  const first = jsonObject(row[relation]);
  if (!first) return;
  const edges = [...listOf(first.edges)];
  let page = at(first, "pageInfo");
  while (at(page, "hasNextPage") === true) {
    const after = textOf(at(page, "endCursor"));
    const query = `query($id:Int!,$after:String){${root}(where:{id:{_eq:$id}}){${relation}(after:$after){edges{node{${fields}}} ${PAGE}}}}`;
    const data = await post(query, { id: row.id ?? null, after: after ?? null }, net);
    const next = at(objectsOf(data[root])[0], relation);
    const more = listOf(at(next, "edges"));
    if (after === undefined || more.length === 0)
      throw replyFault(ENDPOINT, `the list of ${relation} goes on and says not where`);
    edges.push(...more);
    page = at(next, "pageInfo");
  }
  Object.assign(row, { [relation]: { ...first, edges, ...(page === undefined ? {} : { pageInfo: page }) } });
}

async function post(query: string, variables: Record<string, Json>, net: PortalNet): Promise<JsonObject> {
  const reply = await net.getJson(ENDPOINT, { method: "POST", body: JSON.stringify({ query, variables }) });
  const errors = objectsOf(at(reply, "errors"));
  const data = jsonObject(at(reply, "data"));
  if (errors.length > 0) {
    throw new EmporiumError("PORTAL_REPLY", `${ENDPOINT}: ${textOf(errors[0]!.message) ?? "an error without a message"}`, {
      place: { url: ENDPOINT },
      hint: "look for a newer version of emporium: the portal's interface may have changed",
    });
  }
  if (!data) throw replyFault(ENDPOINT, "expected an answer with data");
  return data;
}

function linksOf({ kind }: Target, data: JsonObject): string[] {
  if (kind !== "run") return distinct(objectsOf(data.datasets).flatMap(({ s3Prefix }) => textOf(s3Prefix) ?? []));
  return distinct(
    objectsOf(data.runs).flatMap((run) =>
      ["tomograms", "tiltseries"].flatMap((relation) =>
        objectsOf(at(run, relation, "edges")).flatMap((edge) => {
          const zarr = textOf(at(edge, "node", "s3OmezarrDir"));
          return zarr === undefined ? (textOf(at(edge, "node", "s3MrcFile")) ?? []) : `zarr://${zarr}`;
        }),
      ),
    ),
  );
}
