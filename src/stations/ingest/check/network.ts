import { asEmporiumError, type ErrorRecord } from "../../../core/errors.js";
import { toNumber } from "../../../core/number.js";
import { type FormName, hasForm } from "../../../model/identifier-forms.js";
import { type ConfigNode, type MapNode, placeOfValue, type ScalarNode } from "../config/nodes.js";
import type { Exclusions } from "./exclusions.js";
import { blocksOf, entryAt, itemsOf, mapAt, scalarAt, textOf } from "./look.js";
import {
  askAncestor,
  askCellosaurus,
  askDoi,
  askEmdb,
  askEmpiar,
  askObo,
  askOntology,
  askOrcid,
  askPdb,
  askPhoto,
  askUniprot,
  askWormbase,
} from "./registries.js";
import type { Answers, Term } from "./registry-answers.js";
import type { RegistryClient } from "./registry-client.js";
import type { RuleFindings } from "./rules.js";

/** Cellular components are what lies below this term. */
const CELLULAR_COMPONENT = "GO:0005575";

/** An identifier of a configuration that a registry can be asked about. */
interface Subject {
  readonly node: ConfigNode;
  readonly shown: string;
  readonly question: string;
  readonly ask: (client: RegistryClient) => Promise<Term>;
  /** The name that stands beside it, and how it has to agree. */
  readonly name?: { node: ScalarNode; text: string; agrees: (written: string, known: string) => boolean } | undefined;
  readonly ancestor?: string | undefined;
  /** The configuration itself says where it is asked for. */
  readonly isAddress?: boolean | undefined;
}

export interface Registries {
  readonly client: RegistryClient;
  readonly answers: Answers;
}

/**
 * Asks public registries about every well-formed identifier of a configuration. An unknown identifier is an error; a registry
 * that does not answer is a warning.
 */
export async function checkRegistries(
  root: MapNode,
  exclusions: Exclusions,
  { client, answers }: Registries,
  findings: RuleFindings,
): Promise<void> {
  const silent = new Map<string, string>();
  await Promise.all(
    subjectsOf(root, exclusions).map(async (subject) => {
      try {
        const fault = await judge(subject, client, answers);
        if (fault) findings.fault(fault);
      } catch (thrown) {
        const error = asEmporiumError(thrown);
        if (error.code === "CANCELLED") throw error;
        if (error.code === "ADDRESS_REFUSED" && subject.isAddress) {
          // ingest run refuses it, too
          const { code, message, facts } = error;
          findings.fault({
            code,
            message,
            ...placeOfValue(subject.node),
            ...(facts.hint === undefined ? {} : { hint: facts.hint }),
          });
          return;
        }
        if (!silent.has(subject.question)) {
          silent.set(subject.question, error.message);
          findings.warning({
            code: error.code,
            message: `${subject.shown} could not be looked up: ${error.message}`,
            ...placeOfValue(subject.node),
            hint: "check the connection, or ask again later",
          });
        }
      }
    }),
  );
}

async function judge(subject: Subject, client: RegistryClient, answers: Answers): Promise<ErrorRecord | undefined> {
  const { node, shown, question, name, ancestor } = subject;
  const fault = (at: ConfigNode, message: string, hint: string): ErrorRecord => ({
    code: "CONFIG_REGISTRY",
    message,
    ...placeOfValue(at),
    hint,
  });
  const term = await answers.get(question, () => subject.ask(client));
  if (!term.known) {
    const instead = term.names.length > 0 ? `, found ${term.names.join(", ")}` : "";
    return fault(node, `${shown} is not known to its registry${instead}`, "check the identifier, letter by letter");
  }
  if (!name) return undefined;
  if (term.names.length > 0 && !term.names.some((known) => name.agrees(name.text, known))) {
    const known = term.names.slice(0, 8).join("; ");
    return fault(
      name.node,
      `${shown} is not named ${JSON.stringify(name.text)}, its names are ${known}`,
      "use one of its names, or another identifier",
    );
  }
  if (ancestor === undefined) return undefined;
  const below = await answers.get(`ancestor ${ancestor} of ${shown}`, () => askAncestor(shown, ancestor)(client));
  if (below.known) return undefined;
  return fault(node, `${shown} is not below ${ancestor}`, "use a term for a cellular component");
}

function subjectsOf(root: MapNode, exclusions: Exclusions): Subject[] {
  const metadata = (section: string) => blocksOf(root, section).flatMap((block) => mapAt(block, "metadata") ?? []);
  const datasets = metadata("datasets");
  const annotations = metadata("annotations");
  const described = [...metadata("depositions"), ...datasets, ...metadata("tomograms"), ...annotations];
  const subjects: (Subject | undefined)[] = [
    ...described.flatMap((block) => itemsOf(block, "authors").map((author) => simple(author, "ORCID", "orcid", askOrcid))),
    ...described.flatMap((block) => references(block)),
    ...metadata("tiltseries").map((block) => simple(block, "related_empiar_entry", "empiar", askEmpiar)),
    ...datasets.flatMap((dataset) => sample(dataset, exclusions)),
    ...annotations.map((block) => annotated(mapAt(block, "annotation_object"), exclusions)),
    ...["dataset_keyphotos", "deposition_keyphotos"].flatMap((section) => photos(root, section)),
  ];
  return subjects.filter((subject) => subject !== undefined);
}

function simple(map: ConfigNode, key: string, form: FormName, ask: (id: string) => Subject["ask"]): Subject | undefined {
  const node = entryAt(map, key);
  const id = node && textOf(node);
  if (!node || id === undefined || !hasForm(id, form)) return undefined;
  return { node, shown: id, question: `${form} ${id}`, ask: ask(id) };
}

const LISTED: readonly [FormName, (id: string) => Subject["ask"]][] = [
  ["doi", askDoi],
  ["empiar", askEmpiar],
  ["emdb", askEmdb],
  ["pdb", askPdb],
];

/** Entries of the lists that separate by commas. */
function references(block: MapNode): Subject[] {
  const cross = mapAt(block, "cross_references");
  const nodes = [
    entryAt(cross, "publications"),
    entryAt(cross, "related_database_entries"),
    entryAt(block, "annotation_publications"),
  ];
  return nodes.flatMap((node) =>
    ((node && textOf(node)) ?? "").split(",").flatMap((entry) => {
      const id = entry.trim();
      const found = LISTED.find(([form]) => hasForm(id, form));
      return found ? [{ node: node!, shown: id, question: `${found[0]} ${id}`, ask: found[1](id) }] : [];
    }),
  );
}

function sample(dataset: MapNode, exclusions: Exclusions): (Subject | undefined)[] {
  const of = (key: string) => mapAt(dataset, key);
  const plain = (key: string, className: string) => named(of(key), className, exclusions, { from: "ols", ask: askOntology });
  const strain = of("cell_strain");
  const strainId = scalarAt(strain, "id");
  const organism = of("organism");
  const taxon = entryAt(organism, "taxonomy_id");
  const number = toNumber(scalarAt(organism, "taxonomy_id"));
  const species =
    taxon && number !== undefined && !exclusions.has("OrganismDetails", "taxonomy_id", String(number))
      ? {
          node: taxon,
          shown: `NCBITaxon:${number}`,
          question: `ols NCBITaxon:${number}`,
          ask: askOntology(`NCBITaxon:${number}`),
        }
      : undefined;
  return [
    named(of("cell_component"), "CellComponent", exclusions, { from: "ols", ask: askOntology, ancestor: CELLULAR_COMPONENT }),
    // no registry has the CC- numbers
    typeof strainId === "string" && !strainId.startsWith("CC-")
      ? named(strain, "CellStrain", exclusions, strainRegistry(strainId))
      : undefined,
    plain("cell_type", "CellType"),
    plain("tissue", "TissueDetails"),
    plain("assay", "Assay"),
    plain("disease", "Disease"),
    scalarAt(of("development_stage"), "id") === "unknown" ? undefined : plain("development_stage", "DevelopmentStageDetails"),
    species,
  ];
}

function strainRegistry(id: string): NamedOptions {
  if (id.startsWith("CVCL_")) return { from: "cellosaurus", ask: askCellosaurus };
  return id.startsWith("WBStrain") ? { from: "wormbase", ask: askWormbase } : { from: "ols", ask: askOntology };
}

function annotated(object: MapNode | undefined, exclusions: Exclusions): Subject | undefined {
  const id = scalarAt(object, "id");
  if (typeof id !== "string") return undefined;
  const registries: readonly [FormName, NamedOptions][] = [
    ["go", { from: "ols", ask: askOntology, ancestor: CELLULAR_COMPONENT }],
    ["uniprot", { from: "uniprot", ask: askUniprot }],
    ["cdpo", { from: "obo", ask: askObo }],
    ["cl", { from: "obo", ask: askObo }],
    ["uberon", { from: "ols", ask: askOntology }],
    ["chebi", { from: "ols", ask: askOntology }],
    ["pdb", { from: "pdb names", ask: askPdb, agrees: overlaps }],
  ];
  const found = registries.find(([form]) => hasForm(id, form));
  return found && named(object, "AnnotationObject", exclusions, found[1]);
}

interface NamedOptions {
  /** The registry, as kept answers name it. */
  from: string;
  ask: (id: string) => Subject["ask"];
  agrees?: (written: string, known: string) => boolean;
  ancestor?: string;
}

function named(
  map: MapNode | undefined,
  className: string,
  exclusions: Exclusions,
  { from, ask, agrees = (written, known) => written === known, ancestor }: NamedOptions,
): Subject | undefined {
  const node = entryAt(map, "id");
  const id = (node && textOf(node))?.trim();
  if (!node || !id || exclusions.has(className, "id", id)) return undefined;
  const label = entryAt(map, "name");
  const text = (label && textOf(label))?.trim();
  const nameCounts = text !== undefined && !exclusions.has(className, "name", text);
  const name = nameCounts ? { node: label as ScalarNode, text, agrees } : undefined;
  return { node, shown: id, question: `${from} ${id}`, ask: ask(id), name, ancestor: name && ancestor };
}

/** Names of structures are long, those of curators short: one has to be within the other, whatever the case and punctuation. */
function overlaps(written: string, known: string): boolean {
  const [a, b] = [written, known].map((text) => text.toLowerCase().replace(/[^a-z0-9]+/g, "")) as [string, string];
  return a !== "" && b !== "" && (a.includes(b) || b.includes(a));
}

function photos(root: MapNode, section: string): Subject[] {
  return blocksOf(root, section).flatMap((block) =>
    itemsOf(block, "sources").flatMap((source) => {
      const value = mapAt(mapAt(source, "literal"), "value");
      return ["snapshot", "thumbnail"].flatMap((key) => {
        const node = entryAt(value, key);
        const url = node && textOf(node);
        if (!node || url === undefined || !/^https?:\/\//.test(url) || !URL.canParse(url)) return [];
        return [{ node, shown: url, question: `photo ${url}`, ask: askPhoto(url), isAddress: true }];
      });
    }),
  );
}
