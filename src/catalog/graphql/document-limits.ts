import { type DocumentNode, type FragmentDefinitionNode, Kind, type SelectionSetNode } from "graphql";
import { counted } from "../../core/units.js";
import { type QueryLimits, tooMuch } from "./limits.js";

interface Measure {
  /** Levels of fields. */
  readonly depth: number;
  /** Fields with fragments written out. */
  readonly fields: number;
}

const NOTHING: Measure = { depth: 0, fields: 0 };

/**
 * Refuses documents that are small and mean much: deep ones, floods of aliases or directives, fragments that multiply. Runs before
 * validation, some rules of which take time that grows with the square of such numbers.
 *
 * @throws {GraphQLError} with the code `LIMIT`.
 */
export function checkDocument(document: DocumentNode, limits: QueryLimits): void {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of document.definitions) if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  const measured = new Map<string, Measure>();
  let aliases = 0;
  let directives = 0;
  let uses = 0;

  /** A fragment is measured once. One that leads to itself counts as nothing here: validation names it. */
  const fragment = (name: string): Measure => {
    const known = measured.get(name);
    if (known) return known;
    measured.set(name, NOTHING);
    const node = fragments.get(name);
    const measure = node ? selections(node.selectionSet) : NOTHING;
    measured.set(name, measure);
    return measure;
  };

  const selections = (set: SelectionSetNode): Measure => {
    const names = new Set<string>();
    let depth = 0;
    let fields = 0;
    for (const node of set.selections) {
      directives += node.directives?.length ?? 0;
      let inner: Measure;
      if (node.kind === Kind.FIELD) {
        const isSchema = node.name.value === "__schema" || node.name.value === "__type";
        const below = node.selectionSet ? selections(node.selectionSet) : NOTHING;
        inner = { depth: isSchema ? 1 : below.depth + 1, fields: below.fields + 1 };
        const key = node.alias?.value ?? node.name.value;
        if (node.alias || names.has(key)) aliases++;
        names.add(key);
      } else {
        uses++;
        inner = node.kind === Kind.FRAGMENT_SPREAD ? fragment(node.name.value) : selections(node.selectionSet);
      }
      depth = Math.max(depth, inner.depth);
      fields += inner.fields;
    }
    if (fields > limits.fields)
      throw tooMuch(`The query has more than ${counted(limits.fields, "field")}, its fragments written out.`);
    return { depth, fields };
  };

  for (const node of document.definitions) {
    if (!("selectionSet" in node)) continue;
    directives += node.directives?.length ?? 0;
    const { depth } = node.kind === Kind.FRAGMENT_DEFINITION ? fragment(node.name.value) : selections(node.selectionSet);
    if (depth > limits.depth) throw tooMuch(`The query is more than ${counted(limits.depth, "level")} deep.`);
  }
  if (aliases > limits.aliases) throw tooMuch(`The query has more than ${limits.aliases} aliases and repeated fields.`);
  if (uses > limits.fragments) throw tooMuch(`The query uses fragments in more than ${counted(limits.fragments, "place")}.`);
  if (directives > limits.directives) throw tooMuch(`The query has more than ${limits.directives} directives.`);
}
