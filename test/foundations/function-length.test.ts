import { parseSync } from "vite";
import { describe, expect, it } from "vitest";
import { filesBelow, readText } from "./sources.js";

/** Lines of a function, from its name to its last brace, those of functions inside of it included. */
const LINES_MAX = 100;

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly id?: { readonly name?: string } | null;
  readonly key?: { readonly name?: string };
}

const isFunction = ({ type }: Node): boolean => /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(type);

/** `file:line name lines`, of declarations, arrows, methods and components. */
function longFunctions(path: string, text: string): string[] {
  const found: string[] = [];
  const visit = (value: unknown, name: string): void => {
    if (Array.isArray(value)) for (const one of value) visit(one, name);
    if (typeof value !== "object" || value === null || !("type" in value)) return;
    const node = value as Node;
    const own = node.id?.name ?? node.key?.name ?? name;
    const lines = text.slice(node.start, node.end).split("\n").length;
    if (isFunction(node) && lines > LINES_MAX)
      found.push(`${path}:${text.slice(0, node.start).split("\n").length} ${own} ${lines}`);
    for (const child of Object.values(node)) visit(child, own);
  };
  visit(parseSync(path, text).program, "(anonymous)");
  return found;
}

describe("functions", () => {
  it("(35.length) have at most 100 lines", () => {
    const own = (path: string) => /(?<!\.test|\.d)\.tsx?$/.test(path) && !path.startsWith("src/arrays/kernels/assembly/");
    const files = ["src", "web"].flatMap((folder) => filesBelow(folder, own));
    expect(files.length).toBeGreaterThan(1500);
    expect(files.flatMap((path) => longFunctions(path, readText(path)))).toEqual([]);
  });

  it("(35.length) are seen in each of their forms", () => {
    const lines = "\n".repeat(LINES_MAX);
    const forms = [
      `function a() {${lines}}`,
      `const a = () => {${lines}};`,
      `const a = async function () {${lines}};`,
      `class A { a() {${lines}} }`,
      `const all = { a() {${lines}} };`,
      `export default function a() { return <p>{() => {${lines}}}</p>; }`,
    ];
    for (const form of forms) expect(longFunctions("a.tsx", form)[0]).toMatch(/^a\.tsx:1 a 101$/);
    expect(longFunctions("a.tsx", `function a() {${lines.slice(1)}}`)).toEqual([]);
  });
});
