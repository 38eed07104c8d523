// Which small mistakes a module could hold: each mutant is one changed, or dropped, expression or statement.
import { createHash } from "node:crypto";
import { parseSync } from "vite";

const COMPARISONS = { "<": "<=", "<=": "<", ">": ">=", ">=": ">", "===": "!==", "!==": "===", "==": "!=", "!=": "==" };
const LOGICAL = { "&&": "||", "||": "&&" };
const ARITHMETIC = { "+": "-", "-": "+" };
const QUANTIFIERS = { every: "some", some: "every" };
const EQUALITY = new Set(["===", "!==", "==", "!="]);

/**
 * Every mutant of a module, in the order of its text.
 *
 * @param text TypeScript.
 * @returns what to put for the characters `[start, end)`; `old` and `new` are the expression or statement around them, before and after.
 */
export function mutantsOf(file, text) {
  const parsed = parseSync(file, text, { lang: file.endsWith("x") ? "tsx" : "ts" });
  if (parsed.errors.length > 0) throw new Error(`${file}: ${parsed.errors[0].message}`);
  const found = [];
  const write = (operator, start, end, replacement, shown) => {
    const old = flat(text.slice(shown.start, shown.end));
    const changed = flat(text.slice(shown.start, start) + replacement + text.slice(end, shown.end));
    found.push({ file, ...placeOf(text, start), operator, start, end, replacement, old, new: changed || "(nothing)" });
  };
  walk(parsed.program, undefined, undefined, (node, parent, key) => {
    for (const mutate of OPERATORS) mutate({ node, parent, key, text, write });
  });
  return found.sort((a, b) => a.start - b.start || a.operator.localeCompare(b.operator));
}

/** The module's text with one mutant in it. */
export function applyMutant(text, { start, end, replacement }) {
  return text.slice(0, start) + replacement + text.slice(end);
}

/**
 * As many mutants as wanted, chosen by the seed. The choice goes by a hash of each mutant's own text: a larger count holds what a smaller one
 * chose, and an edit elsewhere in the file changes nothing.
 */
export function chooseMutants(mutants, count, seed) {
  const seen = new Map();
  const ranked = mutants.map((mutant) => {
    const name = [mutant.file, mutant.operator, mutant.old, mutant.new].join("\n");
    const nth = (seen.get(name) ?? 0) + 1;
    seen.set(name, nth);
    return { mutant, rank: createHash("sha256").update(`${seed}\n${name}\n${nth}`).digest("hex") };
  });
  ranked.sort((a, b) => (a.rank < b.rank ? -1 : 1));
  return ranked.slice(0, count).map(({ mutant }) => mutant);
}

const OPERATORS = [comparison, logical, arithmetic, negation, constant, quantifier, dropped, comparedText];

function comparison({ node, text, write }) {
  if (node.type === "BinaryExpression" && node.operator in COMPARISONS)
    write("comparison", ...operatorAt(node, text), COMPARISONS[node.operator], node);
}

function logical({ node, text, write }) {
  if (node.type === "LogicalExpression" && node.operator in LOGICAL)
    write("logical", ...operatorAt(node, text), LOGICAL[node.operator], node);
}

function arithmetic({ node, text, write }) {
  if (node.type === "BinaryExpression" && node.operator in ARITHMETIC && !isText(node))
    write("arithmetic", ...operatorAt(node, text), ARITHMETIC[node.operator], node);
  if (node.type === "AssignmentExpression" && (node.operator === "+=" || node.operator === "-=") && !isText(node.right))
    write("arithmetic", ...operatorAt(node, text), node.operator === "+=" ? "-=" : "+=", node);
}

function negation({ node, parent, key, text, write }) {
  const isCondition = (parent?.type === "IfStatement" || parent?.type === "ConditionalExpression") && key === "test";
  // the opposite of an equality is a mutant of its own
  const isEquality = node.type === "BinaryExpression" && EQUALITY.has(node.operator);
  if (node.type === "UnaryExpression" && node.operator === "!") write("negation", node.start, node.start + 1, "", node);
  else if (isCondition && !isEquality) write("negation", node.start, node.end, `!(${text.slice(node.start, node.end)})`, node);
}

function constant({ node, parent, write }) {
  if (node.type !== "Literal" || parent?.type === "ImportExpression") return;
  const shown = SHOWN_WITH_CONSTANT.has(parent?.type) ? parent : node;
  if (typeof node.value === "boolean") write("constant", node.start, node.end, String(!node.value), shown);
  else if (node.value === 0 || node.value === 1) write("constant", node.start, node.end, node.value === 0 ? "1" : "0", shown);
}

/** A bare 0 says little: it is shown with what is around it. */
const SHOWN_WITH_CONSTANT = new Set([
  "ArrowFunctionExpression",
  "AssignmentPattern",
  "BinaryExpression",
  "CallExpression",
  "ConditionalExpression",
  "MemberExpression",
  "NewExpression",
  "Property",
  "VariableDeclarator",
]);

function quantifier({ node, parent, write }) {
  if (node.type !== "CallExpression" || node.callee.type !== "MemberExpression" || node.callee.computed) return;
  const { property } = node.callee;
  if (parent && Object.hasOwn(QUANTIFIERS, property.name))
    write("quantifier", property.start, property.end, QUANTIFIERS[property.name], node);
}

/** A check that is not made, an early end that does not come. */
function dropped({ node, parent, key, write }) {
  const isEarly = (parent?.type === "IfStatement" && key !== "test") || node.type === "ContinueStatement";
  const isCall = node.type === "ExpressionStatement" && CALLS.has(callIn(node.expression).type) && !isSuper(node.expression);
  const inArm = parent?.type === "BlockStatement" && parent.isArm === true && node.type === "ReturnStatement";
  if (node.type === "ThrowStatement" || isCall || inArm || (isEarly && ENDS.has(node.type)))
    write("dropped", node.start, node.end, ";", node);
}

const CALLS = new Set(["CallExpression"]);
const ENDS = new Set(["ReturnStatement", "ContinueStatement", "BreakStatement"]);
const callIn = (expression) => (expression.type === "AwaitExpression" ? expression.argument : expression);
const isSuper = (expression) => expression.type === "CallExpression" && expression.callee.type === "Super";

function comparedText({ node, parent, write }) {
  if (node.type !== "Literal" || typeof node.value !== "string") return;
  const isCompared = parent?.type === "BinaryExpression" && EQUALITY.has(parent.operator);
  if (isCompared || (parent?.type === "SwitchCase" && parent.test === node))
    write("text", node.start, node.end, JSON.stringify(`${node.value}~`), isCompared ? parent : node);
}

/** Text that is added up is not arithmetic. */
function isText(node) {
  if (node.type === "TemplateLiteral") return true;
  if (node.type === "Literal") return typeof node.value === "string";
  return node.type === "BinaryExpression" && node.operator === "+" && (isText(node.left) || isText(node.right));
}

/** Between the operands stand spaces, parentheses and comments besides the operator. */
function operatorAt(node, text) {
  let at = node.left.end;
  while (!text.startsWith(node.operator, at)) {
    if (text.startsWith("//", at)) at = text.indexOf("\n", at);
    else if (text.startsWith("/*", at)) at = text.indexOf("*/", at) + 2;
    else at++;
  }
  return [at, at + node.operator.length];
}

function walk(node, parent, key, visit) {
  // what the compiler removes cannot be wrong when it runs
  if ((node.type.startsWith("TS") && !TYPED_CODE.has(node.type)) || NO_CODE.has(node.type)) return;
  if (parent?.type === "IfStatement" && node.type === "BlockStatement") node.isArm = true;
  visit(node, parent, key);
  for (const [name, value] of Object.entries(node)) {
    for (const child of Array.isArray(value) ? value : [value])
      if (child && typeof child === "object" && typeof child.type === "string") walk(child, node, name, visit);
  }
}

const NO_CODE = new Set(["ImportDeclaration", "ExportAllDeclaration"]);
const TYPED_CODE = new Set(["TSAsExpression", "TSSatisfiesExpression", "TSNonNullExpression", "TSTypeAssertion"]);

function placeOf(text, at) {
  const before = text.slice(0, at).split("\n");
  return { line: before.length, column: before.at(-1).length + 1 };
}

function flat(text) {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > 160 ? `${line.slice(0, 159)}…` : line;
}
