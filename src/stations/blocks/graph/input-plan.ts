import type { GraphDocument } from "./document.js";
import { type ExternalSettings, settingsOf } from "./external/fields.js";
import { modulesOf } from "./map.js";

/** Inputs of a graph as its document names them, and the programs and modules of its nodes on this machine. Plain JSON. */
export type GraphInputs = {
  /** Locations of the inputs, by name. */
  readonly locations: Readonly<Record<string, string>>;
  /** The level that is read of each. */
  readonly levels: Readonly<Record<string, number>>;
  /** Positions along axes beside z, y and x, of inputs that are cut there. */
  readonly selected: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Settings of the nodes' programs, by the name of the node. */
  readonly programs: Readonly<Record<string, ExternalSettings>>;
  /** Absolute paths of the nodes' modules on this machine, by the name of the node. */
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

/** Positions along axes beside z, y and x at which the graph cuts an input; undefined where it gives none. */
function selectionOf({ inputs }: GraphDocument, name: string): Readonly<Record<string, number>> | undefined {
  const given = inputs[name]!;
  return typeof given === "string" ? undefined : given.select;
}
