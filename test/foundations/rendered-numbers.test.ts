import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { type Node, SyntaxKind } from "typescript/unstable/ast";
import {
  isBinaryExpression,
  isConditionalExpression,
  isJsxAttribute,
  isJsxElement,
  isJsxExpression,
  isJsxFragment,
  isJsxSelfClosingElement,
  isParenthesizedExpression,
} from "typescript/unstable/ast/is";
import { API, type Type, TypeFlags } from "typescript/unstable/sync";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root } from "./sources.js";

/** React draws `0` and `NaN`, where it draws nothing for `false`, `null`, `undefined` and an empty text. */
const mayBeNumber = (type: Type): boolean =>
  type.isUnionType() ? type.getTypes().some(mayBeNumber) : (type.flags & (TypeFlags.NumberLike | TypeFlags.BigIntLike)) !== 0;

/** Left sides of each `… && …` whose value is drawn: it is what stands in the braces, or it has an element on its right. */
function conditionsOf(file: Node): Node[] {
  const found = new Set<Node>();
  const isElement = (node: Node): boolean =>
    isParenthesizedExpression(node)
      ? isElement(node.expression)
      : isJsxElement(node) || isJsxSelfClosingElement(node) || isJsxFragment(node);
  const drawn = (node: Node): void => {
    if (isParenthesizedExpression(node)) drawn(node.expression);
    else if (isConditionalExpression(node)) for (const branch of [node.whenTrue, node.whenFalse]) drawn(branch);
    else if (isBinaryExpression(node)) {
      const sign = node.operatorToken.kind;
      if (sign === SyntaxKind.AmpersandAmpersandToken) found.add(node.left);
      else if (sign !== SyntaxKind.BarBarToken && sign !== SyntaxKind.QuestionQuestionToken) return;
      else drawn(node.left);
      drawn(node.right);
    }
  };
  const visit = (node: Node, parent?: Node): void => {
    if (isJsxExpression(node) && node.expression && !(parent && isJsxAttribute(parent))) drawn(node.expression);
    if (isBinaryExpression(node) && isElement(node.right)) drawn(node);
    node.forEachChild((child: Node) => visit(child, node));
  };
  visit(file);
  return [...found];
}

describe("a condition of what a page draws", () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-rendered-"));
  const example = join(folder, "example.tsx");
  let api: API;

  beforeAll(() => {
    writeFileSync(
      example,
      `export const of = (n: number, list: readonly string[] | undefined, text: string, fits: boolean) => (
        <p title={String(n && "is an attribute")}>
          {n && <b>1</b>} {n > 0 && <b>no</b>} {text && <b>no</b>} {fits && <b>no</b>} {Math.max(n && 2, 3)}
          {fits && (text === "" || list?.length) && <b>2</b>} {fits ? n && "3" : <b>no</b>} {[n && <b key="4">4</b>]}
        </p>
      );`,
    );
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({ extends: join(root, "tsconfig.page.json"), include: ["."], compilerOptions: { types: [] } }),
    );
    api = new API({ cwd: root });
  }, 60_000);
  afterAll(() => {
    api.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Of the files of a project. */
  function numbersIn(config: string): { files: number; found: string[] } {
    const project = api.updateSnapshot({ openProjects: [config] }).getProject(config)!;
    const files = project.rootFiles.filter((path) => path.endsWith(".tsx"));
    const found = files.flatMap((path) => {
      const file = project.program.getSourceFile(path)!;
      const conditions = conditionsOf(file);
      const types = conditions.length > 0 ? project.checker.getTypeAtLocation(conditions) : [];
      const numbers = conditions.filter((_, at) => types[at] && mayBeNumber(types[at]));
      return numbers.map((node) => `${basename(path)}: ${node.getText(file)}`);
    });
    return { files: files.length, found };
  }

  it("is no number: a 0 would stand on the page", () => {
    const { files, found } = numbersIn(join(root, "tsconfig.page.json"));
    expect(files).toBeGreaterThan(80);
    expect(found).toEqual([]);
  });

  it("is found where it is one, in braces and in lists, and nowhere else", () => {
    const { found } = numbersIn(join(folder, "tsconfig.json"));
    const of = (text: string) => `example.tsx: ${text}`;
    expect(found).toEqual(["n", 'fits && (text === "" || list?.length)', "n", "n"].map(of));
  });
});
