import { createHash } from "node:crypto";

const STYLE = `
  /* colours and measures of web/tokens.css */
  :root { color-scheme: light dark; --line: light-dark(#d9dde1, #343b41); --accent: light-dark(#0b6285, #6cc1e8); --raised: light-dark(#fff, #1e2327); }
  * { box-sizing: border-box; border-color: var(--line); }
  body { display: grid; grid: 48px 1fr / 240px 1fr 1fr; gap: 0 12px; height: 100dvh; margin: 0; padding-bottom: 12px;
    background: light-dark(#fafaf8, #15181b); color: light-dark(#1c2126, #e7e9eb); font: 14px/20px "Source Sans 3", system-ui, sans-serif; }
  header { grid-column: 1 / -1; display: flex; gap: 8px; align-items: center; padding: 0 12px; margin-bottom: 12px;
    background: var(--raised); border-bottom: 1px solid var(--line); white-space: nowrap; overflow: hidden; }
  h1 { flex: 1; font: inherit; margin: 0; }
  header a { color: inherit; text-decoration: none; }
  header a:hover { text-decoration: underline; }
  header a:first-child { font-weight: 600; }
  body > nav, output { overflow: auto; border: 1px solid var(--line); border-radius: 4px; padding: 8px; background: var(--raised); }
  body > nav { margin-left: 12px; }
  output { margin-right: 12px; }
  nav ul { list-style: none; margin: 0; padding: 0; }
  nav button { border: 0; background: none; color: inherit; font: inherit; padding: 2px 0; cursor: pointer; text-align: left; }
  nav button:hover { text-decoration: underline; }
  form { display: grid; grid: auto 3fr auto 1fr auto / 1fr; gap: 8px; min-height: 0; min-width: 0; }
  form button { height: 28px; border: 0; border-radius: 4px; background: var(--accent); color: light-dark(#fff, #10202a); font: inherit; cursor: pointer; }
  textarea, output { font: 12px/18px ui-monospace, monospace; white-space: pre; tab-size: 2; }
  textarea { resize: none; padding: 8px; border: 1px solid var(--line); border-radius: 4px; background: var(--raised); color: inherit; }
  :focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
  @media (width < 720px) { body { grid: 48px 160px auto 40vh / 1fr; height: auto; } form, output { margin: 12px 12px 0; } body > nav { margin-right: 12px; } textarea { height: 30vh; } .wide { display: none; } }
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
<header><a href="./">emporium</a> <span aria-hidden="true">▸</span> <h1>GraphQL, reading only</h1>
<a href="datasets">Datasets</a> <a href="runs">Runs</a> <a href="annotations">Annotations</a> <a href="about">About</a>
<span class="wide"><kbd>Ctrl</kbd>+<kbd>Enter</kbd> asks</span></header>
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
