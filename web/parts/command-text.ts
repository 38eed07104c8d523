import { quoteWord } from "../../src/core/shell.js";
import { count } from "./format.js";
import { literal, pythonOf } from "./python-text.js";

/** What a page does or asks, for other programs to do or ask. */
export interface PageCommand {
  /** Line of emporium for a terminal. */
  readonly line?: string | undefined;
  /** Or the address of a volume, relative to the base, which emporium inspects. */
  readonly inspects?: string | undefined;
  /** Address below `api/v1/` that answers what the page shows. */
  readonly ask?: string | undefined;
  readonly catalogue?: CatalogueQuestion | undefined;
  /** Reference of a volume, which is also served as Zarr. */
  readonly volume?: string | undefined;
}

/** A question to the catalogue: for one entity by its number, or for those that a filter selects. */
export interface CatalogueQuestion {
  readonly of: "datasets" | "runs" | "annotations" | "depositions";
  readonly query: string;
  readonly variables: { readonly id?: number; readonly where?: object; readonly limit?: number } & object;
  /** Rows that there are, of which the question asks for the first `limit`. */
  readonly rows?: number;
}

/** A text to paste, with the name of the program that takes it. */
export interface CommandWay {
  readonly name: "Terminal" | "curl" | "Python";
  /** What it does or needs beyond the text. */
  readonly says: string;
  readonly text: string;
}

/** Name of the variable from which a text takes what the server knows its reader by: a page writes no token into a text that one passes on. */
const TOKEN = "EMPORIUM_TOKEN";

/** The server of a page. */
export interface Asked {
  /** Address of its pages, with a slash at its end. */
  readonly base: URL;
  /** It knows who reads the page, and may answer others less: texts then send a token. */
  readonly isKnown: boolean;
}

/** Texts that do, or answer, what a page shows: by emporium, by curl and by Python, as far as there are such. */
export function waysOf({ line, inspects, ask, catalogue, volume }: PageCommand, server: Asked): readonly CommandWay[] {
  const { base, isKnown } = server;
  const token = isKnown ? ` It sends your token, from the variable ${TOKEN}.` : "";
  const ways: CommandWay[] = [];
  if (line !== undefined) ways.push({ name: "Terminal", says: "In a terminal, with emporium.", text: line });
  if (inspects !== undefined)
    ways.push({
      name: "Terminal",
      says: `In a terminal, with emporium.${token}`,
      text: inspectText(new URL(inspects, base), isKnown),
    });
  if (catalogue) {
    const found = foundText(catalogue, server);
    const { rows = 1, variables } = catalogue;
    const part = rows > (variables.limit ?? rows) ? ` It asks for the first ${variables.limit} of ${count(rows)} rows.` : "";
    ways.push(
      { name: "curl", says: `The catalogue's answer as JSON.${part}${token}`, text: postText(catalogue, server) },
      found === undefined
        ? {
            name: "Python",
            says: `The same question, with what comes with Python.${token}`,
            text: postedText(catalogue, server),
          }
        : { name: "Python", says: `With the portal's own client: pip install cryoet-data-portal.${token}`, text: found },
    );
  } else if (ask !== undefined) {
    const url = new URL(`api/v1/${ask}`, base).href;
    ways.push({ name: "curl", says: `The server's answer as JSON.${token}`, text: curlText(url, isKnown) });
    if (volume === undefined)
      ways.push({ name: "Python", says: `The same answer, with what comes with Python.${token}`, text: askedText(url, isKnown) });
  }
  if (volume !== undefined)
    ways.push({
      name: "Python",
      says: `The voxels, as arrays: pip install zarr fsspec aiohttp.${token}`,
      text: zarrText(new URL(`zarr/${volume}`, base), isKnown),
    });
  return ways;
}

/** The token is the password of the address, which emporium prints nowhere. */
function inspectText({ href, protocol }: URL, isKnown: boolean): string {
  const rest = quoteWord(href.slice(protocol.length + 2));
  return `emporium harvest inspect ${isKnown ? `${protocol}//x:"$${TOKEN}"@${rest}` : quoteWord(href)}`;
}

const curlText = (url: string, isKnown: boolean): string =>
  `curl -s ${isKnown ? `-H "authorization: Bearer $${TOKEN}" ` : ""}${quoteWord(url)}`;

const graphql = ({ base }: Asked): URL => new URL("graphql", base);

function postText({ query, variables }: CatalogueQuestion, server: Asked): string {
  const body = JSON.stringify({ query, variables });
  return `${curlText(graphql(server).href, server.isKnown)} -H 'content-type: application/json' -d ${quoteWord(body)}`;
}

function askedText(url: string, isKnown: boolean): string {
  const headers = isKnown ? `, headers={"authorization": "Bearer " + os.environ["${TOKEN}"]}` : "";
  return [
    "import json",
    ...(isKnown ? ["import os"] : []),
    "from urllib.request import Request, urlopen",
    "",
    `with urlopen(Request(${literal(url)}${headers})) as answer:`,
    "    print(json.dumps(json.load(answer), indent=2))",
  ].join("\n");
}

function postedText({ query, variables }: CatalogueQuestion, server: Asked): string {
  const token = server.isKnown ? `, "authorization": "Bearer " + os.environ["${TOKEN}"]` : "";
  return [
    "import json",
    ...(server.isKnown ? ["import os"] : []),
    "from urllib.request import Request, urlopen",
    "",
    `question = {"query": ${literal(query)}, "variables": ${pythonOf(variables)}}`,
    `headers = {"content-type": "application/json"${token}}`,
    `with urlopen(Request(${literal(graphql(server).href)}, json.dumps(question).encode(), headers)) as answer:`,
    "    print(json.dumps(json.load(answer), indent=2))",
  ].join("\n");
}

/** Classes of the client, a word for one of them, and what it is called by. */
const CLASSES = {
  datasets: ["Dataset", "dataset", "title"],
  runs: ["Run", "run", "name"],
  annotations: ["Annotation", "annotation", "object_name"],
  depositions: ["Deposition", "deposition", "title"],
} as const;

/** Undefined where the client has no words for the filter. */
function foundText({ of, variables: { id, where } }: CatalogueQuestion, server: Asked): string | undefined {
  const [Class, one, name] = CLASSES[of];
  const filters = id === undefined ? filtersOf(Class, where ?? {}) : [];
  if (filters === undefined) return undefined;
  const head = [
    ...(server.isKnown ? ["import os", ""] : []),
    `from cryoet_data_portal import Client, ${Class}`,
    "",
    `client = Client(${addressText(graphql(server), server.isKnown)})`,
  ];
  const asked =
    id === undefined
      ? [
          `for ${one} in ${Class}.find(client${filters.length > 0 ? `, [${filters.join(", ")}]` : ""}):`,
          `    print(${one}.id, ${one}.${name})`,
        ]
      : [`${one} = ${Class}.get_by_id(client, ${id})`, `print(${one}.to_dict())`];
  return [...head, ...asked].join("\n");
}

const OPERATORS: Readonly<Record<string, (field: string, value: string) => string>> = {
  _eq: (field, value) => `${field} == ${value}`,
  _neq: (field, value) => `${field} != ${value}`,
  _gt: (field, value) => `${field} > ${value}`,
  _gte: (field, value) => `${field} >= ${value}`,
  _lt: (field, value) => `${field} < ${value}`,
  _lte: (field, value) => `${field} <= ${value}`,
  _in: (field, value) => `${field}._in(${value})`,
  _like: (field, value) => `${field}.like(${value})`,
  _ilike: (field, value) => `${field}.ilike(${value})`,
};

/** A filter in the client's words, which it puts together to the same filter. Undefined where it has none: for `_or`, and for a relation alone. */
function filtersOf(field: string, where: object): readonly string[] | undefined {
  const filters: string[] = [];
  for (const [name, value] of Object.entries(where)) {
    const operator = OPERATORS[name];
    if (operator) {
      filters.push(operator(field, pythonOf(value)));
      continue;
    }
    if (name.startsWith("_") || Object.keys(value as object).length === 0) return undefined;
    const inner = filtersOf(`${field}.${name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`, value as object);
    if (inner === undefined) return undefined;
    filters.push(...inner);
  }
  return filters;
}

function zarrText(url: URL, isKnown: boolean): string {
  return [
    ...(isKnown ? ["import os", ""] : []),
    "import zarr",
    "",
    `volume = zarr.open_group(${addressText(url, isKnown)}, mode="r")`,
    'images = volume.attrs.get("ome", volume.attrs)["multiscales"]',
    'finest = volume[images[0]["datasets"][0]["path"]]',
    "print(finest.shape, finest.dtype)",
    "print(finest[finest.shape[0] // 2])",
  ].join("\n");
}

/** An address as Python's text. A token stands in it as the password, where programs take it from. */
function addressText({ href }: URL, isKnown: boolean): string {
  if (!isKnown) return literal(href);
  const [scheme, rest] = href.split("://") as [string, string];
  return `${literal(`${scheme}://x:`)} + os.environ["${TOKEN}"] + ${literal(`@${rest}`)}`;
}
