import {
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLIncludeDirective,
  type GraphQLObjectType,
  type GraphQLSchema,
  GraphQLSkipDirective,
  getArgumentValues,
  getDirectiveValues,
  isAbstractType,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
} from "graphql";

/** A selected field of one type: its places in the request under one name of the answer, which validation has found to agree. */
export interface Selected {
  /** Name in the answer. */
  readonly key: string;
  /** Name in the schema. */
  readonly name: string;
  readonly nodes: readonly FieldNode[];
}

/** The parts of a request that its selections refer to. */
export interface SelectionContext {
  readonly schema: GraphQLSchema;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly variables: Readonly<Record<string, unknown>>;
}

/**
 * The fields selected from an object, in the order of the answer, with fragments expanded and `@skip` and `@include` applied.
 *
 * Source: `CollectFields` of the GraphQL specification.
 */
export function collectFields(
  context: SelectionContext,
  type: GraphQLObjectType,
  sets: readonly (SelectionSetNode | undefined)[],
): Selected[] {
  const found = new Map<string, FieldNode[]>();
  const visited = new Set<string>();
  const visit = (set: SelectionSetNode): void => {
    for (const node of set.selections) {
      if (!isIncluded(context, node)) continue;
      if (node.kind === Kind.FIELD) {
        const key = node.alias?.value ?? node.name.value;
        const nodes = found.get(key);
        if (nodes) nodes.push(node);
        else found.set(key, [node]);
      } else if (node.kind === Kind.INLINE_FRAGMENT) {
        if (fits(context, node.typeCondition?.name.value, type)) visit(node.selectionSet);
      } else {
        if (visited.has(node.name.value)) continue;
        visited.add(node.name.value);
        const fragment = context.fragments.get(node.name.value);
        if (fragment && fits(context, fragment.typeCondition.name.value, type)) visit(fragment.selectionSet);
      }
    }
  };
  for (const set of sets) if (set) visit(set);
  return [...found].map(([key, nodes]) => ({ key, name: nodes[0]!.name.value, nodes }));
}

/** The fields below a field. */
export function collectBelow(context: SelectionContext, type: GraphQLObjectType, { nodes }: Selected): Selected[] {
  return collectFields(
    context,
    type,
    nodes.map(({ selectionSet }) => selectionSet),
  );
}

/** A field's arguments in their types, with defaults. */
export function argumentsOf(
  context: SelectionContext,
  type: GraphQLObjectType,
  { name, nodes }: Selected,
): Record<string, unknown> {
  return getArgumentValues(type.getFields()[name]!, nodes[0]!, context.variables);
}

function isIncluded({ variables }: SelectionContext, node: SelectionNode): boolean {
  if (!node.directives?.length) return true;
  if (getDirectiveValues(GraphQLSkipDirective, node, variables)?.if === true) return false;
  return getDirectiveValues(GraphQLIncludeDirective, node, variables)?.if !== false;
}

function fits({ schema }: SelectionContext, condition: string | undefined, type: GraphQLObjectType): boolean {
  if (condition === undefined || condition === type.name) return true;
  const wanted = schema.getType(condition);
  return isAbstractType(wanted) && schema.isSubType(wanted, type);
}
