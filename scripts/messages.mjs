/** Every message that the program can say, read from its sources: pure, the caller gives the modules' texts. */
import { parseSync } from "vite";

/** Properties whose text a user reads, and what kind of message it is. */
const PROPERTIES = {
  ...{ hint: "hint", hints: "hint" },
  ...{ message: "error", error: "error", fault: "error" },
  ...{ found: "finding", wanted: "finding", expected: "finding", explanation: "finding" },
  ...{ note: "note", notes: "note", warning: "note", warnings: "note" },
  ...{ description: "help", summary: "help", details: "help", says: "help", help: "help", title: "help" },
};
/** Calls that take a text for the user, by the name of what is called. */
const CALLS = {
  ...{ unless: "finding", describe: "help", meta: "help" },
  ...{ addIssue: "error", refine: "error", regex: "error", min: "error", max: "error", superRefine: "error" },
  ...{ note: "note", warn: "note", passOver: "note", addNote: "note", addWarning: "note", fail: "error" },
};

/** @type {import("./messages.d.mts").messagesOf} */
export function messagesOf(modules) {
  const parsed = modules.map(({ path, text }) => ({ path, text, program: parseSync(path, text).program }));
  const own = parsed.map(({ program }) => makersIn(program));
  const everywhere = new Map();
  for (const makers of own) for (const [name, { codes, isExported }] of makers) if (isExported) everywhere.set(name, codes);
  return parsed.flatMap(({ path, text, program }, at) => {
    const codesOf = (name) => own[at].get(name)?.codes ?? everywhere.get(name);
    return messagesIn(program, text, codesOf).map((message) => ({ file: path, ...message }));
  });
}

/** Functions that make errors, by name, with the codes that they may give. */
function makersIn(program) {
  const makers = new Map();
  walk(program, [], (node, ancestors) => {
    if (node.type !== "NewExpression" || node.callee.name !== "EmporiumError") return;
    const codes = codesIn(node.arguments[0]);
    // the innermost function with a name is what the texts are given to
    for (let at = ancestors.length - 1; at >= 0; at--) {
      const name = functionName(ancestors[at], ancestors[at - 1]);
      if (name === undefined) continue;
      const isExported = ancestors.some(({ type }) => type === "ExportNamedDeclaration");
      const before = makers.get(name)?.codes ?? [];
      makers.set(name, { codes: [...new Set([...before, ...codes])], isExported });
      break;
    }
  });
  return makers;
}

function functionName(node, parent) {
  if (node.type === "FunctionDeclaration") return node.id?.name;
  if (node.type === "ArrowFunctionExpression" || node.type === "FunctionExpression") {
    if (parent?.type === "VariableDeclarator") return parent.id.name;
    if (parent?.type === "MethodDefinition" || parent?.type === "Property") return parent.key.name;
  }
  return undefined;
}

function codesIn(node) {
  const codes = [];
  if (node)
    walk(node, [], (inner) => {
      if (inner.type === "Literal" && typeof inner.value === "string" && /^[A-Z][A-Z_]+$/.test(inner.value))
        codes.push(inner.value);
    });
  return codes;
}

function messagesIn(program, text, codesOf) {
  const found = [];
  walk(program, [], (node, ancestors) => {
    if (!isText(node) || !isProse(node)) return;
    const role = roleOf(node, ancestors, codesOf);
    if (role === undefined) return;
    found.push({ start: node.start, text: templateOf(node), source: text.slice(node.start, node.end), ...role });
  });
  return found;
}

const isText = ({ type, value }) => type === "TemplateLiteral" || (type === "Literal" && typeof value === "string");

/** Two words of a sentence at least; no SQL, no class of a page. */
function isProse(node) {
  const text = templateOf(node);
  if (
    /^(?:select|insert|update|delete|create|alter|drop|with|from|where|grant|begin|set)\s/i.test(text.trim()) &&
    /[;=(]|\{…\}/.test(text)
  )
    return false;
  // a query of GraphQL
  if (/^\{ (?:⏎|\w)/.test(text)) return false;
  return /(?:[A-Za-z]{2,}|…\}|…\}"),? (?:[a-z(]|\{…\} [a-z])/.test(text);
}

/** The text with `{…}` for what is put in. */
function templateOf(node) {
  const text = node.type === "Literal" ? node.value : node.quasis.map(({ value }) => value.cooked ?? value.raw).join("{…}");
  return text.replace(/\s*\n\s*/g, " ⏎ ").trim();
}

/** What a text is: from the nearest thing around it that says so. Undefined: no user reads it. */
function roleOf(node, ancestors, codesOf) {
  let child = node;
  for (let at = ancestors.length - 1; at >= 0; at--) {
    const parent = ancestors[at];
    const role = roleIn(parent, child, codesOf, ancestors[at - 1]);
    if (role !== undefined) {
      if (role.kind !== "hint") return role.kind === "none" ? undefined : role;
      // a hint has the code of the error that it belongs to
      const error = ancestors.slice(0, at).findLast((outer) => isErrorMade(outer, codesOf));
      return { ...role, codes: error ? madeCodes(error, codesOf) : [] };
    }
    child = parent;
  }
  return { kind: "output", codes: [] };
}

function roleIn(parent, child, codesOf, holder) {
  if (
    ["ImportDeclaration", "ExportAllDeclaration", "TSLiteralType", "TSTemplateLiteralType", "ImportExpression"].includes(
      parent.type,
    )
  )
    return { kind: "none" };
  if (parent.type === "Property" || parent.type === "PropertyDefinition") {
    if (parent.key === child) return { kind: "none" };
    const kind = PROPERTIES[parent.key.name ?? parent.key.value];
    return kind && { kind, codes: kind === "error" ? codesBeside(holder, parent) : [] };
  }
  if (parent.type === "NewExpression" || parent.type === "CallExpression") {
    if (!parent.arguments.includes(child)) return undefined;
    if (isErrorMade(parent, codesOf)) return { kind: "error", codes: madeCodes(parent, codesOf) };
    const own = parent.arguments.flatMap((one) => (isCode(one) ? one.value : []));
    if (own.length > 0) return { kind: "error", codes: own };
    const kind = CALLS[nameOfCallee(parent)];
    return kind && { kind, codes: [] };
  }
  if (parent.type === "VariableDeclarator") {
    const name = parent.id.name ?? "";
    if (/hint$/i.test(name)) return { kind: "hint", codes: [] };
  }
  return undefined;
}

const isCode = (node) => node.type === "Literal" && typeof node.value === "string" && /^[A-Z]{3,}(?:_[A-Z]+)*$/.test(node.value);

/** Codes of an object that has its message beside its code. */
function codesBeside(object, property) {
  const code = object?.properties?.find((one) => one !== property && one.key?.name === "code");
  return code ? codesIn(code.value) : [];
}

const nameOfCallee = ({ callee }) => callee.name ?? callee.property?.name;

const isErrorMade = (node, codesOf) =>
  (node.type === "NewExpression" && node.callee.name === "EmporiumError") ||
  (node.type === "CallExpression" && node.callee.type === "Identifier" && codesOf(node.callee.name) !== undefined);

const madeCodes = (node, codesOf) => {
  const codes = node.type === "NewExpression" ? codesIn(node.arguments[0]) : (codesOf(node.callee.name) ?? []);
  return codes.length > 0 ? codes : codesIn(node);
};

function walk(node, ancestors, visit) {
  visit(node, ancestors);
  const inner = [...ancestors, node];
  for (const key in node) {
    if (key === "type" || key === "start" || key === "end") continue;
    const value = node[key];
    if (Array.isArray(value)) {
      for (const one of value) if (one && typeof one.type === "string") walk(one, inner, visit);
    } else if (value && typeof value === "object" && typeof value.type === "string") walk(value, inner, visit);
  }
}

const AREAS = { error: "Errors", hint: "Hints", finding: "Findings", note: "Notes and warnings" };

/** @type {import("./messages.d.mts").messagesPage} */
export function messagesPage(messages, examples) {
  const said = messages.filter(({ kind }) => kind in AREAS);
  const cell = (text) => text.replaceAll("|", "\\|").replaceAll("<", "&lt;");
  const rows = Object.entries(examples).map(
    ([code, { message, hint = "" }]) => `| \`${code}\` | ${cell(message)} | ${cell(hint)} |`,
  );
  const sections = Object.entries(AREAS).map(([kind, title]) => {
    const lines = new Set(
      said
        .filter((one) => one.kind === kind)
        .map(
          ({ codes, text, file }) =>
            `| ${codes.map((code) => `\`${code}\``).join(" ")} | ${cell(text)} | ${file.slice("src/".length)} |`,
        ),
    );
    return `## ${title}\n\n| code | text | file |\n|---|---|---|\n${[...lines].join("\n")}`;
  });
  return `# Messages
<!-- Generated by \`node scripts/generate-messages.mjs\` from the sources. Change the source instead. -->

Every error, hint, finding, note and warning of the program as its source has it; \`{…}\` stands for a value. The meaning of a code is
in [errors.md](errors.md), the texts of commands and options are in [cli.md](cli.md).

## An example of each code

| code | message | hint |
|---|---|---|
${rows.join("\n")}

${sections.join("\n\n")}
`;
}
