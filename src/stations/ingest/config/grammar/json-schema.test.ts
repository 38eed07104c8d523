import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { CONFIG } from "./config.js";
import { configJsonSchema } from "./json-schema.js";
import type { MapShape, Shape } from "./shape.js";

const page = readFileSync(new URL("../../../../../docs/reference/ingestion-config.schema.json", import.meta.url), "utf8");

describe("the schema for editors", () => {
  it("is the one in docs/reference: else run npm run build && node scripts/generate-docs.mjs", () => {
    expect(JSON.parse(page)).toEqual(JSON.parse(JSON.stringify(configJsonSchema())));
  });

  it("has a definition for every reference, and no other", () => {
    const { definitions } = JSON.parse(page) as { definitions: Record<string, unknown> };
    const named = new Set([...page.matchAll(/#\/definitions\/([^"]+)/g)].map((match) => match[1]));
    expect([...named].sort()).toEqual(Object.keys(definitions).sort());
  });

  it("says what every field is", () => {
    const silent: string[] = [];
    const visit = (shape: Shape): void => {
      if (shape.kind === "list") visit(shape.items);
      if (shape.kind !== "map") return;
      for (const [key, { says, shape: below }] of Object.entries(shape.fields)) {
        if (says === "") silent.push(`${shape.name}.${key}`);
        visit(below);
      }
    };
    visit(CONFIG);
    expect(silent).toEqual([]);
  });

  it("two maps of one name are one map", () => {
    const maps = new Map<string, MapShape>();
    const visit = (shape: Shape): void => {
      if (shape.kind === "list") visit(shape.items);
      if (shape.kind !== "map") return;
      expect(maps.get(shape.name) ?? shape, shape.name).toEqual(shape);
      maps.set(shape.name, shape);
      for (const { shape: below } of Object.values(shape.fields)) visit(below);
    };
    visit(CONFIG);
    expect(maps.size).toBeGreaterThan(60);
  });
});
