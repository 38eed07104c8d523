import { EmporiumError } from "../../core/errors.js";
import { LIMITS } from "../../core/limits.js";
import { counted } from "../../core/units.js";

/** Counts of a skeleton file. Lengths are in the file's own unit, which SWC does not name. */
export interface SwcFacts {
  nodes: number;
  /** Nodes without a parent (−1). */
  roots: number;
  tips: number;
  branchPoints: number;
  /** Sum of the distances between nodes and their parents. */
  cableLength: number;
  /** Nodes of each type: 1 soma, 2 axon, 3 and 4 dendrites, others as their makers say. */
  types: Record<string, number>;
  commentLines: number;
  faults: SwcFault[];
  /** Number of all faults; `faults` holds the first ones. */
  faultCount: number;
}

export interface SwcFault {
  /** Line in the file, from 1. */
  line: number;
  message: string;
}

const FAULTS_KEPT = 20;
const COLUMNS = ["id", "type", "x", "y", "z", "radius", "parent"] as const;

/**
 * Reads a neuron's skeleton: a node a line, `id type x y z radius parent`, comments behind `#`. Lists what is unusual: lines
 * other than seven numbers, repeated ids, a parent that is missing or comes later, more or fewer than one root.
 *
 * Spec: R. C. Cannon et al., J. Neurosci. Methods 84 (1998) 49–54;
 * http://www.neuronland.org/NLMorphologyConverter/MorphologyFormats/SWC/Spec.html
 *
 * @param name used in messages.
 * @throws {EmporiumError} FORMAT_UNKNOWN if no line is a node, FORMAT_LIMIT for too many lines.
 * Cost: one pass; some 100 bytes a node.
 */
export function readSwc(text: string, name: string): SwcFacts {
  const facts: SwcFacts = {
    nodes: 0,
    roots: 0,
    tips: 0,
    branchPoints: 0,
    cableLength: 0,
    types: {},
    commentLines: 0,
    faults: [],
    faultCount: 0,
  };
  const fault = (line: number, message: string) => {
    if (facts.faultCount++ < FAULTS_KEPT) facts.faults.push({ line, message });
  };
  const places = new Map<number, number>();
  const points: number[] = [];
  const parents: number[] = [];
  const lines: number[] = [];
  let line = 0;
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf("\n", at);
    const content = text.slice(at, end < 0 ? text.length : end);
    at = end < 0 ? text.length : end + 1;
    line++;
    if (line > LIMITS.globMatches)
      throw new EmporiumError("FORMAT_LIMIT", `${name} has more than ${LIMITS.globMatches} lines`, {
        place: { file: name, line },
      });
    const bare = content
      .replace(/^\uFEFF/, "")
      .replace(/#.*$/s, "")
      .trim();
    if (bare === "") {
      if (content.includes("#")) facts.commentLines++;
      continue;
    }
    const words = bare.split(/\s+/);
    const values = words.map(Number);
    const wrong = values.findIndex((value) => !Number.isFinite(value));
    if (words.length < COLUMNS.length || (wrong >= 0 && wrong < COLUMNS.length)) {
      fault(
        line,
        wrong >= 0 && wrong < COLUMNS.length
          ? `${COLUMNS[wrong]} is ${shown(words[wrong]!)}; expected a number`
          : `expected 7, found ${counted(words.length, "column")}`,
      );
      continue;
    }
    if (words.length > COLUMNS.length) fault(line, `expected 7, found ${counted(words.length, "column")}`);
    const [id, type, x, y, z, , parent] = values as [number, number, number, number, number, number, number];
    if (!Number.isInteger(id) || !Number.isInteger(parent))
      fault(line, `ids are whole numbers, ${shown(words[0]!)} and ${shown(words[6]!)} found`);
    if (places.has(id)) fault(line, `the id ${id} is already used in line ${lines[places.get(id)!]}`);
    else places.set(id, facts.nodes);
    facts.types[String(type)] = (facts.types[String(type)] ?? 0) + 1;
    points.push(x, y, z);
    parents.push(parent);
    lines.push(line);
    facts.nodes++;
  }
  if (facts.nodes === 0) {
    throw new EmporiumError("FORMAT_UNKNOWN", `${name} is not an SWC file: no line has seven numbers`, {
      place: { file: name, line: facts.faults[0]?.line ?? 1 },
    });
  }
  link(facts, { places, points, parents, lines }, fault);
  return facts;
}

interface Nodes {
  /** Place of an id among the nodes; the first where it stands twice. */
  places: ReadonlyMap<number, number>;
  /** x, y, z of each node. */
  points: readonly number[];
  parents: readonly number[];
  lines: readonly number[];
}

function link(facts: SwcFacts, { places, points, parents, lines }: Nodes, fault: (line: number, message: string) => void): void {
  const children = new Uint32Array(facts.nodes);
  for (let node = 0; node < facts.nodes; node++) {
    const parent = parents[node]!;
    if (parent === -1) {
      facts.roots++;
      if (facts.roots > 1) fault(lines[node]!, "another root: one node has the parent -1");
      continue;
    }
    const place = places.get(parent);
    if (place === undefined) {
      fault(lines[node]!, `the parent ${parent} does not exist`);
      continue;
    }
    if (place >= node)
      fault(
        lines[node]!,
        place === node ? `the node ${parent} is its own parent` : `the parent ${parent} comes later, in line ${lines[place]}`,
      );
    children[place]!++;
    const [a, b] = [3 * node, 3 * place];
    facts.cableLength += Math.hypot(points[a]! - points[b]!, points[a + 1]! - points[b + 1]!, points[a + 2]! - points[b + 2]!);
  }
  if (facts.roots === 0) fault(lines[0]!, "no root: one node has the parent -1");
  // children name their parent by its id, so a node that repeats one has none
  for (const place of places.values()) {
    const count = children[place]!;
    if (count === 0) facts.tips++;
    if (count > 1) facts.branchPoints++;
  }
}

function shown(word: string): string {
  return JSON.stringify(word.length > 40 ? `${word.slice(0, 40)}…` : word);
}
