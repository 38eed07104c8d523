import type { Context, Hono } from "hono";
import { z } from "zod";
import { EmporiumError } from "../../core/errors.js";

/** What `openapi.json` says of a route beside its path. */
export interface RouteFacts {
  readonly path: string;
  readonly summary: string;
  readonly query: z.ZodObject;
}

const FACTS = new WeakMap<Hono, RouteFacts[]>();

/**
 * Adds a route whose parameters are checked, and described in `openapi.json`: one that it does not know, or that is given twice, is refused. Those of the
 * path are taken by `c.req.param`.
 */
export function get<Shape extends z.ZodRawShape>(
  app: Hono,
  path: string,
  { summary, query }: { summary: string; query: z.ZodObject<Shape> },
  answer: (c: Context, query: z.output<z.ZodObject<Shape>>) => Response | Promise<Response>,
): void {
  const known = query.strict();
  app.get(path, (c) => answer(c, parsed(known, c.req.queries())));
  FACTS.set(app, [...routeFacts(app), { path, summary, query }]);
}

function routeFacts(app: Hono): readonly RouteFacts[] {
  return FACTS.get(app) ?? [];
}

/** Parameters of an address. @throws {EmporiumError} USAGE, which names the first wrong one */
function parsed<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape, z.core.$strict>,
  queries: Readonly<Record<string, readonly string[]>>,
): z.output<z.ZodObject<Shape>> {
  const names = Object.keys(schema.shape);
  const fault = (name: string, says: string) =>
    new EmporiumError("USAGE", `parameter ${name.slice(0, 100)}: ${says}`, {
      place: { path: `?${name.slice(0, 100)}` },
      hint: names.length === 0 ? "leave it out: nothing is chosen here" : `possible here: ${names.join(", ")}`,
    });
  const twice = Object.entries(queries).find(([, values]) => values.length > 1);
  if (twice) throw fault(twice[0], `given ${twice[1].length} times, once is possible`);
  const result = schema.safeParse(Object.fromEntries(Object.entries(queries).map(([name, [value]]) => [name, value])));
  if (result.success) return result.data as z.output<z.ZodObject<Shape>>;
  const { issues } = result.error;
  const issue = issues.find(({ code }) => code === "unrecognized_keys") ?? issues[0];
  throw issue!.code === "unrecognized_keys"
    ? fault(issue.keys[0]!, "not known here")
    : fault(issue!.path.join("."), issue!.message);
}

/** Every address below `/api/v1` with its parameters, as OpenAPI 3.1. */
export function openApi(app: Hono, version: string): object {
  const facts = new Map(routeFacts(app).map((one) => [one.path, one]));
  const paths = [...new Set(app.routes.filter(({ method }) => method === "GET").map(({ path }) => path))].sort();
  return {
    openapi: "3.1.0",
    info: { title: "emporium", version, description: "What the pages ask of the server. Everything is only read." },
    servers: [{ url: "." }],
    paths: Object.fromEntries(paths.map((path) => [path.replace(/:(\w+)/g, "{$1}"), { get: operation(path, facts.get(path)) }])),
    components: { schemas: { Error: ERROR } },
  };
}

const ERROR = {
  type: "object",
  required: ["code", "message"],
  properties: {
    code: { type: "string" },
    message: { type: "string" },
    path: { type: "string" },
    byte: { type: "integer" },
    hint: { type: "string" },
  },
};

function operation(path: string, facts: RouteFacts | undefined): object {
  const inPath = [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
  return {
    ...(facts && { summary: facts.summary }),
    parameters: [...inPath, ...(facts ? inQuery(facts.query) : [])],
    responses: {
      200: { description: "the answer" },
      default: {
        description: "an error, as the program prints it",
        content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
      },
    },
  };
}

function inQuery(query: z.ZodObject): object[] {
  const { properties = {}, required = [] } = z.toJSONSchema(query, { io: "input", unrepresentable: "any" });
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: "query",
    required: required.includes(name),
    schema,
  }));
}
