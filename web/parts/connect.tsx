import { useState } from "react";
import { quoteWords } from "../../src/core/shell.js";
import type { ServerFacts } from "../../src/model/page-api.js";
import { base } from "./api.js";
import { CopyButton } from "./copy.js";

/** The lines that other programs need to read what is here. */
export function Connect({ server }: { server: ServerFacts }) {
  const ways = waysOf(server);
  const [shown, setShown] = useState(0);
  const way = ways[shown]!;
  return (
    <section className="panel connect" aria-labelledby="connect">
      <h2 id="connect">Connect</h2>
      <div role="tablist" aria-label="Programs" onKeyDown={turn}>
        {ways.map(({ name }, at) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`connect-${at}`}
            aria-selected={at === shown}
            aria-controls="connect-lines"
            tabIndex={at === shown ? 0 : -1}
            onClick={() => setShown(at)}
            onFocus={() => setShown(at)}
          >
            {name}
          </button>
        ))}
      </div>
      <div role="tabpanel" id="connect-lines" aria-labelledby={`connect-${shown}`}>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: long lines are scrolled by keys, too */}
        <pre className="text" tabIndex={0}>
          {way.lines}
        </pre>
        <CopyButton text={way.lines} label="Copy lines" />
      </div>
    </section>
  );
}

/** Arrows go from tab to tab. */
function turn({ key, currentTarget }: React.KeyboardEvent<HTMLDivElement>) {
  const tabs = [...currentTarget.querySelectorAll("button")];
  const at = tabs.indexOf(document.activeElement as HTMLButtonElement);
  const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
  if (step) tabs[(at + step + tabs.length) % tabs.length]?.focus();
}

function waysOf({ addresses, bucket }: ServerFacts) {
  const graphql = new URL(addresses.graphql, base).href;
  const s3 = new URL(addresses.s3, base).href;
  const python = (...lines: readonly string[]) => lines.join("\n");
  return [
    {
      name: "Python client",
      lines: python(
        "import os",
        `os.environ["BOTO_ENDPOINT_URL"] = os.environ["AWS_ENDPOINT_URL_S3"] = ${JSON.stringify(s3)}`,
        "from cryoet_data_portal import Client, Run",
        `client = Client(${JSON.stringify(graphql)})`,
        "runs = Run.find(client)",
      ),
    },
    {
      name: "boto3",
      lines: python(
        "import boto3",
        "from botocore import UNSIGNED",
        "from botocore.config import Config",
        `s3 = boto3.client("s3", endpoint_url=${JSON.stringify(s3)}, region_name="us-east-1", config=Config(signature_version=UNSIGNED))`,
        `s3.list_objects_v2(Bucket=${JSON.stringify(bucket)}, Delimiter="/")`,
      ),
    },
    { name: "AWS", lines: quoteWords(["aws", "s3", "ls", "--no-sign-request", "--endpoint-url", s3, `s3://${bucket}/`]) },
    {
      name: "copick",
      lines: quoteWords(["emporium", "catalog", "export", "copick", base.href.replace(/\/$/, ""), "--out", "project.json"]),
    },
  ];
}
