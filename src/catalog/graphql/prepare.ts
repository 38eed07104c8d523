import {
  type DocumentNode,
  type FragmentDefinitionNode,
  GraphQLError,
  type GraphQLFormattedError,
  getOperationAST,
  getVariableValues,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  parse,
  validate,
} from "graphql";
import type { Addressing } from "./address-sql.js";
import { checkDocument } from "./document-limits.js";
import { introspect, isAboutSchema } from "./introspection.js";
import type { QueryLimits } from "./limits.js";
import { type PlanContext, planRequest, type RootField } from "./plan.js";
import { PORTAL_GRAPHQL_SCHEMA } from "./schema.js";
import { collectFields, type Selected } from "./selection.js";
import { type Statement, statementOf } from "./statement.js";
import { checkText, checkVariables } from "./text-limits.js";

/** A request as it comes over HTTP, its types not checked yet. */
export interface GraphqlRequest {
  readonly query?: unknown;
  readonly variables?: unknown;
  readonly operationName?: unknown;
}

/** A request that may be asked. */
export interface Prepared {
  /** None where nothing is read: a question about the schema. */
  readonly statement: Statement | undefined;
  /** The same statement for a server that answers with addresses of its own. */
  readonly addressed: (addressing: Addressing) => Statement | undefined;
  /** In the order of the answer. */
  readonly fields: readonly RootField[];
  readonly errors: readonly GraphQLFormattedError[];
}

/** A request that may not, and what its sender is told. */
export class RefusedRequest extends Error {
  constructor(readonly errors: readonly GraphQLError[]) {
    super(errors[0]?.message);
  }
}

/** Errors of one request that are listed: a text of nonsense has thousands. */
const ERRORS_MAX = 20;

/**
 * Everything that is done with a request before the database hears of it: limits, syntax, validation, values, plan, statement.
 *
 * @throws {RefusedRequest}
 */
export function prepareRequest(request: GraphqlRequest, limits: QueryLimits): Prepared {
  try {
    const { query, variables } = request;
    if (typeof query !== "string" || query.trim() === "") throw new GraphQLError("Must provide query string.");
    checkVariables(variables, checkText(query, limits), limits);
    const document = parse(query, { noLocation: false });
    checkDocument(document, limits);
    const invalid = validate(PORTAL_GRAPHQL_SCHEMA, document, undefined, { maxErrors: ERRORS_MAX });
    if (invalid.length > 0) throw new RefusedRequest(invalid);
    const operation = operationOf(document, request.operationName);
    return prepareOperation(document, operation, (variables ?? {}) as Record<string, unknown>, limits);
  } catch (error) {
    if (error instanceof GraphQLError) throw new RefusedRequest([error]);
    throw error;
  }
}

function operationOf(document: DocumentNode, name: unknown): OperationDefinitionNode {
  if (name !== undefined && name !== null && typeof name !== "string") throw new GraphQLError("operationName must be a text.");
  const operation = getOperationAST(document, name || undefined);
  if (!operation) {
    throw new GraphQLError(
      name ? `Unknown operation named "${name}".` : "Must provide operation name if query contains multiple operations.",
    );
  }
  if (operation.operation !== OperationTypeNode.QUERY) {
    throw new GraphQLError(`Schema is not configured to execute ${operation.operation} operation.`, { nodes: operation });
  }
  return operation;
}

function prepareOperation(
  document: DocumentNode,
  operation: OperationDefinitionNode,
  given: Record<string, unknown>,
  limits: QueryLimits,
): Prepared {
  const schema = PORTAL_GRAPHQL_SCHEMA;
  const coerced = getVariableValues(schema, operation.variableDefinitions ?? [], given, { maxErrors: ERRORS_MAX });
  if (coerced.errors) throw new RefusedRequest(coerced.errors);
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of document.definitions) if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  const context: PlanContext = { schema, fragments, variables: coerced.coerced, limits };
  const selected = collectFields(context, schema.getQueryType()!, [operation.selectionSet]);
  const about = selected.filter(isAboutSchema);
  const { texts, errors } =
    about.length > 0
      ? introspect(schema, document, operation, about, coerced.coerced)
      : { texts: new Map<string, string>(), errors: [] };
  const plan = planRequest(
    context,
    selected.filter((field) => !isAboutSchema(field)),
  );
  const statement = (addressing?: Addressing) =>
    plan.queries.length > 0 ? statementOf(plan.queries, limits.relations, addressing) : undefined;
  return {
    statement: statement(),
    addressed: statement,
    fields: inOrder(selected, plan.fields, texts),
    errors,
  };
}

/** Planned fields and answers about the schema, in the order of the request. */
function inOrder(selected: readonly Selected[], planned: readonly RootField[], texts: ReadonlyMap<string, string>): RootField[] {
  const byName = new Map(planned.map((field) => [field.name, field]));
  return selected.map(({ key: name }) => byName.get(name) ?? { name, kind: "constant", text: texts.get(name)! });
}
