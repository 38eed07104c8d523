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

/**
 * Answers the questions about the schema in a request, as JSON by the names of the answer. Nothing is read from the database for
 * it.
 */
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
