import { EmporiumError } from "../../../core/errors.js";
import type { Term } from "./registry-answers.js";
import type { RegistryClient, RegistryName } from "./registry-client.js";

/*
 * The requests by which each registry says whether it knows an identifier, and its names. A reply that cannot be parsed is an
 * error: STORE_PROTOCOL.
 */

type Ask = (client: RegistryClient) => Promise<Term>;

const KNOWN: Term = { known: true, names: [] };
const UNKNOWN: Term = { known: false, names: [] };

export const askOrcid =
  (orcid: string): Ask =>
  (client) =>
    exists(client, "orcid", /[0-9X-]{19}$/.exec(orcid)?.[0] ?? orcid);

/** Crossref has its own DOIs only; doi.org redirects for all that exist. */
export const askDoi =
  (doi: string): Ask =>
  async (client) => {
    const path = doi.replace(/^doi:/, "");
    const { status } = await client.ask("crossref", { method: "HEAD", path: `works/${path}` });
    if (status === 200) return KNOWN;
    const resolved = await client.ask("doi", { method: "HEAD", path, stay: true });
    return resolved.status < 400 ? KNOWN : UNKNOWN;
  };

export const askEmpiar =
  (id: string): Ask =>
  (client) =>
    exists(client, "empiar", `entry/${id}/`);

export const askEmdb =
  (id: string): Ask =>
  (client) =>
    exists(client, "emdb", `entry/${id}`);

/** Title, descriptor and keywords of an entry, and what its molecules are called. */
export const askPdb =
  (id: string): Ask =>
  async (client) => {
    const code = id.replace(/^PDB-/, "");
    const entry = await json(client, "pdb", `entry/${code}`);
    if (!entry) return UNKNOWN;
    const names = [
      at(entry, "struct", "title"),
      at(entry, "struct", "pdbx_descriptor"),
      at(entry, "struct_keywords", "pdbx_keywords"),
    ];
    for (const entity of list(at(entry, "rcsb_entry_container_identifiers", "polymer_entity_ids"))) {
      const found = await json(client, "pdb", `polymer_entity/${code}/${String(entity)}`);
      const molecule = at(found, "rcsb_polymer_entity");
      names.push(at(molecule, "pdbx_description"));
      names.push(...list(at(molecule, "rcsb_macromolecular_names_combined")).map((entry) => at(entry, "name")));
      names.push(...list(at(molecule, "rcsb_polymer_name_combined", "names")));
    }
    return { known: true, names: texts(names) };
  };

/** Label and synonyms of a term in the Ontology Lookup Service. */
export const askOntology =
  (id: string): Ask =>
  async (client) => {
    const reply = await json(client, "ols", `terms?iri=${encodeURIComponent(iriOf(id))}`);
    if (!reply) return UNKNOWN;
    const terms = list(at(reply, "_embedded", "terms"));
    return { known: true, names: texts(terms.flatMap((term) => [at(term, "label"), ...list(at(term, "synonyms"))])) };
  };

/** Whether a term is below another one. The service wants the address of the term encoded twice. */
export const askAncestor =
  (id: string, ancestor: string): Ask =>
  async (client) => {
    const term = encodeURIComponent(encodeURIComponent(iriOf(id)));
    const ontology = ancestor.split(":")[0]!.toLowerCase();
    const reply = await json(client, "ols", `ontologies/${ontology}/terms/${term}/ancestors?size=500`);
    const ids = texts(list(at(reply, "_embedded", "terms")).map((entry) => at(entry, "obo_id")));
    return { known: ids.includes(ancestor), names: ids };
  };

export const askUniprot =
  (id: string): Ask =>
  async (client) => {
    const entry = await json(client, "uniprot", `uniprotkb/${id.replace(/^UniProtKB:/, "")}`);
    const description = at(entry, "proteinDescription");
    const all = [
      at(description, "recommendedName"),
      ...list(at(description, "alternativeNames")),
      ...list(at(description, "submissionNames")),
    ];
    const names = texts(all.map((name) => at(name, "fullName", "value")));
    return { known: names.length > 0, names };
  };

const OBO_FILES = { CDPO: "uermel/cdpo/main/cdpo.obo", CL: "obophenotype/cell-ontology/master/cl.obo" };
/** Names by identifier: a file of many megabytes is fetched once. */
const oboNames = new WeakMap<RegistryClient, Map<string, Promise<ReadonlyMap<string, string>>>>();

/** CDPO is in no lookup service, and CL is asked of its own file, whose names are the current ones. */
export const askObo =
  (id: string): Ask =>
  async (client) => {
    const path = OBO_FILES[id.startsWith("CDPO:") ? "CDPO" : "CL"];
    const files = oboNames.get(client) ?? new Map<string, Promise<ReadonlyMap<string, string>>>();
    oboNames.set(client, files);
    const names = files.get(path) ?? fetchObo(client, path);
    files.set(path, names);
    const name = (await names).get(id);
    return name === undefined ? UNKNOWN : { known: true, names: [name] };
  };

async function fetchObo(client: RegistryClient, path: string): Promise<ReadonlyMap<string, string>> {
  const { status, text } = await client.ask("obo", { path });
  if (status >= 400) throw unclear("obo", `answers ${status} for ${path}`);
  return parseObo(text);
}

/** Identifiers and names of the terms of an OBO file. */
export function parseObo(text: string): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  let id: string | undefined;
  let inTerm = false;
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith("[")) [id, inTerm] = [undefined, line.trim() === "[Term]"];
    else if (inTerm && line.startsWith("id: ")) id = line.slice(4).trim();
    else if (inTerm && line.startsWith("name: ") && id !== undefined) names.set(id, line.slice(6).trim());
  }
  return names;
}

export const askWormbase =
  (id: string): Ask =>
  async (client) => {
    const strain = await json(client, "wormbase", `field/strain/${id}/name`);
    if (!strain) return UNKNOWN;
    const others = await json(client, "wormbase", `field/strain/${id}/other_names`);
    return {
      known: true,
      names: texts([at(strain, "name", "data", "label"), ...list(at(others, "other_names", "data"))]),
    };
  };

export const askCellosaurus =
  (id: string): Ask =>
  async (client) => {
    const reply = await json(client, "cellosaurus", `cell-line/${id}?format=json&fld=id&fld=sy`);
    if (!reply) return UNKNOWN;
    const lines = list(at(reply, "Cellosaurus", "cell-line-list"));
    return { known: true, names: texts(lines.flatMap((line) => list(at(line, "name-list")).map((name) => at(name, "value")))) };
  };

const PICTURES = ["image/png", "image/jpeg", "image/jpg", "image/gif"];

/** `names` is empty for a picture, and the type that came instead for something else. */
export const askPhoto =
  (url: string): Ask =>
  async (client) => {
    const { status, contentType } = await client.ask("photos", { method: "HEAD", path: url });
    if (status >= 400) return UNKNOWN;
    const type = contentType.split(";")[0]!.trim().toLowerCase();
    return PICTURES.includes(type) ? KNOWN : { known: false, names: [type || "no type"] };
  };

async function exists(client: RegistryClient, registry: RegistryName, path: string): Promise<Term> {
  const { status } = await client.ask(registry, { method: "HEAD", path });
  return status === 200 ? KNOWN : UNKNOWN;
}

async function json(client: RegistryClient, registry: RegistryName, path: string): Promise<unknown> {
  const { status, text } = await client.ask(registry, { path });
  if (status >= 400) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw unclear(registry, `answers ${path} with something that is not JSON`);
  }
}

function unclear(registry: string, fault: string): EmporiumError {
  return new EmporiumError("STORE_PROTOCOL", `the registry ${registry} ${fault}`);
}

function iriOf(id: string): string {
  const name = id.replace(":", "_");
  return id.startsWith("EFO:") ? `http://www.ebi.ac.uk/efo/${name}` : `http://purl.obolibrary.org/obo/${name}`;
}

function at(value: unknown, ...keys: readonly string[]): unknown {
  return keys.reduce<unknown>((found, key) => (found as Record<string, unknown> | null | undefined)?.[key], value);
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function texts(values: readonly unknown[]): string[] {
  return values.filter((value): value is string => typeof value === "string" && value !== "");
}
