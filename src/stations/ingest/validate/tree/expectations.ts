import type { Place } from "../../../../core/errors.js";
import { EmporiumError } from "../../../../core/errors.js";
import type { TypeKey } from "../../../../model/kinds.js";
import { memoryStore } from "../../../../stores/memory/store.js";
import type { Store } from "../../../../stores/store.js";
import { type ConfigNode, numberOfNode, scalarText } from "../../config/nodes.js";
import type { Block, IngestConfig, Source } from "../../config/schema.js";
import { findItems } from "../../finders/finder.js";
import { cachedListing } from "../../finders/listing.js";
import type { Ancestor, Scope } from "../../finders/scope.js";
import type { Statement } from "../scale/case.js";
import { nearMiss } from "../scale/compare.js";

/** Expectations of a tree that a configuration states itself; what it takes from sources is not known here. */
export interface Expectations {
  /** Names that all its sources give without looking at sources; undefined where some do. */
  readonly datasets: ReadonlySet<string> | undefined;
  /** Names of runs that it gives literally. */
  runs(dataset: string): Promise<string[]>;
  pixelSpacing(dataset: string, run: string): Promise<Statement[]>;
  voxelSpacing(dataset: string, run: string, spacing: string): Promise<Statement[]>;
}

export async function expectationsOf(config: IngestConfig, target: Store, signal?: AbortSignal): Promise<Expectations> {
  const source = cachedListing(memoryStore({ url: "memory:none" }), signal);
  const listing = cachedListing(target, signal);
  const ancestor = (type: TypeKey, name: string): Ancestor => ({ type, name, path: null, folder: name });
  const depositions = literals(config, "deposition").map((name) => ancestor("deposition", name));
  const scopeOf = (...below: [TypeKey, string][]): Scope => ({
    ancestors: [...depositions.slice(0, 1), ...below.map(([type, name]) => ancestor(type, name))],
    row: undefined,
    mapped: undefined,
  });
  const found = async (one: Source, type: TypeKey, scope: Scope) => {
    const context = { type, source, target: listing, sourcePrefix: config.sourcePrefix, compat: false, signal };
    try {
      return await findItems(one, scope, context);
    } catch (error) {
      // a template that needs a row of the run data map: the source applies, and what it finds is not known
      if (error instanceof EmporiumError && error.code.startsWith("CONFIG_")) return [];
      throw error;
    }
  };
  /** Blocks that concern a scope. */
  const blocksOf = async (type: TypeKey, scope: Scope): Promise<Block[]> => {
    const blocks = [];
    for (const block of sectionOf(config, type)) {
      const applied = await Promise.all(block.sources.map((one) => found(one, type, scope)));
      if (applied.some((items) => items !== undefined)) blocks.push(block);
    }
    return blocks;
  };
  /** The number that all blocks of a scope say, or nothing where they differ or take it from elsewhere. */
  const said = async (type: TypeKey, field: string, scope: Scope): Promise<Statement[]> => {
    const nodes = (await blocksOf(type, scope)).map(({ metadata }) => metadata?.entries.get(field));
    return agreed(nodes, `the configuration (${field} of the ${type === "tiltseries" ? "tilt series" : type})`);
  };
  const namesOf = async (sources: readonly Source[], type: TypeKey, scope: Scope): Promise<string[]> => {
    const items = await Promise.all(sources.map((one) => found(one, type, scope)));
    return items.flatMap((list) => (list ?? []).map(({ name }) => scalarText(name)));
  };
  const datasets = sectionOf(config, "dataset").flatMap(({ sources }) => sources);
  const areKnown =
    datasets.length > 0 && datasets.every(({ finder }) => finder?.kind === "literal" || finder?.kind === "destination_glob");
  return {
    datasets: areKnown ? new Set(await namesOf(datasets, "dataset", scopeOf())) : undefined,
    async runs(dataset) {
      const sources = sectionOf(config, "run").flatMap((block) => block.sources);
      const literal = sources.filter(({ finder }) => finder?.kind === "literal");
      return namesOf(literal, "run", scopeOf(["dataset", dataset]));
    },
    pixelSpacing: (dataset, run) => said("tiltseries", "pixel_spacing", scopeOf(["dataset", dataset], ["run", run])),
    async voxelSpacing(dataset, run, spacing) {
      const scope = scopeOf(["dataset", dataset], ["run", run]);
      const listed = await spacingLiterals(await blocksOf("voxel_spacing", scope));
      const below = { ...scope, ancestors: [...scope.ancestors, ancestor("voxel_spacing", spacing)] };
      const ofTomogram = await said("tomogram", "voxel_spacing", below);
      return [...listedNear(listed, Number(spacing)), ...ofTomogram];
    },
  };
}

function sectionOf(config: IngestConfig, type: TypeKey): readonly Block[] {
  return [...config.sections.values()].find((section) => section.type === type)?.blocks ?? [];
}

function literals(config: IngestConfig, type: TypeKey): string[] {
  return sectionOf(config, type).flatMap(({ sources }) =>
    sources.flatMap(({ finder }) => (finder?.kind === "literal" ? finder.values.map(({ name }) => scalarText(name.value)) : [])),
  );
}

interface Literal {
  readonly angstrom: number | undefined;
  readonly place: Place;
}

async function spacingLiterals(blocks: readonly Block[]): Promise<Literal[]> {
  return blocks.flatMap(({ sources }) =>
    sources.flatMap(({ finder, place }): Literal[] =>
      finder?.kind === "literal"
        ? finder.values.map(({ name }) => ({ angstrom: positive(numberOfNode(name)), place: name.place }))
        : [{ angstrom: undefined, place }],
    ),
  );
}

/** The spacing of a list that is a folder's, or nearly; none where some of the list are not known. */
function listedNear(listed: readonly Literal[], spacing: number): Statement[] {
  if (listed.length === 0 || listed.some(({ angstrom }) => angstrom === undefined)) return [];
  const equal = listed.find(({ angstrom }) => Math.abs(angstrom! - spacing) <= 0.001);
  const near = listed.filter(({ angstrom }) => nearMiss(angstrom!, spacing));
  const one = equal ?? (near.length === 1 ? near[0] : listed.length === 1 ? listed[0] : undefined);
  return one
    ? [{ who: "the configuration (voxel_spacings)", angstrom: one.angstrom!, place: placeIn(one.place), isConfigured: true }]
    : [];
}

function agreed(nodes: readonly (ConfigNode | undefined)[], who: string): Statement[] {
  const numbers = nodes.map((node) => positive(numberOfNode(node)));
  const [first] = numbers;
  if (first === undefined || numbers.some((number) => number !== first)) return [];
  return [{ who, angstrom: first, place: placeIn(nodes[0]!.place), isConfigured: true }];
}

function positive(number: number | undefined): number | undefined {
  return number !== undefined && number > 0 ? number : undefined;
}

function placeIn({ file, line, path }: Place) {
  return { key: file ?? "", line, path };
}
