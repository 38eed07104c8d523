import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { SPECIFICATIONS } from "../../test/real-data.js";
import { apiName, ENTITIES, type Entity, getEntity, NOT_IN_CLIENT } from "./entities.js";
import { PORTAL_ENUMS } from "./portal-enums.js";

/** The schema inside the client, as it was taken out of its package. */
const summaryFile = new URL("graphql-schema-summary.json", SPECIFICATIONS);

interface Summary {
  differences_client_vs_server: string[];
  types: Record<
    string,
    { kind: string; fields?: Record<string, string | { type: string; args: Record<string, string> }>; values?: string[] }
  >;
}

const SCALARS = {
  text: "String",
  int: "Int",
  float: "Float",
  bool: "Boolean",
  date: "DateTime",
  json: "[[Float!]!]",
  enum: "",
} as const;

describe("the entities", () => {
  it("lead only to each other, each list being the other side of a key", () => {
    for (const entity of ENTITIES) {
      for (const list of entity.lists) {
        const key = getEntity(list.target).keys.find(({ column }) => column === list.key);
        expect(key?.target, `${entity.name}.${list.column}`).toBe(entity.name);
      }
      for (const key of entity.keys) {
        const lists = getEntity(key.target).lists.filter((list) => list.target === entity.name && list.key === key.column);
        expect(lists, `${entity.name}.${key.column}`).toHaveLength(1);
      }
    }
  });

  it("come parents first", () => {
    const seen = new Set<string>();
    for (const entity of ENTITIES) {
      for (const { target } of entity.keys) expect([...seen], `${target} before ${entity.name}`).toContain(target);
      seen.add(entity.name);
    }
  });

  it("have API names whose digits stay with the word before them", () => {
    expect(["s3_mrc_file", "scale0_dimensions", "https_omezarr_dir", "id", "volume_x_offset"].map(apiName)).toEqual([
      "s3MrcFile",
      "scale0Dimensions",
      "httpsOmezarrDir",
      "id",
      "volumeXOffset",
    ]);
  });

  it("have no name twice", () => {
    for (const entity of ENTITIES) {
      const names = [
        "id",
        ...entity.fields.map(({ name }) => name),
        ...entity.keys.flatMap(({ name, object }) => [name, object]),
        ...entity.lists.flatMap(({ name, aggregate }) => [name, aggregate]),
      ];
      expect(new Set(names).size, entity.name).toBe(names.length);
    }
    expect(new Set(ENTITIES.map(({ table }) => table)).size).toBe(23);
    expect(new Set(ENTITIES.map(({ root }) => root)).size).toBe(23);
  });
});

describe.skipIf(!existsSync(summaryFile))("the entities, held against the client's schema", () => {
  const summary = existsSync(summaryFile) ? (JSON.parse(readFileSync(summaryFile, "utf8")) as Summary) : undefined!;
  const typeOf = (field: string | { type: string } | undefined) => (typeof field === "object" ? field.type : field);

  for (const entity of ENTITIES) {
    it(`${entity.name} has the client's fields, each of its type, and no other`, () => {
      const found = Object.fromEntries(
        Object.entries(summary.types[entity.name]?.fields ?? {}).map(([name, field]) => [name, typeOf(field)]),
      );
      expect(fieldsForClient(entity)).toEqual(found);
    });

    it(`${entity.name} is listed and counted at the root`, () => {
      const root = summary.types.Query?.fields ?? {};
      expect(typeOf(root[entity.root])).toBe(`[${entity.name}!]!`);
      expect(typeOf(root[entity.aggregate])).toBe(`${entity.name}Aggregate!`);
    });
  }

  it("the root lists nothing else", () => {
    const found = Object.keys(summary.types.Query?.fields ?? {}).sort();
    expect(ENTITIES.flatMap(({ root, aggregate }) => [root, aggregate]).sort()).toEqual(found);
  });

  it("the enums have the client's values in its order, and one more", () => {
    for (const [name, values] of Object.entries(PORTAL_ENUMS)) {
      const absent: readonly string[] = NOT_IN_CLIENT.enumValues;
      expect(
        values.filter((value) => !absent.includes(`${name}.${value}`)),
        name,
      ).toEqual(summary.types[name]?.values);
    }
    const enums = Object.keys(summary.types).filter((name) => name.endsWith("_enum") || name.endsWith("_enum_"));
    expect(Object.keys(PORTAL_ENUMS).sort()).toEqual(enums.sort());
  });

  it("the differences are the ones between the client's schema and the server's", () => {
    const named = [
      ...NOT_IN_CLIENT.keys.flatMap((path) => [camelPath(path), camelPath(path.replace(/_id$/, ""))]),
      ...NOT_IN_CLIENT.lists.flatMap((path) => [camelPath(path), `${camelPath(path)}Aggregate`]),
      ...NOT_IN_CLIENT.nullable.map(camelPath),
    ];
    const entities = new Set<string>(ENTITIES.map(({ name }) => name));
    const told = summary.differences_client_vs_server
      .map((line) => /^(\w+\.\w+):/.exec(line)?.[1])
      .filter((path) => path !== undefined && entities.has(path.split(".")[0]!));
    expect(named.sort()).toEqual(told.sort());
    expect(summary.differences_client_vs_server.at(-1)).toContain("server only [simulated]");
  });
});

function camelPath(path: string): string {
  const [entity = "", column = ""] = path.split(".");
  return `${entity}.${apiName(column)}`;
}

/** An entity's fields as the client's schema should have them. */
function fieldsForClient(entity: Entity): Record<string, string> {
  const absent = (list: readonly string[], column: string) => list.includes(`${entity.name}.${column}`);
  const fields: Record<string, string> = { _id: "GlobalID!", id: "Int!" };
  for (const field of entity.fields) {
    const required = field.required && !absent(NOT_IN_CLIENT.nullable, field.column);
    fields[field.name] = `${field.enumName ?? SCALARS[field.type]}${required ? "!" : ""}`;
  }
  for (const key of entity.keys) {
    if (absent(NOT_IN_CLIENT.keys, key.column)) continue;
    fields[key.name] = `Int${key.required ? "!" : ""}`;
    fields[key.object] = key.target;
  }
  for (const list of entity.lists) {
    if (absent(NOT_IN_CLIENT.lists, list.column)) continue;
    fields[list.name] = `${list.target}Connection!`;
    fields[list.aggregate] = `${list.target}Aggregate`;
  }
  return fields;
}
