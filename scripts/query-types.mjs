/** Types what pages ask of the catalogue: `web/queries/*.graphql`, each checked against the schema, → `web/queries/generated.ts`. `node
 * scripts/query-types.mjs` after a build; a test compares the two. One operation a file; its name is the file's. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  buildSchema,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  parse,
  stripIgnoredCharacters,
  typeFromAST,
  validate,
} from "graphql";

const folder = fileURLToPath(new URL("../web/queries/", import.meta.url));
export const GENERATED = "web/queries/generated.ts";
const NUMBERS = new Set(["Int", "Float"]);

/** The files, by their names without the ending. */
export function queryFiles() {
  const names = readdirSync(folder).filter((name) => name.endsWith(".graphql"));
  return Object.fromEntries(
    names.sort().map((name) => [name.slice(0, -".graphql".length), readFileSync(join(folder, name), "utf8")]),
  );
}

/** @throws {Error} for a query that the schema does not answer */
export function queryTypes(schema, files) {
  const parts = Object.entries(files).map(([file, text]) => {
    const document = parse(text);
    const faults = validate(schema, document);
    if (faults.length > 0) throw new Error(`web/queries/${file}.graphql: ${faults.map(({ message }) => message).join("; ")}`);
    const [operation, ...others] = document.definitions;
    const name = file.replace(/-(\w)/g, (_, letter) => letter.toUpperCase());
    if (others.length > 0 || operation.kind !== Kind.OPERATION_DEFINITION || operation.name?.value !== name)
      throw new Error(`web/queries/${file}.graphql: one query, called ${name}, was expected`);
    const variables = operation.variableDefinitions.map(({ variable, type }) => {
      const is = typeFromAST(schema, type);
      return `${variable.name.value}${isNonNullType(is) ? "" : "?"}: ${inputText(is)}`;
    });
    const result = `${name[0].toUpperCase()}${name.slice(1)}`;
    return [
      `export interface ${result}Result ${objectText(schema.getQueryType(), operation.selectionSet, "")}`,
      `export const ${name}Query = ${JSON.stringify(stripIgnoredCharacters(text))} as Query<${result}Result, { ${variables.join("; ")} }>;`,
    ].join("\n");
  });
  const head = `// Made by scripts/query-types.mjs from the queries beside it.
// biome-ignore-all format: made
/** The text of a query, with the types of its answer and its variables. */
export type Query<Result, Variables> = string & { readonly answers?: Result; readonly takes?: Variables };
/** A filter or an order, as the catalogue takes them. */
export type Input = Readonly<Record<string, unknown>>;
`;
  return `${head}\n${parts.join("\n\n")}\n`;
}

function objectText(type, { selections }, indent) {
  const fields = selections.map((field) => {
    if (field.kind !== Kind.FIELD) throw new Error("fragments are not typed here: write the fields out");
    const is = field.name.value === "__typename" ? undefined : type.getFields()[field.name.value].type;
    return `${indent}  readonly ${(field.alias ?? field.name).value}: ${is ? outputText(is, field.selectionSet, `${indent}  `) : "string"};`;
  });
  return `{\n${fields.join("\n")}\n${indent}}`;
}

function outputText(type, selection, indent) {
  const bare = getNullableType(type);
  const text = isListType(bare)
    ? `ReadonlyArray<${outputText(bare.ofType, selection, indent)}>`
    : isObjectType(bare)
      ? objectText(bare, selection, indent)
      : scalarText(bare);
  return isNonNullType(type) ? text : `${text} | null`;
}

function inputText(type) {
  const bare = getNullableType(type);
  const text = isListType(bare)
    ? `ReadonlyArray<${inputText(bare.ofType)}>`
    : isInputObjectType(bare)
      ? "Input"
      : scalarText(bare);
  return isNonNullType(type) ? text : `${text} | null`;
}

function scalarText(type) {
  if (isEnumType(type))
    return type
      .getValues()
      .map(({ name }) => JSON.stringify(name))
      .join(" | ");
  if (type.name === "Boolean") return "boolean";
  return NUMBERS.has(type.name) ? "number" : "string";
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { PORTAL_GRAPHQL_SCHEMA } = await import("../dist/catalog/graphql/schema.js");
  // the program carries its own copy of the library, whose schemas this one does not take
  const { printSchema } = await import("../dist/program/packages/graphql.js");
  writeFileSync(
    new URL(`../${GENERATED}`, import.meta.url),
    queryTypes(buildSchema(printSchema(PORTAL_GRAPHQL_SCHEMA)), queryFiles()),
  );
}
