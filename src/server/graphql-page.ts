import { createHash } from "node:crypto";

const STYLE = `
  :root { color-scheme: light dark; font: 15px/1.4 system-ui, sans-serif; }
  body { display: grid; grid: auto 1fr / 15rem 1fr 1fr; gap: 0.75rem; height: 100vh; margin: 0; padding: 0.75rem; box-sizing: border-box; }
  header { grid-column: 1 / -1; display: flex; gap: 1rem; align-items: baseline; }
  h1 { font-size: 1.1rem; margin: 0; }
  nav, output { overflow: auto; border: 1px solid #8888; border-radius: 4px; padding: 0.5rem; }
  nav ul { list-style: none; margin: 0; padding: 0; }
  nav button { border: 0; background: none; color: inherit; font: inherit; padding: 0.1rem 0; cursor: pointer; text-align: left; }
  nav button:hover { text-decoration: underline; }
  form { display: grid; grid: auto 3fr auto 1fr auto / 1fr; gap: 0.4rem; min-height: 0; }
  textarea, output { font: 13px/1.45 ui-monospace, monospace; white-space: pre; tab-size: 2; }
  textarea { resize: none; }
`;

const SCRIPT = `
  const query = document.getElementById("query");
  const variables = document.getElementById("variables");
  const answer = document.getElementById("answer");
  const roots = document.getElementById("roots");

  async function ask(body) {
    const response = await fetch(location.pathname, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return response.json();
  }

  async function run(event) {
    event?.preventDefault();
    try {
      const text = variables.value.trim();
      const found = await ask({ query: query.value, variables: text === "" ? undefined : JSON.parse(text) });
      answer.textContent = JSON.stringify(found, null, 2);
    } catch (error) {
      answer.textContent = String(error);
    }
  }

  const bare = (type) => (type.ofType ? bare(type.ofType) : type);

  function example(field, types) {
    const fields = types.get(bare(field.type).name).fields;
    const scalars = fields.filter(({ type }) => ["SCALAR", "ENUM"].includes(bare(type).kind)).map(({ name }) => name);
    if (scalars.length === 0) return "{\\n  " + field.name + " {\\n    aggregate {\\n      count\\n    }\\n  }\\n}\\n";
    const lines = scalars.filter((name) => name !== "_id").map((name) => "    " + name).join("\\n");
    return "{\\n  " + field.name + "(limitOffset: {limit: 10}) {\\n" + lines + "\\n  }\\n}\\n";
  }

  const TYPE = "name kind ofType { name kind ofType { name kind ofType { name kind } } }";
  ask({ query: "{ __schema { queryType { fields { name description type { " + TYPE + " } } } types { name fields { name type { " + TYPE + " } } } } }" })
    .then(({ data }) => {
      const types = new Map(data.__schema.types.map((type) => [type.name, type]));
      for (const field of data.__schema.queryType.fields) {
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = field.name;
        button.title = field.description ?? "";
        button.addEventListener("click", () => {
          query.value = example(field, types);
          run();
        });
        const item = document.createElement("li");
        item.append(button);
        roots.append(item);
      }
    })
    .catch((error) => { roots.textContent = String(error); });

  document.querySelector("form").addEventListener("submit", run);
  addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) run(event);
  });
`;

/** A page to ask the API from. It is self-contained: it loads nothing from elsewhere, and shows answers as text. */
export const GRAPHQL_PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>emporium: GraphQL</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body>
<header><h1>emporium</h1><span>GraphQL, reading only. <kbd>Ctrl</kbd>+<kbd>Enter</kbd> asks.</span></header>
<nav aria-label="Lists and counts"><ul id="roots"></ul></nav>
<form>
<label for="query">Query</label>
<textarea id="query" spellcheck="false" autofocus>{
  datasets(orderBy: [{id: asc}], limitOffset: {limit: 10}) {
    id
    title
    organismName
    runsAggregate { aggregate { count } }
  }
}
</textarea>
<label for="variables">Variables</label>
<textarea id="variables" spellcheck="false"></textarea>
<button>Ask</button>
</form>
<output id="answer" aria-live="polite" for="query variables"></output>
<script>${SCRIPT}</script>
</body>
</html>
`;

const hashed = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

/** Its own script and style run there, and nothing else. */
export const GRAPHQL_PAGE_POLICY = [
  "default-src 'none'",
  "connect-src 'self'",
  "img-src data:",
  `script-src ${hashed(SCRIPT)}`,
  `style-src ${hashed(STYLE)}`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");
