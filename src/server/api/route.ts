import type { Context, Hono } from "hono";
import { z } from "zod";
import { EmporiumError } from "../../core/errors.js";
import { counted } from "../../core/units.js";
import type { TokenScope } from "../../model/page-api.js";
import type { Holder } from "../tokens.js";

type Method = "get" | "post" | "put";

/** The description of a route in `openapi.json`. */
export interface RouteFacts {
  readonly method: Method;
  readonly path: string;
  readonly summary: string;
  readonly query: z.ZodObject;
  /** Schema of the request body; absent for routes that only read. */
  readonly body?: z.ZodType | undefined;
  readonly scope?: TokenScope | undefined;
}

const FACTS = new WeakMap<Hono, RouteFacts[]>();

/**
 * Adds a route whose parameters are checked, and described in `openapi.json`. An unknown parameter, or one given twice, is
 * refused. Parameters of the path are read with `c.req.param`.
 */
export function get<Shape extends z.ZodRawShape>(
  app: Hono,
  path: string,
  { summary, query }: { summary: string; query: z.ZodObject<Shape> },
  answer: (c: Context, query: z.output<z.ZodObject<Shape>>) => Response | Promise<Response>,
): void {
  const known = query.strict();
  app.get(path, (c) => answer(c, parsed(known, c.req.queries())));
  FACTS.set(app, [...routeFacts(app), { method: "get", path, summary, query }]);
}

interface Changing<Shape extends z.ZodRawShape, Body extends z.ZodType> {
  readonly summary: string;
  readonly query: z.ZodObject<Shape>;
  /** Schema of the JSON body. It should refuse unknown keys: `z.strictObject`. */
  readonly body: Body;
  /** Scope that the request's token needs. */
  readonly scope: TokenScope;
}
type ChangingAnswer<Shape extends z.ZodRawShape, Body extends z.ZodType> = (
  c: Context,
  query: z.output<z.ZodObject<Shape>>,
  body: z.output<Body>,
  holder: Holder,
) => Response | Promise<Response>;

/**
 * As `get`, for a route that changes something: the client has a token with the scope. Without `--write` no request comes as far
 * as here.
 */
export const post = changing("post");
/** As `post`, for giving something named a value: the same request twice changes it once. */
export const put = changing("put");

function changing(method: "post" | "put") {
  return <Shape extends z.ZodRawShape, Body extends z.ZodType>(
    app: Hono,
    path: string,
    { summary, query, body, scope }: Changing<Shape, Body>,
    answer: ChangingAnswer<Shape, Body>,
  ): void => {
    const known = query.strict();
    app[method](path, async (c) => {
      const { name, scopes } = holderOf(c);
      if (!scopes.has(scope)) {
        throw new EmporiumError(
          "TOKEN_SCOPE",
          `the request needs a token with the scope ${scope}; this token has ${[...scopes].join(", ")}`,
          {
            hint: "ask whoever runs the server for the scope, which is set in its --token-file",
          },
        );
      }
      const given = parsed(known, c.req.queries());
      return answer(c, given, bodyOf(body, await c.req.text(), c.req.header("content-type")), { name, scopes });
    });
    FACTS.set(app, [...routeFacts(app), { method, path, summary, query, body, scope }]);
  };
}

const HOLDER = "holder";

/** Notes the holder of the request's token for the route that answers. */
export function setHolder(c: Context, holder: Holder): void {
  c.set(HOLDER, holder);
}

function holderOf(c: Context): Holder {
  const holder = c.get(HOLDER) as Holder | undefined;
  if (!holder) throw new EmporiumError("TOKEN_REFUSED", "the request was not authenticated");
  return holder;
}

/** @throws {EmporiumError} USAGE, which names the first wrong field */
function bodyOf<Body extends z.ZodType>(schema: Body, text: string, type = ""): z.output<Body> {
  const fault = (says: string, path?: string) =>
    new EmporiumError("USAGE", says, { place: { path }, hint: "see openapi.json for the parameters" });
  if (!/^application\/json\s*(?:;|$)/i.test(type)) throw fault("expected a body of the type application/json");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw fault("the body is not JSON");
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw fault(`${issue!.path.join(".") || "the body"}: ${issue!.message}`.slice(0, 300), issue!.path.join("."));
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
      hint: names.length === 0 ? "leave it out: this request takes no parameters" : `use one of ${names.join(", ")}`,
    });
  const twice = Object.entries(queries).find(([, values]) => values.length > 1);
  if (twice) throw fault(twice[0], `given ${counted(twice[1].length, "time")}; give it once`);
  const result = schema.safeParse(Object.fromEntries(Object.entries(queries).map(([name, [value]]) => [name, value])));
  if (result.success) return result.data as z.output<z.ZodObject<Shape>>;
  const { issues } = result.error;
  const issue = issues.find(({ code }) => code === "unrecognized_keys") ?? issues[0];
  throw issue!.code === "unrecognized_keys"
    ? fault(issue.keys[0]!, "unknown parameter")
    : fault(issue!.path.join("."), issue!.message);
}

/**
 * All addresses below `/api/v1` with their parameters, as OpenAPI 3.1; those that change something only where the server
 * `writes`.
 */
export function openApi(app: Hono, version: string, { writes }: { writes: boolean }): object {
  const facts = new Map(routeFacts(app).map((one) => [`${one.method} ${one.path}`, one]));
  const routes = app.routes.filter(({ method }) => method === "GET" || (writes && /^(?:POST|PUT)$/.test(method)));
  const paths = [...new Set(routes.map(({ path }) => path))].sort();
  const operations = (path: string) =>
    [...new Set(routes.filter((one) => one.path === path).map(({ method }) => method.toLowerCase()))].map((method) => [
      method,
      operation(path, facts.get(`${method} ${path}`)),
    ]);
  const description = `What the pages ask of the server. ${writes ? "Without a token everything is only read." : "Everything is only read."}`;
  return {
    openapi: "3.1.0",
    info: { title: "emporium", version, description },
    servers: [{ url: "." }],
    paths: Object.fromEntries(paths.map((path) => [path.replace(/:(\w+)/g, "{$1}"), Object.fromEntries(operations(path))])),
    components: { schemas: { Error: ERROR }, ...(writes && { securitySchemes: { token: { type: "http", scheme: "bearer" } } }) },
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

const SHOWN = { io: "input", unrepresentable: "any" } as const;

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
    ...(facts?.body && {
      requestBody: { required: true, content: { "application/json": { schema: z.toJSONSchema(facts.body, SHOWN) } } },
      security: [{ token: [] }],
      "x-scope": facts.scope,
    }),
    responses: {
      200: { description: "the answer" },
      ...(facts?.body && {
        401: { description: "no token, or one that is wrong or has expired" },
        403: { description: `a token without the scope ${facts.scope}, or the page of another origin` },
      }),
      default: {
        description: "an error, as the program prints it",
        content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
      },
    },
  };
}

function inQuery(query: z.ZodObject): object[] {
  const { properties = {}, required = [] } = z.toJSONSchema(query, SHOWN);
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: "query",
    required: required.includes(name),
    schema,
  }));
}
