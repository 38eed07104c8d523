import type { GraphDocument } from "./document.js";
import { type ExternalSettings, settingsOf } from "./external/fields.js";
import { modulesOf } from "./map.js";

/** What a graph says of its inputs, and what its nodes need of this machine. Plain JSON. */
export type GraphInputs = {
  /** By their names. */
  readonly locations: Readonly<Record<string, string>>;
  /** The level that is read of each. */
  readonly levels: Readonly<Record<string, number>>;
  /** Positions along axes beside z, y and x, of inputs that are cut there. */
  readonly selected: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** How the programs of nodes are run. */
  readonly programs: Readonly<Record<string, ExternalSettings>>;
  /** Where the modules of nodes are on this machine. */
  readonly modules: Readonly<Record<string, string>>;
};

export function planInputs(document: GraphDocument): GraphInputs {
  const { inputs, nodes } = document;
  const from = (given: GraphDocument["inputs"][string]) => (typeof given === "string" ? given : given.from);
  const locations = Object.fromEntries(Object.entries(inputs).map(([name, given]) => [name, from(given)]));
  const levels = Object.fromEntries(Object.keys(inputs).map((name) => [name, levelOf(document, name)]));
  const selected = Object.fromEntries(
    Object.keys(inputs).flatMap((name) => {
      const select = selectionOf(document, name);
      return select ? [[name, select]] : [];
    }),
  );
  return { locations, levels, selected, programs: settingsOf(nodes), modules: modulesOf(nodes) };
}

/** Which level of an input is read. */
function levelOf({ inputs, grid }: GraphDocument, name: string): number {
  const given = inputs[name]!;
  const own = typeof given === "string" ? undefined : given.level;
  return own ?? (grid.of === name ? grid.level : undefined) ?? 0;
}

/** Where an input is cut along axes beside z, y and x, as the graph says it. */
function selectionOf({ inputs }: GraphDocument, name: string): Readonly<Record<string, number>> | undefined {
  const given = inputs[name]!;
  return typeof given === "string" ? undefined : given.select;
}
