import {
  type DocumentNode,
  executeSync,
  type GraphQLFormattedError,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
} from "graphql";
import type { Selected } from "./selection.js";

/** Whether a field at the root asks about the schema. */
export function isAboutSchema({ name }: Selected): boolean {
  return name === "__schema" || name === "__type";
}

/** What a request asks about the schema, as JSON for each name of the answer. Nothing is read for it. */
export function introspect(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  selected: readonly Selected[],
  variableValues: Readonly<Record<string, unknown>>,
): { texts: Map<string, string>; errors: readonly GraphQLFormattedError[] } {
  const selections = selected.flatMap(({ nodes }) => nodes);
  const fragments = document.definitions.filter(({ kind }) => kind === Kind.FRAGMENT_DEFINITION);
  const alone: OperationDefinitionNode = { ...operation, selectionSet: { kind: Kind.SELECTION_SET, selections } };
  const { data, errors = [] } = executeSync({
    schema,
    document: { kind: Kind.DOCUMENT, definitions: [alone, ...fragments] },
    variableValues,
  });
  const texts = new Map(selected.map(({ key }) => [key, JSON.stringify(data?.[key] ?? null)]));
  return { texts, errors: errors.map((error) => error.toJSON()) };
}
